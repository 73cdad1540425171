// @ts-check
// How the codes formed while the model learned, with the terms of its losses beside them.
/** @import {Explorer} from "latently/explorer" */
import { drawLines } from "latently/curves";
import { button, card, count, element, fill, format } from "latently/dom";
import { colourOf, markOf, traceMark } from "latently/palette";

/** @param {Explorer} explorer */
export function filmCard(explorer) {
  const { film, store, model } = explorer;
  const rounds = film?.rounds ?? model.history?.rounds ?? [];
  const canvas = element("canvas", { className: "film", role: "img", "aria-label": "codes at this round" });
  const input = element("input", { type: "range", min: "0", max: String(rounds.length - 1), step: "1", value: String(rounds.length - 1), "aria-label": "round" });
  const round = element("output");
  const terms = termsOf(explorer);
  const frame = film && squareOf(explorer);
  const show = () => {
    const place = Number(input.value);
    fill(round, `round ${count(rounds[place])}`);
    if (frame) drawFrame(canvas, explorer, place, frame);
    for (const term of terms) term.update(rounds[place]);
  };
  input.addEventListener("input", show);
  let timer = 0;
  const player = button("Play", () => {
    clearInterval(timer);
    if (player.textContent === "Stop") return (player.textContent = "Play");
    if (Number(input.value) === rounds.length - 1) input.value = "0";
    player.textContent = "Stop";
    timer = setInterval(() => {
      input.value = String(Number(input.value) + 1);
      show();
      if (Number(input.value) < rounds.length - 1) return;
      clearInterval(timer);
      player.textContent = "Play";
    }, Math.max(40, 6000 / rounds.length));
  });
  store.on(["theme"], () => requestAnimationFrame(show));
  new ResizeObserver(show).observe(canvas);
  const scrub = element("p", { className: "buttons scrub" }, player, input, round);
  const list = element("div", { className: "terms" }, ...terms.map((term) => term.element));
  return card("Training", "wide", scrub, element("div", { className: film ? "film-columns" : "no-film" }, film && canvas, list));
}

/** @typedef {{x: number, y: number, middle: number[], reach: number}} Square two axes, and what is shown of them */

/** @param {HTMLCanvasElement} canvas
 * @param {Explorer} explorer
 * @param {number} place of the frame
 * @param {Square} square */
function drawFrame(canvas, explorer, place, { x, y, middle, reach }) {
  const { codes, labels, shape } = /** @type {NonNullable<Explorer["film"]>} */ (explorer.film);
  const [, rows, size] = shape;
  const { theme } = explorer.store.state;
  const density = window.devicePixelRatio || 1;
  canvas.width = canvas.height = Math.round((canvas.clientWidth || 320) * density);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const half = canvas.width / 2;
  const scale = (half - 8 * density) / reach;
  pen.globalAlpha = 0.85;
  for (let row = 0; row < rows; row++) {
    const start = (place * rows + row) * size;
    const label = labels?.[row] ?? 0;
    pen.setTransform(1, 0, 0, 1, half + (codes[start + x] - middle[0]) * scale, half - (codes[start + y] - middle[1]) * scale);
    pen.fillStyle = colourOf(label, theme);
    traceMark(pen, markOf(label), 2.4 * density);
    pen.fill();
  }
}

/** A square that holds the last frame's codes but for a few.
 * @param {Explorer} explorer
 * @returns {Square} */
function squareOf(explorer) {
  const { codes, shape } = /** @type {NonNullable<Explorer["film"]>} */ (explorer.film);
  const size = shape[2];
  const last = codes.subarray(codes.length - shape[1] * size);
  const [x, y] = size > 2 ? explorer.model.latent.order : [0, size - 1];
  const ends = [x, y].map((axis) => {
    const values = last.filter((value, index) => index % size === axis && Number.isFinite(value)).sort();
    return [values[Math.floor(0.002 * values.length)], values[Math.ceil(0.998 * (values.length - 1))]];
  });
  const middle = ends.map(([low, high]) => (low + high) / 2);
  return { x, y, middle, reach: Math.max(...ends.map(([low, high]) => (high - low) / 2)) * 1.1 || 1 };
}

/** A small curve a term; dotted, what held-out rows gave.
 * @param {Explorer} explorer */
function termsOf(explorer) {
  const { history } = explorer.model;
  if (!history) return [];
  const { terms, held_out: heldOut } = history;
  return [...new Set([...Object.keys(terms), ...Object.keys(heldOut)])].map((name) => {
    const [learned, others] = [terms[name] ?? [], heldOut[name] ?? []].map((values) => Float32Array.from(values, (each) => each ?? NaN));
    const canvas = element("canvas", { className: "curves", role: "img", "aria-label": `${name} over the rounds` });
    const value = element("output");
    const finite = [...learned, ...others].filter(Number.isFinite).sort((a, b) => a - b);
    const [low, high] = [finite[0] ?? 0, finite[Math.ceil(0.99 * (finite.length - 1))] ?? 1];
    return {
      element: element("figure", { className: "term" }, element("figcaption", {}, element("span", {}, ...breakable(name)), value), canvas),
      /** @param {number} round */
      update(round) {
        const later = history.rounds.findIndex((each) => each >= round);
        const place = later < 0 ? history.rounds.length - 1 : later;
        const known = others.subarray(0, place + 1).findLast(Number.isFinite);
        fill(value, learned.length > 0 && format(learned[place]), known !== undefined && element("span", { className: "soft" }, `┄ held out ${format(known)}`));
        drawLines(canvas, [learned], { low, high, dotted: [others], theme: explorer.store.state.theme, mark: place / Math.max(history.rounds.length - 1, 1) });
      },
    };
  });
}

/** A name that lines may break in.
 * @param {string} name */
function breakable(name) {
  return name.split(/(?<=[/_])/).flatMap((part) => [part, element("wbr")]);
}
