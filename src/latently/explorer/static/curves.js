// @ts-check
// Numbers along a line: series, spectra, and the terms of a training.
/** @import {View} from "latently/types" */
import { colourOf } from "latently/palette";

/** The lines of a view: one a channel.
 * @param {View} view
 * @param {Float32Array} values
 * @returns {Float32Array[]} */
export function linesOf(view, values) {
  if (view.shape.length < 2) return [values];
  const first = view.channels === "first";
  const [steps, channels] = first ? [view.shape[1], view.shape[0]] : view.shape;
  return Array.from({ length: channels }, (_, c) =>
    Float32Array.from({ length: steps }, (_, step) => values[first ? c * steps + step : step * channels + c]),
  );
}

/** Draw lines over one another; gaps (NaN) are left open.
 * @param {HTMLCanvasElement} canvas
 * @param {Float32Array[]} lines
 * @param {{low: number, high: number, theme: "light"|"dark", faint?: Float32Array[], dotted?: Float32Array[], mark?: number}} options
 *   `faint` lines lie below, `dotted` ones above and over their gaps; `mark` is a place between 0 and 1 that is crossed by
 *   a thin line */
export function drawLines(canvas, lines, { low, high, theme, faint = [], dotted = [], mark }) {
  const density = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth || 240, canvas.clientHeight || 90];
  Object.assign(canvas, { width: Math.round(width * density), height: Math.round(height * density) });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(density, density);
  pen.lineCap = "round";
  const span = high - low || 1;
  const y = (/** @type {number} */ value) => height - 4 - ((value - low) / span) * (height - 8);
  const draw = (/** @type {Float32Array} */ line, /** @type {number} */ place, overGaps = false) => {
    pen.strokeStyle = colourOf(place, theme);
    pen.beginPath();
    let joined = false;
    line.forEach((value, step) => {
      const x = 2 + (line.length > 1 ? step / (line.length - 1) : 0.5) * (width - 4);
      if (Number.isFinite(value) && !joined) pen.moveTo(x - 0.1, y(value));
      if (Number.isFinite(value)) pen.lineTo(x, y(value));
      joined = Number.isFinite(value) || (overGaps && joined);
    });
    pen.stroke();
  };
  Object.assign(pen, { globalAlpha: 0.35, lineWidth: 3 });
  faint.forEach((line, place) => draw(line, place));
  Object.assign(pen, { globalAlpha: 1, lineWidth: 1.6 });
  lines.forEach((line, place) => draw(line, place));
  Object.assign(pen, { lineWidth: 2.2 }).setLineDash([0.1, 4]);
  dotted.forEach((line, place) => draw(line, place, true));
  pen.setLineDash([]);
  if (mark === undefined) return;
  pen.strokeStyle = getComputedStyle(canvas).color;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(2 + mark * (width - 4), 0);
  pen.lineTo(2 + mark * (width - 4), height);
  pen.stroke();
}
