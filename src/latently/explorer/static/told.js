// @ts-check
// What the decoder is told beside the code: a class, or conditions.
/** @import {Explorer} from "latently/explorer" */
/** @import {Column} from "latently/types" */
import { card, element, fill, format } from "latently/dom";
import { cellText } from "latently/table_view";
import { Strip } from "latently/strip";

/** The code under the pointer as each class; a click tells the decoder that class.
 * @param {Explorer} explorer */
export function classesCard(explorer) {
  const { store, classes } = explorer;
  const strip = new Strip(explorer, "class");
  store.on(["code", "told", "theme"], ({ code, told }) => {
    const places = classes.map((_, place) => ({ code, told: explorer.weights(place), row: -1 }));
    strip.update(places, (place) => ({
      label: `as ${classes[place]}`,
      caption: classes[place],
      chosen: told?.[place] === 1,
      onclick: () => store.set({ told: explorer.weights(place) }),
    }));
  });
  return card("The same code as every class", "wide", strip.element);
}

/** A control a condition.
 * @param {Explorer} explorer */
export function conditionsCard(explorer) {
  const columns = explorer.conditions ?? [];
  const note = element("p", { className: "soft" }, "What is not told is left to the code.");
  return card("Conditions", "", element("div", { className: "sliders" }, ...columns.map((column, place) => control(explorer, column, place))), note);
}

/** @param {Explorer} explorer
 * @param {Column} column
 * @param {number} place */
function control(explorer, column, place) {
  const { store } = explorer;
  const id = `condition-${Math.random().toString(36).slice(2)}`;
  const tell = (/** @type {number} */ value) => {
    const told = /** @type {Float32Array} */ (store.state.told).slice();
    told[place] = value;
    store.set({ told });
  };
  const value = element("output", { htmlFor: id });
  const name = element("label", { for: id, dir: "auto" }, column.name);
  if (column.words) {
    const options = ["not told", ...column.words].map((word, index) => element("option", { value: String(index - 1) }, word));
    const select = element("select", { id, onchange: () => tell(select.value === "-1" ? NaN : Number(select.value)) }, ...options);
    store.on(["told"], ({ told }) => (select.value = String(Number.isNaN(told?.[place]) ? -1 : told?.[place])));
    return element("div", { className: "slider" }, name, select);
  }
  const input = element("input", { type: "range", id, min: String(column.low), max: String(column.high), step: "any", oninput: () => tell(Number(input.value)) });
  const known = element("input", { type: "checkbox", "aria-label": `tell ${column.name}`, onchange: () => tell(known.checked ? Number(input.value) : NaN) });
  store.on(["told"], ({ told }) => {
    const current = told?.[place] ?? NaN;
    known.checked = !Number.isNaN(current);
    if (known.checked) input.value = String(current);
    fill(value, known.checked ? cellText(column, current) : "not told");
  });
  if (column.mean !== undefined && column.mean !== null) input.value = format(column.mean, 6).replace("−", "-");
  return element("div", { className: "slider" }, name, known, input, value);
}
