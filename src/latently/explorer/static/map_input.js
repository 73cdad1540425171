// @ts-check
// What mouse, fingers and keys do on the map.
/** @import {LatentMap} from "latently/map" */
import { nearestOnMap, nearestRow, rowsInside } from "latently/neighbours";
import { announce } from "latently/announce";

const REACH = 16;
const STEP = 8;

/** @typedef {{lasso: boolean}} Tool */

/** Let a map be moved, asked and marked.
 * @param {LatentMap} map
 * @param {Tool} tool whether a drag outlines rows instead of moving the map */
export function listen(map, tool) {
  const { explorer, element } = map;
  const store = explorer.store;
  /** @type {Map<number, {x: number, y: number}>} */
  const pointers = new Map();
  let moved = 0;

  /** @param {PointerEvent|WheelEvent} event */
  const at = (event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };
  const selectInside = () => {
    const selection = rowsInside(map.places, map.outline, (row) => explorer.isShown(row));
    map.outline = [];
    store.set({ selection });
    map.redraw("marks");
    announce(`${selection.length} rows selected`);
  };

  element.addEventListener("pointerdown", (event) => {
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
    moved = 0;
    map.outline = [];
  });
  element.addEventListener("pointermove", (event) => {
    const here = at(event);
    const before = pointers.get(event.pointerId);
    if (!before) return event.pointerType === "mouse" && point(map, here.x, here.y);
    moved += Math.hypot(here.x - before.x, here.y - before.y);
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, here);
    if (other) return pinch(map, before, here, other);
    if (tool.lasso || event.shiftKey) {
      map.outline.push(map.toMap(here.x, here.y));
      return map.redraw("marks");
    }
    if (event.pointerType !== "mouse") return point(map, here.x, here.y);
    if (moved > 4) pan(map, here.x - before.x, here.y - before.y);
  });
  element.addEventListener("pointerup", (event) => {
    const here = at(event);
    const alone = pointers.size === 1;
    if (!pointers.delete(event.pointerId) || !alone) return;
    if (map.outline.length > 2) return selectInside();
    if (moved > 4) return;
    point(map, here.x, here.y);
    if (event.pointerType === "mouse") pin(map);
  });
  element.addEventListener("pointercancel", (event) => pointers.delete(event.pointerId));
  element.addEventListener(
    "wheel",
    (event) => {
      event.preventDefault();
      const { x, y } = at(event);
      zoom(map, Math.exp(-event.deltaY * (event.deltaMode ? 0.05 : 0.0015)), x, y);
    },
    { passive: false },
  );
  element.addEventListener("dblclick", (event) => event.preventDefault());
  element.addEventListener("keydown", (event) => {
    const acted = event.ctrlKey || event.metaKey || event.altKey ? false : keyed(map, event.key, event.shiftKey);
    if (acted) event.preventDefault();
  });
}

/** @param {LatentMap} map
 * @param {string} key
 * @param {boolean} far */
function keyed(map, key, far) {
  const { explorer } = map;
  const step = far ? 5 * STEP : STEP;
  /** @type {Record<string, () => void>} */
  const acts = {
    ArrowLeft: () => nudge(map, -step, 0),
    ArrowRight: () => nudge(map, step, 0),
    ArrowUp: () => nudge(map, 0, -step),
    ArrowDown: () => nudge(map, 0, step),
    "+": () => zoom(map, 1.3),
    "=": () => zoom(map, 1.3),
    "-": () => zoom(map, 1 / 1.3),
    0: () => explorer.store.set({ window: null }),
    Enter: () => pin(map),
    " ": () => pin(map),
    n: () => toNearest(map),
    a: () => explorer.store.set({ from: current(map) }),
    b: () => explorer.store.set({ to: current(map) }),
    s: () => selectShown(map),
    Escape: () => explorer.store.set({ selection: [] }),
  };
  const act = acts[key.length === 1 ? key.toLowerCase() : key];
  act?.();
  return Boolean(act);
}

/** The row that is looked at, where its code is the one under the pointer; else the code.
 * @param {LatentMap} map */
function current({ explorer }) {
  const { row, code } = explorer.store.state;
  const place = row >= 0 ? explorer.placeOf(row) : null;
  return place && place.code.every((value, d) => value === code[d]) ? place : explorer.here;
}

/** Look at a place of the screen: the code there, and the row close by.
 * @param {LatentMap} map
 * @param {number} left
 * @param {number} top */
function point(map, left, top) {
  const { explorer } = map;
  const [x, y] = map.toMap(left, top);
  const row = nearestOnMap(map.places, x, y, REACH / map.window.scale, (each) => explorer.isShown(each));
  explorer.store.set({ code: explorer.projection.code(explorer.store.state.code, x, y), row });
}

/** @param {LatentMap} map
 * @param {number} right
 * @param {number} down */
function nudge(map, right, down) {
  const [left, top] = map.screenOfPlace(map.explorer.store.state);
  point(map, left + right, top + down);
  const { row } = map.explorer.store.state;
  const facts = row < 0 ? "no row near" : `row ${row}: ${map.explorer.facts(row).map((fact) => fact.join(" ")).join(", ")}`;
  announce(facts);
}

/** @param {LatentMap} map */
function pin(map) {
  const { explorer } = map;
  explorer.store.set({ pins: [...explorer.store.state.pins, current(map)] });
}

/** @param {LatentMap} map */
export function toNearest(map) {
  const { explorer } = map;
  if (!explorer.codes) return;
  explorer.visit(explorer.placeOf(nearestRow(explorer.codes, explorer.store.state.code)));
}

/** Select the rows in the part of the map that is shown.
 * @param {LatentMap} map */
export function selectShown(map) {
  const { width, height } = map.size;
  const outline = [[0, 0], [width, 0], [width, height], [0, height]].map(([left, top]) => map.toMap(left, top));
  const selection = rowsInside(map.places, outline, (row) => map.explorer.isShown(row));
  map.explorer.store.set({ selection });
  announce(`${selection.length} rows selected`);
}

/** @param {LatentMap} map
 * @param {number} factor
 * @param {number} [left] of what stays in its place
 * @param {number} [top] */
export function zoom(map, factor, left = map.middle[0], top = map.middle[1]) {
  const [x, y] = map.toMap(left, top);
  const { x: centreX, y: centreY, scale } = map.window;
  const window = { x: x + (centreX - x) / factor, y: y + (centreY - y) / factor, scale: scale * factor };
  map.explorer.store.set({ window });
}

/** @param {LatentMap} map
 * @param {number} right
 * @param {number} down */
function pan(map, right, down) {
  const { x, y, scale } = map.window;
  map.explorer.store.set({ window: { x: x - right / scale, y: y + down / scale, scale } });
}

/** Two fingers: their middle moves the map, their distance zooms it.
 * @param {LatentMap} map
 * @param {{x: number, y: number}} before
 * @param {{x: number, y: number}} here
 * @param {{x: number, y: number}} other */
function pinch(map, before, here, other) {
  const factor = Math.hypot(here.x - other.x, here.y - other.y) / (Math.hypot(before.x - other.x, before.y - other.y) || 1);
  zoom(map, factor, (here.x + other.x) / 2, (here.y + other.y) / 2);
  pan(map, (here.x - before.x) / 2, (here.y - before.y) / 2);
}
