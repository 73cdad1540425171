// @ts-check
// What is under the pointer: the decoded code, and the row close by with its reconstruction.
/** @import {Explorer} from "latently/explorer" */
/** @import {State} from "latently/types" */
import { button, card, element, fill, format } from "latently/dom";
import { probabilities } from "latently/probabilities";
import { nameOf } from "latently/projection";
import { manner, showRow } from "latently/shown";

/** @param {Explorer} explorer */
export function inspector(explorer) {
  const { store, model } = explorer;
  const decoded = showRow(explorer, "decoded");
  const code = element("p", { className: "code" });
  store.on(["code"], (state) => fill(code, codeText(state.code)));
  store.on(["code", "told"], async () => {
    const outputs = await explorer.decode("here", explorer.here);
    if (outputs) store.set({ decoded: outputs });
  });
  store.on(["decoded", "theme"], (state) => state.decoded && decoded.update(state.decoded));
  const pin = button("Pin it", () => store.set({ pins: [...store.state.pins, explorer.here] }));
  return card(
    "Under the pointer",
    "inspector",
    element("div", { className: "decoded" }, decoded.element),
    code,
    element("p", { className: "buttons" }, pin),
    explorer.codes && rowBeside(explorer),
    !explorer.codes && element("p", { className: "soft" }, "This model does not encode: the map shows draws from its prior."),
  );
}

/** The row that is looked at: as it was given, and as its code decodes.
 * @param {Explorer} explorer */
function rowBeside(explorer) {
  const { store, model } = explorer;
  const [original, again] = [showRow(explorer, "original"), showRow(explorer, "reconstruction")];
  const both = model.views.every((view) => manner(view) === "image");
  const pictures = both
    ? [pair("as it was", original.element), pair("as its code decodes", again.element)]
    : [pair("as its code decodes; as it was, faint or in brackets", again.element)];
  const facts = element("dl", { className: "facts" });
  const heading = element("h3");
  const chances = explorer.canClassify ? probabilities(explorer.classes) : null;
  const tools = element(
    "p",
    { className: "buttons" },
    button("Go to its code", () => explorer.visit(explorer.placeOf(store.state.row))),
    button("Pin the row", () => store.set({ pins: [...store.state.pins, explorer.placeOf(store.state.row)] })),
  );
  const found = element("div", { className: "found" }, heading, element("div", { className: "pair" }, ...pictures), facts, chances?.element, tools);
  const none = element("p", { className: "soft" }, "No row is near. Move over the map, or press N there for the nearest one.");
  store.on(["row", "theme"], async ({ row }) => {
    found.hidden = row < 0;
    none.hidden = row >= 0;
    if (row < 0) return;
    fill(heading, `Row ${row}`);
    fill(facts, ...explorer.facts(row).map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", { dir: "auto" }, value))));
    if (both) original.original(row);
    if (chances) explorer.probabilities(row).then((values) => values && chances.update(values, store.state.theme));
    const outputs = await explorer.decode("row", explorer.placeOf(row));
    if (outputs) again.update(outputs, both ? [] : model.views.map((_, place) => explorer.original(row, place)?.values ?? null));
  });
  return element("div", { className: "beside" }, found, none);
}

/** @param {string} name
 * @param {HTMLElement} content */
function pair(name, content) {
  return element("figure", {}, content, element("figcaption", {}, name));
}

/** @param {Float32Array} code */
function codeText(code) {
  if (code.length <= 3) return Array.from(code, (value, d) => `${nameOf(d)} = ${format(value)}`).join(",  ");
  return `${code.length} numbers, ${format(Math.hypot(...code))} from the origin`;
}
