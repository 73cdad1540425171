// @ts-check
// Colours and marks of classes, and a ramp for numbers. The same ten as the reports on white paper; on dark paper ten of
// the same hues, chosen in the same way: as far apart as they go (in OKLab) in usual, red-blind and green-blind sight.

const CLASSES = {
  light: ["#086abe", "#d4720a", "#49a885", "#a73979", "#e9b906", "#5b1374", "#7bcafe", "#77060c", "#a584d5", "#745b0c"],
  dark: ["#167bfa", "#faa55a", "#aefac7", "#e1849d", "#fae92f", "#8c2fae", "#8cd8fa", "#b61e0e", "#a59dfa", "#ae8405"],
};
const UNLABELLED = { light: "#b8b8b8", dark: "#6b6f78" };
const RAMP = {
  light: ["#d5dde8", "#9cc0e6", "#4a90cf", "#5b3f98", "#7a0f45"],
  dark: ["#39414f", "#2f6aa8", "#4fa3d1", "#f2b968", "#fff3b0"],
};
const MARKS = ["disc", "triangle", "square", "diamond", "down", "plus"];
export const RAMP_STEPS = 32;

/** The colour of a class; of -1, which stands for unknown, grey.
 * @param {number} place
 * @param {"light"|"dark"} theme */
export function colourOf(place, theme) {
  return place < 0 ? UNLABELLED[theme] : CLASSES[theme][place % 10];
}

/** The mark of a class: past ten, colours come again with another mark.
 * @param {number} place */
export function markOf(place) {
  return MARKS[Math.floor(Math.max(place, 0) / 10) % MARKS.length];
}

/** The colour of a share between 0 (little) and 1 (much).
 * @param {number} share
 * @param {"light"|"dark"} theme */
export function rampColour(share, theme) {
  const stops = RAMP[theme];
  const place = Math.min(Math.max(share, 0), 1) * (stops.length - 1);
  const low = Math.min(Math.floor(place), stops.length - 2);
  const [from, to] = [channels(stops[low]), channels(stops[low + 1])];
  return `rgb(${from.map((value, c) => Math.round(value + (to[c] - value) * (place - low))).join(" ")})`;
}

/** @param {string} colour as "#rrggbb" */
function channels(colour) {
  return [1, 3, 5].map((start) => parseInt(colour.slice(start, start + 2), 16));
}

/** Draw a mark around the origin of a canvas, `size` from its middle to its rim.
 * @param {CanvasRenderingContext2D|OffscreenCanvasRenderingContext2D} pen
 * @param {string} mark
 * @param {number} size */
export function traceMark(pen, mark, size) {
  pen.beginPath();
  if (mark === "disc") pen.arc(0, 0, size, 0, 2 * Math.PI);
  else if (mark === "square") pen.rect(-0.85 * size, -0.85 * size, 1.7 * size, 1.7 * size);
  else for (const [x, y] of corners(mark)) pen.lineTo(x * size, y * size);
  pen.closePath();
}

/** @param {string} mark */
function corners(mark) {
  const third = 0.36;
  if (mark === "triangle") return [[0, -1.1], [1.05, 0.8], [-1.05, 0.8]];
  if (mark === "down") return [[0, 1.1], [1.05, -0.8], [-1.05, -0.8]];
  if (mark === "diamond") return [[0, -1.2], [1.2, 0], [0, 1.2], [-1.2, 0]];
  const half = [[-third, -1.1], [third, -1.1], [third, -third], [1.1, -third], [1.1, third], [third, third]];
  return [...half, ...half.map(([x, y]) => [-x, -y])];
}
