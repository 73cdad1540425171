// @ts-check
// The state in the address, behind "#": a link to a page shows what its sender saw.
/** @import {Explorer} from "latently/explorer" */
/** @import {Place, State} from "latently/types" */

/** Write what people would come back to into the address, and read it where the address has it.
 * @param {Explorer[]} explorers */
export function keepInAddress(explorers) {
  restore(explorers);
  window.addEventListener("hashchange", () => restore(explorers));
  let timer = 0;
  const write = () => {
    clearTimeout(timer);
    timer = setTimeout(() => {
      const words = explorers.flatMap((explorer, place) => written(explorer).map(([name, value]) => `${name}${place || ""}=${value}`));
      try {
        history.replaceState(null, "", "#" + words.join("&"));
      } catch {
        // A page inside another one may have no address of its own.
      }
    }, 250);
  };
  for (const { store } of explorers) {
    let first = true;
    store.on(["code", "told", "axes", "colour", "hidden", "window", "pins", "from", "to", "spherical", "row"], () => !first && write());
    first = false;
  }
}

/** @param {Explorer} explorer
 * @returns {[string, string][]} */
function written({ store }) {
  const state = store.state;
  const words = /** @type {[string, string|null][]} */ ([
    ["code", numbers(state.code)],
    ["told", state.told && numbers(state.told)],
    ["row", state.row >= 0 ? String(state.row) : null],
    ["axes", state.axes.kind === "components" ? "components" : `${state.axes.x}_${state.axes.y}`],
    ["colour", state.colour],
    ["hidden", state.hidden.size ? [...state.hidden].join("_") : null],
    ["window", state.window && numbers([state.window.x, state.window.y, state.window.scale])],
    ["pins", state.pins.length ? state.pins.map(placeText).join(",") : null],
    ["from", state.from && placeText(state.from)],
    ["to", state.to && placeText(state.to)],
    ["way", state.spherical ? "spherical" : null],
  ]);
  return /** @type {[string, string][]} */ (words.filter(([, value]) => value !== null));
}

/** @param {Explorer[]} explorers */
function restore(explorers) {
  const words = new URLSearchParams(location.hash.slice(1));
  explorers.forEach((explorer, place) => {
    const word = (/** @type {string} */ name) => words.get(`${name}${place || ""}`);
    const patch = read(explorer, word);
    if (Object.keys(patch).length) explorer.store.set(patch);
  });
}

/** What an address says that fits this model; anything else is left out.
 * @param {Explorer} explorer
 * @param {(name: string) => string|null} word
 * @returns {Partial<State>} */
function read(explorer, word) {
  const { model, store, count } = explorer;
  /** @type {Partial<State>} */
  const patch = {};
  const code = list(word("code"), model.latent.size);
  if (code && code.every(Number.isFinite)) patch.code = code;
  const told = list(word("told"), store.state.told?.length ?? -1);
  if (told) patch.told = told;
  const row = Number(word("row") ?? (patch.code ? -1 : store.state.row)); // a code without a row is none's
  if (Number.isInteger(row) && row >= -1 && row < count && explorer.codes) patch.row = row;
  const [x, y] = list(word("axes"), 2) ?? [];
  const fits = (/** @type {number} */ axis) => Number.isInteger(axis) && axis >= 0 && axis < model.latent.size;
  if (word("axes") === "components" && model.latent.components) patch.axes = { kind: "components", x: 0, y: 1 };
  else if (fits(x) && fits(y)) patch.axes = { kind: "dimensions", x, y };
  const colours = { class: explorer.labels, prediction: explorer.predictions, error: explorer.errors, bound: explorer.bounds };
  const colour = /** @type {keyof typeof colours} */ (word("colour"));
  if (colours[colour]) patch.colour = colour;
  if (word("hidden")) patch.hidden = new Set(word("hidden")?.split("_").map(Number));
  const window = list(word("window"), 3);
  if (window && window.every(Number.isFinite) && window[2] > 0) patch.window = { x: window[0], y: window[1], scale: window[2] };
  const place = (/** @type {string|null} */ text) => (text ? placeOf(explorer, text) : null);
  if (word("pins")) patch.pins = word("pins")?.split(",").flatMap((text) => place(text) ?? []);
  if (place(word("from"))) patch.from = place(word("from"));
  if (place(word("to"))) patch.to = place(word("to"));
  if (word("way") === "spherical") patch.spherical = true;
  return patch;
}

/** @param {ArrayLike<number>} values */
function numbers(values) {
  return Array.from(values, (value) => (Number.isNaN(value) ? "x" : String(Number(value.toPrecision(5))))).join("_");
}

/** Numbers of 32 bits, of which those that are not known are written "x".
 * @param {string|null} text
 * @param {number} length that it must have */
function list(text, length) {
  const words = text?.split("_") ?? [];
  const values = Float32Array.from(words, Number);
  return values.length === length && words.every((word, place) => word === "x" || Number.isFinite(values[place])) ? values : null;
}

/** @param {Place} place */
function placeText({ row, code, told }) {
  return row >= 0 ? `r${row}` : numbers(code) + (told ? `:${numbers(told)}` : "");
}

/** @param {Explorer} explorer
 * @param {string} text
 * @returns {Place|null} */
function placeOf(explorer, text) {
  const row = Number(text.slice(1));
  if (text.startsWith("r")) return explorer.codes && Number.isInteger(row) && row >= 0 && row < explorer.count ? explorer.placeOf(row) : null;
  const [first, second] = text.split(":");
  const code = list(first, explorer.model.latent.size);
  return code && code.every(Number.isFinite) ? { code, told: second ? list(second, explorer.store.state.told?.length ?? -1) : null, row: -1 } : null;
}
