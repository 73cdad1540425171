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
 * @param {{low: number, high: number, theme: "light"|"dark", faint?: Float32Array[], mark?: number}} options `faint` lines
 *   lie below; `mark` is a place between 0 and 1 that is crossed by a thin line */
export function drawLines(canvas, lines, { low, high, theme, faint = [], mark }) {
  const density = window.devicePixelRatio || 1;
  const [width, height] = [canvas.clientWidth || 240, canvas.clientHeight || 90];
  Object.assign(canvas, { width: Math.round(width * density), height: Math.round(height * density) });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(density, density);
  const span = high - low || 1;
  const y = (/** @type {number} */ value) => height - 4 - ((value - low) / span) * (height - 8);
  for (const [index, line] of [...faint, ...lines].entries()) {
    const place = index < faint.length ? index : index - faint.length;
    pen.strokeStyle = colourOf(place, theme);
    pen.globalAlpha = index < faint.length ? 0.35 : 1;
    pen.lineWidth = index < faint.length ? 3 : 1.6;
    pen.beginPath();
    let joined = false;
    line.forEach((value, step) => {
      const x = 2 + (line.length > 1 ? step / (line.length - 1) : 0.5) * (width - 4);
      if (Number.isFinite(value)) joined ? pen.lineTo(x, y(value)) : pen.moveTo(x, y(value));
      joined = Number.isFinite(value);
    });
    pen.stroke();
  }
  pen.globalAlpha = 1;
  if (mark === undefined) return;
  pen.strokeStyle = getComputedStyle(canvas).color;
  pen.lineWidth = 1;
  pen.beginPath();
  pen.moveTo(2 + mark * (width - 4), 0);
  pen.lineTo(2 + mark * (width - 4), height);
  pen.stroke();
}
