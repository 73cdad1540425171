// @ts-check
// Rows in a list: the strangest ones, ranked, and those that were selected on the map.
/** @import {Explorer} from "latently/explorer" */
import { button, card, count, element, fill, menu } from "latently/dom";
import { swatch } from "latently/legend";
import { download } from "latently/saving";
import { Strip } from "latently/strip";
import { tableOfRows } from "latently/tables_of";

const SHOWN = 40;

/** A strip of rows as they were given; a click goes to one.
 * @param {Explorer} explorer
 * @param {Strip} strip
 * @param {number[]} rows
 * @param {(row: number) => string} caption */
function showRows(explorer, strip, rows, caption) {
  const places = rows.map((row) => explorer.placeOf(row));
  strip.update(places, (index) => ({
    label: `go to row ${rows[index]}`,
    caption: caption(rows[index]),
    original: true,
    onclick: () => explorer.visit(places[index]),
  }));
}

/** The rows that the model expects least.
 * @param {Explorer} explorer */
export function strangeCard(explorer) {
  const { errors, bounds } = explorer;
  const strip = new Strip(explorer, "strange");
  const measures = [
    { name: "bound on log p(x)", values: bounds, sign: 1, text: (/** @type {number} */ value) => `${value.toFixed(1).replace("-", "−")} nats` },
    { name: "error", values: errors, sign: -1, text: (/** @type {number} */ value) => value.toPrecision(3) },
  ].filter(({ values }) => values);
  const rank = (/** @type {number} */ choice) => {
    const { values, sign, text } = measures[choice];
    const numbers = /** @type {Float32Array} */ (values);
    const order = Array.from(numbers.keys()).sort((a, b) => sign * (numbers[a] - numbers[b]));
    showRows(explorer, strip, order.slice(0, SHOWN), (row) => text(numbers[row]));
  };
  const by = menu("Ranked by", measures.map(({ name }) => name), rank);
  explorer.store.on(["theme"], () => rank(Number(by.select.value)));
  return card("Strangest rows", "wide", element("p", { className: "buttons" }, by.label), strip.element);
}

/** The rows that were selected: how many of each class, pictures, and a file of their codes.
 * @param {Explorer} explorer */
export function selectionCard(explorer) {
  const { store, model, labels, classes } = explorer;
  const strip = new Strip(explorer, "selected");
  const counts = element("p", { className: "counts" });
  const heading = element("p", { className: "soft" });
  const made = card(
    "Selected rows",
    "wide",
    heading,
    counts,
    strip.element,
    element(
      "p",
      { className: "buttons" },
      button("Save as CSV", () => download(`${model.name}-selected.csv`, tableOfRows(explorer, store.state.selection))),
      button("Select nothing", () => store.set({ selection: [] })),
    ),
  );
  store.on(["selection", "theme"], ({ selection, theme }) => {
    made.hidden = !selection.length;
    const more = selection.length > SHOWN ? `; the first ${SHOWN} are shown` : "";
    fill(heading, `${count(selection.length)} of ${count(explorer.count)} rows${more}.`);
    /** @type {Map<number, number>} */
    const sums = new Map();
    if (labels) for (const row of selection) sums.set(labels[row], (sums.get(labels[row]) ?? 0) + 1);
    const ordered = [...sums].sort((a, b) => b[1] - a[1]);
    fill(counts, ...ordered.map(([place, sum]) =>
      element("span", { className: "entry" }, swatch(place, theme), element("span", { dir: "auto" }, place < 0 ? "unknown" : classes[place]), element("span", { className: "count" }, count(sum))),
    ));
    showRows(explorer, strip, selection.slice(0, SHOWN), (row) => `row ${row}`);
  });
  return made;
}
