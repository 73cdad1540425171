// @ts-check
// Rows of tables: a bar a column, in the column's own units and words.
/** @import {Column, View} from "latently/types" */
import { element, format } from "latently/dom";

/** The days that a date has four digits of a year for: from year 0 to 9999, counted from 1970. */
const [FIRST_DAY, LAST_DAY] = [-719528, 2932896];

/** The columns of a view; those of a vector have numbers for names.
 * @param {View} view
 * @returns {Column[]} */
export function columnsOf(view) {
  if (view.columns) return view.columns;
  const { low, high } = view;
  return Array.from({ length: view.shape[0] }, (_, place) => ({ name: `${view.name} ${place + 1}`, kind: "number", words: null, low, high }));
}

/** A cell as a file holds it: a word, a date, a number with the digits of its column; nothing where it is missing.
 * @param {Column} column
 * @param {number} value */
export function cellOf({ words, kind, decimals }, value) {
  if (!Number.isFinite(value)) return "";
  if (words) return String(words[Math.min(Math.max(Math.round(value), 0), words.length - 1)]);
  if (kind === "date") return new Date(Math.min(Math.max(value, FIRST_DAY), LAST_DAY) * 86400000).toISOString().slice(0, decimals === 0 ? 10 : 16).replace("T", " ");
  return String(Number(typeof decimals === "number" ? value.toFixed(decimals) : value.toPrecision(7)));
}

/** A cell as people write it.
 * @param {Column} column
 * @param {number} value */
export function cellText(column, value) {
  const cell = cellOf(column, value) || "missing";
  if (!Number.isFinite(value) || column.words || column.kind === "date") return cell;
  const text = typeof column.decimals === "number" ? cell.replace("-", "−") : format(value, 4);
  return column.unit ? `${text} ${column.unit}` : text;
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
