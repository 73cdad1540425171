// @ts-check
// A row of a table to fill in: a field a column; an empty one is missing.
/** @import {Column, View} from "latently/types" */
import { element, format } from "latently/dom";
import { cellText, columnsOf } from "latently/table_view";

/** @param {View} view
 * @param {() => void} changed */
export function rowForm(view, changed) {
  const columns = columnsOf(view);
  const fields = columns.map((column) => field(column, changed));
  const lines = columns.map((column, place) => {
    const id = `field-${Math.random().toString(36).slice(2)}`;
    fields[place].input.id = id;
    return element("div", { className: "field" }, element("label", { for: id, dir: "auto" }, column.name), fields[place].input);
  });
  return {
    element: element("div", { className: "form" }, ...lines),
    values: () => Float32Array.from(fields, (each) => each.read()),
    /** @param {Float32Array} values */
    set(values) {
      fields.forEach((each, place) => each.write(values[place]));
    },
  };
}

/** @param {Column} column
 * @param {() => void} changed
 * @returns {{input: HTMLInputElement|HTMLSelectElement, read: () => number, write: (value: number) => void}} */
function field(column, changed) {
  if (column.words) {
    const options = ["", ...column.words].map((word, index) => element("option", { value: String(index - 1) }, word));
    const input = element("select", { onchange: changed }, ...options);
    return {
      input,
      read: () => (input.value === "-1" ? NaN : Number(input.value)),
      write: (value) => (input.value = Number.isFinite(value) ? String(Math.round(value)) : "-1"),
    };
  }
  if (column.kind === "date") {
    const input = element("input", { type: "date", oninput: changed });
    return {
      input,
      read: () => (input.value ? Date.parse(`${input.value}T00:00:00Z`) / 86400000 : NaN),
      write: (value) => (input.value = Number.isFinite(value) ? cellText(column, value) : ""),
    };
  }
  const input = element("input", { type: "number", step: "any", oninput: changed, placeholder: "missing" });
  return {
    input,
    read: () => (input.value === "" ? NaN : Number(input.value)),
    write: (value) => (input.value = Number.isFinite(value) ? format(value, 5).replace("−", "-") : ""),
  };
}

/** The first row of a CSV text: by name where a line above it names columns, else in their order. An empty cell, or one
 * that is no number and none of the column's words, is missing.
 * @param {string} text
 * @param {Column[]} columns */
export function readCsv(text, columns) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim()).map(cellsOf);
  const named = lines.length > 1 && lines[0].some((cell) => columns.some(({ name }) => name === cell.trim()));
  const cells = lines[named ? 1 : 0] ?? [];
  return Float32Array.from(columns, (column, place) => {
    const index = named ? lines[0].findIndex((name) => name.trim() === column.name) : place;
    const cell = (cells[index] ?? "").trim();
    if (!cell) return NaN;
    const word = column.words?.map(String).indexOf(cell) ?? -1;
    if (column.words) return word < 0 ? NaN : word;
    return column.kind === "date" ? Date.parse(cell) / 86400000 : Number(cell);
  });
}

/** All numbers of a CSV text in reading order: a line a step, a cell a channel. Lines of words are left out.
 * @param {string} text */
export function readNumbers(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim()).map(cellsOf);
  const ofNumbers = lines.filter((cells) => cells.every((cell) => !cell.trim() || Number.isFinite(Number(cell))));
  return Float32Array.from(ofNumbers.flat(), (cell) => (cell.trim() ? Number(cell) : NaN));
}

/** @param {string} line */
function cellsOf(line) {
  return Array.from(line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g), ([, quoted, bare]) => quoted?.replaceAll('""', '"') ?? bare);
}
