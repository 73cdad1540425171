// @ts-check
// A row of one's own: drawn, dropped or filled in. Its code goes to the map; what the model makes of it stands beside it.
/** @import {Explorer} from "latently/explorer" */
/** @import {Sheet} from "latently/own_sheets" */
import { button, card, element, fill, menu } from "latently/dom";
import { nearestRow } from "latently/neighbours";
import { dropping, namesIn, opener, sheetOf } from "latently/own_sheets";
import { probabilities } from "latently/probabilities";
import { manner, showRow } from "latently/shown";

const TOO_FAR = "The model has no answer to these numbers: they are too far from those that it has learned from.";

/** @param {Explorer} explorer */
export function ownRow(explorer) {
  const { views, name } = explorer.model;
  const answer = showRow(explorer, "what the model makes of it");
  const chances = explorer.canClassify ? probabilities(explorer.classes) : null;
  const verdict = element("p", { className: "verdict", "aria-live": "polite", dir: "auto" });
  const result = element("div", { className: "answer", hidden: true }, answer.element, verdict, chances?.element);
  const waiting = element("p", { className: "soft" }, `Here ${outcome(explorer)} will appear.`);
  const note = element("p", { className: "soft", role: "status" });
  const say = (/** @type {string} */ text) => fill(note, text);
  const sheets = views.map((_, place) => sheetOf(explorer, place, () => ask()));
  const ask = () => {
    const lacking = sheets.flatMap((sheet) => sheet.lacks());
    say(lacking.length ? `Fill in ${namesIn(lacking)}, too: this model knows no missing numbers.` : "");
    read(explorer, sheets, { answer, chances, verdict, result, waiting, say });
  };
  const clear = () => {
    for (const sheet of sheets) sheet.clear();
    say("");
    result.hidden = true;
    waiting.hidden = false;
  };
  const alone = sheets.length === 1;
  const openers = sheets.map((sheet, place) => opener(views[place], sheet, alone, say));
  const made = sheets.map(({ element: sheet }, place) =>
    alone ? sheet : element("figure", { className: "view" }, sheet, element("figcaption", {}, views[place].name), openers[place]),
  );
  const area = element("div", { className: "sheets" }, ...made);
  dropping(area, sheets, say);
  const taking = explorer.keepsRows && button("Take the row near the pointer", () => takeRow(explorer, sheets, ask));
  const tools = element("p", { className: "buttons" }, button("Clear", clear), taking, ...sheetTools(explorer, sheets, ask), alone && openers[0]);
  const title = sheets.some((sheet) => sheet.drawing) ? "Draw or drop" : "A row of your own";
  const left = element("div", {}, area, note, tools);
  const right = element("div", {}, element("h3", {}, name.startsWith("denoising") ? "Cleaned" : "What the model makes of it"), waiting, result);
  return card(title, "wide own", element("p", { className: "soft" }, howTo(explorer)), element("div", { className: "own-columns" }, left, right));
}

/** How a row is made, in words.
 * @param {Explorer} explorer */
function howTo({ model: { views } }) {
  const manners = views.map(manner);
  const way = manners.includes("image")
    ? "Draw with mouse or finger, or drop an image here."
    : manners.includes("curves")
      ? "Draw a curve, or drop a CSV file with one here: a line a step."
      : `Fill in a row, or drop a CSV file with one here${views.every(({ kind }) => kind === "table") ? "; what is empty is missing" : ""}.`;
  return views.length > 1 ? `${way} What you leave empty is completed by the model.` : way;
}

/** @param {Explorer} explorer */
function outcome({ canClassify, model }) {
  const completed = model.views.length > 1 ? "the whole row, with what you left empty," : "its reconstruction";
  return canClassify ? `${completed} and its class` : completed;
}

/** Put the row near the pointer on the sheets, or else the nearest one.
 * @param {Explorer} explorer
 * @param {Sheet[]} sheets
 * @param {() => void} ask */
function takeRow(explorer, sheets, ask) {
  const { row, code } = explorer.store.state;
  const near = row >= 0 ? row : nearestRow(/** @type {Float32Array} */ (explorer.codes), code);
  const { views, present } = /** @type {NonNullable<ReturnType<Explorer["read"]>>} */ (explorer.read(near));
  sheets.forEach((sheet, place) => (present[place] ? sheet.set(views[place]) : sheet.clear()));
  ask();
}

/** Ask the model about what is on the sheets.
 * @param {Explorer} explorer
 * @param {Sheet[]} sheets
 * @param {{answer: ReturnType<typeof showRow>, chances: import("latently/probabilities").Probabilities|null, verdict: HTMLElement, result: HTMLElement, waiting: HTMLElement, say: (text: string) => void}} shown */
async function read(explorer, sheets, { answer, chances, verdict, result, waiting, say }) {
  const { store } = explorer;
  const given = sheets.map((sheet) => sheet.values());
  const present = given.map((values) => values !== null);
  if (!present.includes(true)) return;
  const views = given.map((values, place) => values ?? explorer.missing(place));
  const sharing = chances && (await explorer.classify("own-class", views, present));
  if (chances && !sharing) return;
  if (sharing && !sharing.every(Number.isFinite)) return say(TOO_FAR);
  let told = store.state.told;
  if (sharing) {
    const likeliest = sharing.indexOf(Math.max(...sharing));
    if (explorer.toldClasses) told = explorer.weights(likeliest);
    chances?.update(sharing, store.state.theme);
    fill(verdict, "Likely ", element("strong", {}, explorer.classes[likeliest]), `, ${Math.round(100 * sharing[likeliest])} %`);
  }
  const code = await explorer.encode("own-code", views, present, told);
  if (!code) return;
  if (!code.every(Number.isFinite)) return say(TOO_FAR);
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

/** What changes how one draws, and what noise there is.
 * @param {Explorer} explorer
 * @param {Sheet[]} sheets
 * @param {() => void} ask */
function sheetTools(explorer, sheets, ask) {
  const drawings = sheets.flatMap(({ drawing }) => drawing ?? []);
  /** @type {HTMLElement[]} */
  const tools = sheets.flatMap(({ curve }) => (curve && curve.channels > 1 ? channelMenu(curve) : []));
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
    const centre = element("input", { type: "checkbox", checked: drawings[0].centred });
    centre.addEventListener("change", () => {
      drawings[0].centred = centre.checked;
      ask();
    });
    tools.push(element("label", { className: "choice" }, centre, element("span", {}, "Centre and scale what is drawn like the training rows")));
  }
  if (explorer.model.name.startsWith("denoising")) tools.push(button("Add noise", () => drawings.forEach((drawing) => drawing.speckle())));
  return tools;
}

/** @param {import("latently/curve_sheet").CurveSheet} curve */
function channelMenu(curve) {
  const names = Array.from({ length: curve.channels }, (_, channel) => String(channel + 1));
  return menu("Channel to draw", names, (place) => (curve.channel = place)).label;
}
