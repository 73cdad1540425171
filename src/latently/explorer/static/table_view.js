// @ts-check
// Rows of tables: a bar a column, in the column's own units and words.
/** @import {Column, View} from "latently/types" */
import { element, format } from "latently/dom";

/** The columns of a view; those of a vector have numbers for names.
 * @param {View} view
 * @returns {Column[]} */
export function columnsOf(view) {
  if (view.columns) return view.columns;
  const { low, high } = view;
  return Array.from({ length: view.shape[0] }, (_, place) => ({ name: `${view.name} ${place + 1}`, kind: "number", words: null, low, high }));
}

/** A cell as people write it.
 * @param {Column} column
 * @param {number} value */
export function cellText(column, value) {
  if (!Number.isFinite(value)) return "missing";
  if (column.words) return String(column.words[Math.min(Math.max(Math.round(value), 0), column.words.length - 1)]);
  if (column.kind === "date") return new Date(value * 86400000).toISOString().slice(0, 10);
  if (column.kind === "count" || column.kind === "poisson") return format(value, value < 100 ? 2 : 6);
  return format(value, 4) + (column.unit ? ` ${column.unit}` : "");
}

/** Where a number lies between the column's ends, from 0 to 1.
 * @param {Column} column
 * @param {number} value */
function share({ low, high }, value) {
  return Number.isFinite(value) ? Math.min(Math.max((value - low) / (high - low || 1), 0), 1) : 0;
}

/** Bars of a row; words have none. `update` moves them; a tick marks what stands `beside`: the original of a reconstruction.
 * @param {View} view */
export function tableView(view) {
  const columns = columnsOf(view);
  const lines = columns.map((column) => {
    const [bar, tick] = [element("span", { className: "bar" }), element("span", { className: "tick", hidden: true })];
    const value = element("td", { className: "cell" });
    const track = element("td", { className: "track" }, !column.words && element("div", {}, bar, tick));
    return { bar, tick, value, line: element("tr", {}, element("th", { scope: "row" }, column.name), track, value) };
  });
  const body = element("tbody", {}, ...lines.map(({ line }) => line));
  return {
    element: element("div", { className: "cells" }, element("table", {}, body)),
    /** @param {Float32Array} values
     * @param {Float32Array|null} [beside] */
    update(values, beside) {
      columns.forEach((column, place) => {
        const { bar, tick, value } = lines[place];
        const text = cellText(column, values[place]);
        bar.style.transform = `scaleX(${share(column, values[place])})`;
        const other = beside && Number.isFinite(beside[place]) ? cellText(column, beside[place]) : null;
        tick.hidden = other === null;
        if (beside) tick.style.left = `${100 * share(column, beside[place])}%`;
        value.textContent = other === null || other === text ? text : `${text} (${other})`;
        value.classList.toggle("gap", text === "missing");
      });
    },
  };
}
