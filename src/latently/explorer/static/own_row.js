// @ts-check
// A row of one's own: drawn, dropped or filled in. Its code goes to the map; what the model makes of it stands beside it.
/** @import {Explorer} from "latently/explorer" */
import { button, card, element, fill, menu } from "latently/dom";
import { habitsOf } from "latently/centring";
import { CurveSheet } from "latently/curve_sheet";
import { Drawing } from "latently/drawing";
import { probabilities } from "latently/probabilities";
import { readCsv, readNumbers, rowForm } from "latently/row_form";
import { manner, showRow } from "latently/shown";
import { columnsOf } from "latently/table_view";

/**
 * Where a view of one's own row is made.
 * @typedef {object} Sheet
 * @property {HTMLElement} element
 * @property {() => Float32Array|null} values `null` while nothing is there
 * @property {(values: Float32Array) => void} suggest show what the model completes, while nothing is there
 * @property {(values: Float32Array) => void} set
 * @property {() => void} clear
 * @property {Drawing|null} drawing
 */

/** @param {Explorer} explorer */
export function ownRow(explorer) {
  const { store, model } = explorer;
  const answer = showRow(explorer, "what the model makes of it");
  const chances = explorer.canClassify ? probabilities(explorer.classes) : null;
  const verdict = element("p", { className: "verdict", "aria-live": "polite", dir: "auto" });
  const result = element("div", { className: "answer", hidden: true }, answer.element, verdict, chances?.element);
  const waiting = element("p", { className: "soft" }, `Here ${outcome(explorer)} will appear.`);
  const sheets = model.views.map((_, place) => sheetOf(explorer, place, () => ask()));
  const ask = () => read(explorer, sheets, { answer, chances, verdict, result, waiting });
  const clear = () => {
    for (const sheet of sheets) sheet.clear();
    result.hidden = true;
    waiting.hidden = false;
  };
  const rowValues = () => {
    const whole = explorer.read(Math.max(store.state.row, 0));
    if (whole) sheets.forEach((sheet, place) => whole.present[place] && sheet.set(whole.views[place]));
    ask();
  };
  const several = sheets.length > 1;
  const made = sheets.map((sheet, place) => (several ? element("figure", { className: "view" }, sheet.element, element("figcaption", {}, model.views[place].name)) : sheet.element));
  const area = element("div", { className: "sheets" }, ...made);
  const tools = element("p", { className: "buttons" }, button("Clear", clear), explorer.codes && button("Take the row near the pointer", rowValues), ...drawingTools(explorer, sheets, ask));
  const note = element("p", { className: "soft", role: "status" });
  dropping(area, explorer, sheets, ask, (text) => fill(note, text));
  const drawn = sheets.some((sheet) => sheet.drawing);
  const title = drawn ? "Draw or drop" : "A row of your own";
  const more = several ? " What you leave empty is completed by the model." : "";
  const curves = model.views.some((view) => manner(view) === "curves");
  const how = drawn ? `Draw with mouse or finger, or drop an image here.${more}` : curves ? `Draw a curve, or drop a CSV file with one here: a line a step.${more}` : `Fill in a row, or drop a CSV file with one here; what is empty is missing.${more}`;
  return card(title, "wide own", element("p", { className: "soft" }, how), element("div", { className: "own-columns" }, element("div", {}, area, note, tools), element("div", {}, element("h3", {}, titleOf(model.name)), waiting, result)));
}

/** @param {string} name of the model */
function titleOf(name) {
  return name.startsWith("denoising") ? "Cleaned" : "What the model makes of it";
}

/** @param {Explorer} explorer */
function outcome({ canClassify, model }) {
  const completed = model.views.length > 1 ? "the whole row, with what you left empty," : "its reconstruction";
  return canClassify ? `${completed} and its class` : completed;
}

/** @param {Explorer} explorer
 * @param {number} place
 * @param {() => void} changed
 * @returns {Sheet} */
function sheetOf(explorer, place, changed) {
  const view = explorer.model.views[place];
  if (manner(view) === "image") {
    const drawing = new Drawing(view, habitsOf(explorer, place), changed);
    drawing.centred = explorer.model.views.length === 1 && drawing.habits.lonely;
    return {
      element: drawing.sheet,
      drawing,
      values: () => (drawing.touched ? drawing.values() : null),
      suggest: (values) => drawing.suggest(values),
      set(values) {
        drawing.suggest(values);
        drawing.touched = true;
      },
      clear: () => drawing.clear(),
    };
  }
  if (manner(view) === "curves") return new CurveSheet(view, explorer, changed);
  const form = rowForm(view, changed);
  const empty = explorer.missing(place);
  const there = () => (form.values().some(Number.isFinite) ? form.values() : null);
  return { element: form.element, drawing: null, values: there, suggest: () => {}, set: form.set, clear: () => form.set(empty) };
}

/** Ask the model about what is on the sheets.
 * @param {Explorer} explorer
 * @param {Sheet[]} sheets
 * @param {{answer: ReturnType<typeof showRow>, chances: ReturnType<typeof probabilities>|null, verdict: HTMLElement, result: HTMLElement, waiting: HTMLElement}} shown */
async function read(explorer, sheets, { answer, chances, verdict, result, waiting }) {
  const { store } = explorer;
  const given = sheets.map((sheet) => sheet.values());
  const present = given.map((values) => values !== null);
  if (!present.includes(true)) return;
  const views = given.map((values, place) => values ?? explorer.missing(place));
  const sharing = chances && (await explorer.classify("own-class", views, present));
  if (chances && !sharing) return;
  let told = store.state.told;
  if (sharing) {
    const likeliest = sharing.indexOf(Math.max(...sharing));
    if (explorer.toldClasses) told = explorer.weights(likeliest);
    chances?.update(sharing, store.state.theme);
    fill(verdict, "Likely ", element("strong", {}, explorer.classes[likeliest]), `, ${Math.round(100 * sharing[likeliest])} %`);
  }
  const code = await explorer.encode("own-code", views, present, told);
  if (!code) return;
  store.set({ code, told, row: -1 });
  const decoded = await explorer.decode("own-decoded", { code, told, row: -1 });
  if (!decoded) return;
  result.hidden = false;
  waiting.hidden = true;
  answer.update(decoded, given);
  sheets.forEach((sheet, place) => {
    if (!sheet.values()) sheet.suggest(decoded[place]);
  });
}

/** @param {Explorer} explorer
 * @param {Sheet[]} sheets
 * @param {() => void} ask */
function drawingTools(explorer, sheets, ask) {
  const drawings = sheets.flatMap((sheet) => sheet.drawing ?? []);
  /** @type {HTMLElement[]} */
  const tools = sheets.flatMap((sheet) => (sheet instanceof CurveSheet && sheet.channels > 1 ? channelMenu(sheet) : []));
  if (!drawings.length) return tools;
  const size = element("input", { type: "range", min: "0.04", max: "0.24", step: "0.01", value: String(drawings[0].thickness) });
  size.addEventListener("input", () => drawings.forEach((drawing) => (drawing.thickness = Number(size.value))));
  tools.push(element("label", { className: "choice" }, element("span", {}, "Pen"), size));
  if (drawings.some((drawing) => drawing.frame.channels >= 3)) {
    const colour = element("input", { type: "color", value: drawings[0].colour });
    colour.addEventListener("input", () => drawings.forEach((drawing) => (drawing.colour = colour.value)));
    tools.push(element("label", { className: "choice" }, element("span", {}, "Colour"), colour));
  }
  if (drawings.length === 1 && drawings[0].habits.lonely) {
    const centre = element("input", { type: "checkbox", checked: true });
    centre.addEventListener("change", () => {
      drawings[0].centred = centre.checked;
      ask();
    });
    tools.push(element("label", { className: "choice" }, centre, element("span", {}, "Centre and scale like the training rows")));
  }
  if (explorer.model.name.startsWith("denoising")) tools.push(button("Add noise", () => drawings.forEach((drawing) => drawing.speckle())));
  const file = element("input", { type: "file", accept: "image/*", hidden: true, "aria-label": "open an image" });
  file.addEventListener("change", () => file.files?.[0] && openImage(file.files[0], drawings[0]));
  tools.push(file, button("Open an image", () => file.click()));
  return tools;
}

/** @param {CurveSheet} sheet */
function channelMenu(sheet) {
  const names = Array.from({ length: sheet.channels }, (_, channel) => String(channel + 1));
  return menu("Channel to draw", names, (place) => (sheet.channel = place)).label;
}

/** @param {Blob} file
 * @param {Drawing} drawing */
async function openImage(file, drawing) {
  drawing.put(await createImageBitmap(file));
}

/** Take files that are dropped: an image onto the sheet under it, a CSV row into the form.
 * @param {HTMLElement} area
 * @param {Explorer} explorer
 * @param {Sheet[]} sheets
 * @param {() => void} ask
 * @param {(text: string) => void} say */
function dropping(area, explorer, sheets, ask, say) {
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", async (event) => {
    event.preventDefault();
    area.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    say("");
    if (!file) return;
    const under = sheets.findIndex((sheet) => sheet.element.contains(/** @type {Node} */ (event.target)));
    if (file.type.startsWith("image/")) {
      const drawing = sheets[Math.max(under, 0)].drawing ?? sheets.find((sheet) => sheet.drawing)?.drawing;
      return drawing ? openImage(file, drawing) : say("This model reads no images: drop a CSV file.");
    }
    const text = await file.text();
    sheets.forEach((sheet, place) => {
      if (sheet.drawing || (under >= 0 && under !== place)) return;
      const view = explorer.model.views[place];
      if (manner(view) === "bars") return sheet.set(readCsv(text, columnsOf(view)));
      const numbers = readNumbers(text);
      if (numbers.length === explorer.missing(place).length) sheet.set(numbers);
      else say(`${file.name} has ${numbers.length} numbers; ${view.name} has ${explorer.missing(place).length}.`);
    });
    ask();
  });
}
