// @ts-check
// Which colour is which class, with counts; a class can be hidden.
/** @import {Explorer} from "latently/explorer" */
import { button, count, element, fill, format, menu } from "latently/dom";
import { colourOf, markOf, RAMP_STEPS, rampColour, traceMark } from "latently/palette";

/** What points may be coloured by.
 * @param {Explorer} explorer
 * @returns {{name: string, colour: import("latently/types").State["colour"]}[]} */
function colourings(explorer) {
  /** @type {{name: string, colour: import("latently/types").State["colour"], there: any}[]} */
  const all = [
    { name: "class", colour: "class", there: explorer.labels },
    { name: "predicted class", colour: "prediction", there: explorer.predictions },
    { name: "error", colour: "error", there: explorer.errors },
    { name: "bound", colour: "bound", there: explorer.bounds },
  ];
  return all.filter(({ there }) => there);
}

/** @param {Explorer} explorer */
export function legend(explorer) {
  const { store } = explorer;
  const list = element("div", { className: "legend", role: "group", "aria-label": "legend" });
  const choices = colourings(explorer);
  const colour = menu("Colour", choices.map(({ name }) => name), (place) => store.set({ colour: choices[place].colour }));
  store.on(["colour"], (state) => (colour.select.value = String(choices.findIndex((choice) => choice.colour === state.colour))));
  store.on(["colour", "hidden", "theme"], ({ colour: by }) => {
    const numbers = by === "error" ? explorer.errors : by === "bound" ? explorer.bounds : null;
    if (numbers) return fill(list, ...ramp(numbers, by === "bound", store.state.theme));
    const classes = explorer.codes ? (by === "prediction" ? explorer.predictions : by === "class" ? explorer.labels : null) : explorer.drawLabels;
    fill(list, ...(classes ? entries(explorer, classes) : []));
  });
  return { menu: choices.length > 1 ? colour.label : null, list };
}

/** @param {Explorer} explorer
 * @param {ArrayLike<number>} classes of rows, or of draws from the prior */
function entries(explorer, classes) {
  const { hidden, theme } = explorer.store.state;
  /** @type {Map<number, number>} */
  const counts = new Map();
  for (const place of Array.from(classes)) counts.set(place, (counts.get(place) ?? 0) + 1);
  const places = [...counts.keys()].filter((place) => place >= 0).sort((a, b) => a - b);
  if (counts.has(-1)) places.push(-1);
  return places.map((place) => {
    const toggle = () => {
      const next = new Set(explorer.store.state.hidden);
      if (!next.delete(place)) next.add(place);
      explorer.store.set({ hidden: next });
      /** @type {HTMLElement|null} */ (document.activeElement ?? null)?.focus();
    };
    const name = element("span", { className: "name", dir: "auto" }, place < 0 ? "unknown" : explorer.classes[place]);
    const made = button("", toggle, { className: "entry", "aria-pressed": !hidden.has(place), title: "show or hide" });
    fill(made, swatch(place, theme), name, element("span", { className: "count" }, count(counts.get(place) ?? 0)));
    return made;
  });
}

/** @param {number} place
 * @param {"light"|"dark"} theme */
export function swatch(place, theme) {
  const canvas = element("canvas", { width: 28, height: 28, className: "swatch", "aria-hidden": true });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.translate(14, 14);
  pen.fillStyle = colourOf(place, theme);
  traceMark(pen, markOf(place), 10);
  pen.fill();
  return canvas;
}

/** @param {Float32Array} numbers
 * @param {boolean} falling whether small numbers are the strange ones
 * @param {"light"|"dark"} theme */
function ramp(numbers, falling, theme) {
  const sorted = Float32Array.from(numbers).sort();
  const [first, last] = falling ? [sorted[sorted.length - 1], sorted[0]] : [sorted[0], sorted[sorted.length - 1]];
  const bar = element("span", { className: "ramp" });
  bar.style.background = `linear-gradient(to right, ${Array.from({ length: RAMP_STEPS }, (_, k) => rampColour(k / (RAMP_STEPS - 1), theme)).join(", ")})`;
  return [element("span", {}, `usual ${format(first)}`), bar, element("span", {}, `${format(last)} strange`), element("span", { className: "soft" }, "by rank")];
}
