// @ts-check
// The axes of the map: what stands at them, and round numbers along them.
/** @import {LatentMap} from "latently/map" */
import { MARGIN } from "latently/margin";

/** @param {LatentMap} map
 * @param {CanvasRenderingContext2D} pen
 * @param {string} ink
 * @param {string} rule */
export function drawAxes(map, pen, ink, rule) {
  const { width, height } = map.size;
  const bottom = height - MARGIN.bottom;
  Object.assign(pen, { strokeStyle: rule, fillStyle: ink, lineWidth: 1, font: "12px system-ui, sans-serif" });
  pen.strokeRect(MARGIN.left + 0.5, -1, width, bottom + 0.5);
  const [x, y] = map.projection.names;
  pen.textAlign = "center";
  for (const tick of ticks(map.toMap(MARGIN.left, 0)[0], map.toMap(width, 0)[0], width / 80)) {
    const [left] = map.toScreen(tick, 0);
    if (left > MARGIN.left + 8 && left < width - 14) pen.fillText(String(tick).replace("-", "−"), left, bottom + 15);
  }
  pen.fillText(x, (MARGIN.left + width) / 2, bottom + 31, width - MARGIN.left);
  if (!y) return;
  pen.textAlign = "right";
  for (const tick of ticks(map.toMap(0, bottom)[1], map.toMap(0, 0)[1], bottom / 60)) {
    const [, top] = map.toScreen(0, tick);
    if (top < bottom - 6 && top > 10) pen.fillText(String(tick).replace("-", "−"), MARGIN.left - 6, top + 4);
  }
  pen.save();
  pen.translate(13, bottom / 2);
  pen.rotate(-Math.PI / 2);
  pen.textAlign = "center";
  pen.fillText(y, 0, 0, bottom);
  pen.restore();
}

/** Round numbers between two ends, about so many.
 * @param {number} low
 * @param {number} high
 * @param {number} about */
export function ticks(low, high, about) {
  const rough = (high - low) / Math.max(about, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (/** @type {number} */ ([1, 2, 5, 10].find((each) => each * power >= rough)));
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}
