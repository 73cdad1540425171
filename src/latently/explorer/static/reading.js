// @ts-check
// What the text of a CSV file says: a row of a table, or numbers.
/** @import {Column} from "latently/types" */

/** The first row, by name where a line above it names columns, else in their order; and the columns whose cells are no
 * numbers, words or dates of theirs: those are missing, as empty ones are.
 * @param {string} text
 * @param {Column[]} columns
 * @returns {{values: Float32Array, unread: string[]}} */
export function readCsv(text, columns) {
  const lines = linesOf(text);
  const named = lines.length > 1 && lines[0].some((cell) => columns.some(({ name }) => name === cell));
  const row = lines[named ? 1 : 0] ?? [];
  const cells = columns.map(({ name }, place) => row[named ? lines[0].indexOf(name) : place] ?? "");
  const values = Float32Array.from(columns, (column, place) => (cells[place] ? numberOf(column, cells[place]) : NaN));
  const unread = columns.filter((_, place) => cells[place] && !Number.isFinite(values[place])).map(({ name }) => name);
  return { values, unread };
}

/** All numbers in reading order: a line a step, a cell a channel. Lines of words are left out.
 * @param {string} text */
export function readNumbers(text) {
  const ofNumbers = linesOf(text).filter((cells) => cells.every((cell) => Number.isFinite(Number(cell))));
  return Float32Array.from(ofNumbers.flat(), (cell) => (cell ? Number(cell) : NaN));
}

/** A cell as the model reads it; NaN where it is none of its column's.
 * @param {Column} column
 * @param {string} cell */
function numberOf({ words, kind }, cell) {
  if (words) {
    const place = words.map(String).indexOf(cell);
    return place < 0 ? NaN : place;
  }
  return kind === "date" ? daysOf(cell) : Number(cell);
}

/** A date, and the hour where it is there, as days since 1970.
 * @param {string} text as ISO 8601 writes it */
export function daysOf(text) {
  const [, date, hour = "00:00"] = text.match(/^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}.*))?$/) ?? [];
  return Date.parse(`${date}T${hour}Z`) / 86400000;
}

/** The cells of each line that is not empty.
 * @param {string} text */
function linesOf(text) {
  return text.split(/\r?\n/).filter((line) => line.trim()).map(cellsOf);
}

/** @param {string} line */
function cellsOf(line) {
  const cells = `,${line}`.matchAll(/,(?:\s*"((?:[^"]|"")*)"\s*|([^,]*))/g);
  return Array.from(cells, ([, quoted, bare]) => (quoted?.replaceAll('""', '"') ?? bare).trim());
}
