// @ts-check
// What is marked on the map, over its points.
/** @import {LatentMap} from "latently/map" */
/** @import {State} from "latently/types" */
import { along } from "latently/between";

/** The pointer, the row that is looked at, pins, the path, and what is selected.
 * @param {LatentMap} map */
export function drawMarks(map) {
  const pen = map.cleared(map.marks);
  const style = getComputedStyle(map.element);
  const [accent, ink, paper] = ["--accent", "--ink", "--card"].map((name) => style.getPropertyValue(name));
  const state = map.explorer.store.state;
  drawPath(map, pen, state, ink);
  for (const row of state.selection) ring(pen, map.screenOf(row), 4.5, ink, 1);
  state.pins.forEach((pin, place) => drawPin(pen, map.screenOfPlace(pin), String(place + 1), ink, paper));
  if (state.row >= 0) {
    ring(pen, map.screenOf(state.row), 8, paper, 4);
    ring(pen, map.screenOf(state.row), 8, ink, 2);
  }
  const [left, top] = map.screenOfPlace(state);
  for (const [colour, lineWidth] of /** @type {[string, number][]} */ ([[paper, 5], [accent, 2.2]])) {
    Object.assign(pen, { strokeStyle: colour, lineWidth });
    pen.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
      pen.moveTo(left + 4 * dx, top + 4 * dy);
      pen.lineTo(left + 12 * dx, top + 12 * dy);
    }
    pen.stroke();
  }
  if (map.outline.length < 2) return;
  Object.assign(pen, { strokeStyle: accent, lineWidth: 1.5 });
  pen.beginPath();
  for (const [x, y] of map.outline) pen.lineTo(...map.toScreen(x, y));
  pen.stroke();
}

/** @param {LatentMap} map
 * @param {CanvasRenderingContext2D} pen
 * @param {State} state
 * @param {string} ink */
function drawPath(map, pen, { from, to, spherical }, ink) {
  if (!from || !to) return;
  Object.assign(pen, { strokeStyle: ink, lineWidth: 1.5 });
  pen.setLineDash([5, 4]);
  pen.beginPath();
  for (let step = 0; step <= 40; step++) pen.lineTo(...map.screenOfPlace({ code: along(from.code, to.code, step / 40, spherical) }));
  pen.stroke();
  pen.setLineDash([]);
  for (const end of [from, to]) ring(pen, map.screenOfPlace(end), 5, ink, 2);
}

/** @param {CanvasRenderingContext2D} pen
 * @param {[number, number]} at
 * @param {string} name
 * @param {string} ink
 * @param {string} paper */
function drawPin(pen, [left, top], name, ink, paper) {
  Object.assign(pen, { fillStyle: ink, strokeStyle: paper, lineWidth: 2, font: "600 10px system-ui, sans-serif", textAlign: "center" });
  pen.beginPath();
  pen.arc(left, top, 8, 0, 2 * Math.PI);
  pen.fill();
  pen.stroke();
  pen.fillStyle = paper;
  pen.fillText(name, left, top + 3.5);
}

/** @param {CanvasRenderingContext2D} pen
 * @param {[number, number]} at
 * @param {number} radius
 * @param {string} strokeStyle
 * @param {number} lineWidth */
function ring(pen, [left, top], radius, strokeStyle, lineWidth) {
  Object.assign(pen, { strokeStyle, lineWidth });
  pen.beginPath();
  pen.arc(left, top, radius, 0, 2 * Math.PI);
  pen.stroke();
}
