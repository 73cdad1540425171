// @ts-check
// Where the views of a row of one's own are made: a sheet to draw on, a curve, or a form; and how a file fills each.
/** @import {Explorer} from "latently/explorer" */
/** @import {View} from "latently/types" */
import { habitsOf } from "latently/centring";
import { CurveSheet } from "latently/curve_sheet";
import { button, count, element } from "latently/dom";
import { Drawing } from "latently/drawing";
import { readCsv, readNumbers } from "latently/reading";
import { rowForm } from "latently/row_form";
import { manner } from "latently/shown";
import { columnsOf } from "latently/table_view";

/** What a page takes in of a file, in bytes and in pixels: more would hold it up for long, or end it. */
const [MOST_BYTES, MOST_PIXELS] = [2 ** 26, 2 ** 26];

/**
 * Where a view of one's own row is made.
 * @typedef {object} Sheet
 * @property {HTMLElement} element
 * @property {() => Float32Array|null} values `null` while nothing is there
 * @property {(values: Float32Array) => void} suggest show what the model completes, while nothing is there
 * @property {(values: Float32Array) => void} set
 * @property {() => void} clear
 * @property {() => string[]} lacks the names of numbers without which the model cannot read what is there
 * @property {(file: File) => Promise<string>} open fill it from a file, and say what is wrong with that, if anything is
 * @property {Drawing|null} drawing
 * @property {CurveSheet|null} curve
 */

/** @param {Explorer} explorer
 * @param {number} place of the view
 * @param {() => void} changed
 * @returns {Sheet} */
export function sheetOf(explorer, place, changed) {
  const view = explorer.model.views[place];
  if (manner(view) === "image") return pictureSheet(explorer, place, changed);
  if (manner(view) === "curves") {
    const curve = new CurveSheet(view, explorer, changed);
    return {
      element: curve.canvas,
      values: () => curve.values(),
      suggest: (values) => curve.draw(values),
      set: (values) => curve.set(values),
      clear: () => curve.clear(),
      lacks: () => [],
      open: async (file) => openCurve(file, curve, changed),
      drawing: null,
      curve,
    };
  }
  const form = rowForm(view, changed);
  const empty = explorer.missing(place);
  const lacks = () => {
    const there = form.values();
    return view.kind === "table" || !there.some(Number.isFinite) ? [] : columnsOf(view).filter((_, cell) => !Number.isFinite(there[cell])).map(({ name }) => name);
  };
  return {
    element: form.element,
    values: () => (form.values().some(Number.isFinite) && !lacks().length ? form.values() : null),
    lacks,
    suggest: () => {},
    set: form.set,
    clear: () => form.set(empty),
    async open(file) {
      if (isPicture(file)) return `${file.name} is an image; here a CSV file is read.`;
      const { values, unread } = readCsv(await file.text(), columnsOf(view));
      if (!values.some(Number.isFinite)) return `${file.name} holds no row of ${namesIn(columnsOf(view).map(({ name }) => name))}.`;
      form.set(values);
      changed();
      return unread.length ? `Left missing, as ${file.name} has something else there: ${namesIn(unread)}.` : "";
    },
    drawing: null,
    curve: null,
  };
}

/** @param {Explorer} explorer
 * @param {number} place of the view
 * @param {() => void} changed
 * @returns {Sheet} */
function pictureSheet(explorer, place, changed) {
  const { views, image_fit: fit } = explorer.model;
  const drawing = new Drawing(views[place], habitsOf(explorer, place), fit, changed);
  drawing.centred = views.length === 1 && drawing.habits.lonely;
  return {
    element: drawing.sheet,
    values: () => (drawing.touched ? drawing.values() : null),
    suggest: (values) => drawing.suggest(values),
    set: (values) => drawing.set(values),
    clear: () => drawing.clear(),
    lacks: () => [],
    async open(file) {
      if (!isPicture(file)) return `${file.name} is no image.`;
      const size = await pixelsOf(file);
      if (size > MOST_PIXELS) return `${file.name} has ${count(size)} pixels; a page takes ${count(MOST_PIXELS)} at most.`;
      const bitmap = size ? await createImageBitmap(file, { colorSpaceConversion: "none" }).catch(() => null) : null;
      if (!bitmap) return `This browser cannot read ${file.name}.`;
      drawing.put(bitmap);
      return "";
    },
    drawing,
    curve: null,
  };
}

/** How many pixels a picture says that it has, before they are unpacked; 0 where this browser cannot read it.
 * @param {File} file
 * @returns {Promise<number>} */
async function pixelsOf(file) {
  const image = new Image();
  image.src = URL.createObjectURL(file);
  await new Promise((done) => (image.onload = image.onerror = done));
  URL.revokeObjectURL(image.src);
  return image.naturalWidth * image.naturalHeight;
}

/** @param {File} file
 * @param {CurveSheet} curve
 * @param {() => void} changed */
async function openCurve(file, curve, changed) {
  const { name, shape } = curve.view;
  if (isPicture(file)) return `${file.name} is an image; here a CSV file is read.`;
  const numbers = readNumbers(await file.text());
  const wanted = curve.numbers.length;
  if (numbers.length !== wanted) return `${file.name} has ${numbers.length} numbers; ${name} has ${wanted}${shape.length > 1 ? `, ${curve.channels} in each of ${curve.steps} lines` : ""}.`;
  if (!numbers.every(Number.isFinite)) return `${file.name} has an empty cell, or a number that is too large.`;
  curve.set(curve.inOrder(numbers));
  changed();
  return "";
}

/** @param {File} file */
function isPicture(file) {
  return file.type.startsWith("image/");
}

/** @param {string[]} names the first few, where they are many */
export function namesIn(names) {
  return names.slice(0, 6).join(", ") + (names.length > 6 ? " …" : "");
}

/** A button that opens a file for a sheet, as keys can press it.
 * @param {View} view
 * @param {Sheet} sheet
 * @param {boolean} alone whether it is the only one
 * @param {(text: string) => void} say */
export function opener(view, sheet, alone, say) {
  const accept = sheet.drawing ? "image/*" : ".csv,.txt,text/csv,text/plain";
  const what = sheet.drawing ? "Open an image" : "Open a CSV file";
  const name = alone ? what : `${what} for ${view.name}`;
  const input = element("input", { type: "file", accept, hidden: true, "aria-label": name });
  input.addEventListener("change", async () => {
    const file = input.files?.[0];
    if (file) await opened(file, sheet, say);
    input.value = "";
  });
  return element("span", {}, input, button(what, () => input.click(), { "aria-label": name }));
}

/** Fill a sheet from a file. What is dropped may be a folder, too, or be gone meanwhile: whatever is wrong is said.
 * @param {File} file
 * @param {Sheet} sheet
 * @param {(text: string) => void} say */
async function opened(file, sheet, say) {
  sheet.element.setAttribute("aria-busy", "true");
  const large = file.size > MOST_BYTES && `${file.name} has ${count(file.size)} bytes; a page takes ${count(MOST_BYTES)} at most.`;
  const wrong = large || (await sheet.open(file).catch(() => `${file.name} cannot be read.`));
  sheet.element.removeAttribute("aria-busy");
  if (wrong) say(wrong);
}

/** Take files that are dropped on a sheet; beside all of them, into the first.
 * @param {HTMLElement} area
 * @param {Sheet[]} sheets
 * @param {(text: string) => void} say */
export function dropping(area, sheets, say) {
  area.addEventListener("dragover", (event) => {
    event.preventDefault();
    area.classList.add("over");
  });
  area.addEventListener("dragleave", () => area.classList.remove("over"));
  area.addEventListener("drop", async (event) => {
    event.preventDefault();
    area.classList.remove("over");
    const file = event.dataTransfer?.files[0];
    const under = sheets.find((sheet) => sheet.element.contains(/** @type {Node} */ (event.target)));
    if (file) opened(file, under ?? sheets[0], say);
  });
}
