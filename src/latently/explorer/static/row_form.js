// @ts-check
// A row of a table to fill in: a field a column; an empty one is missing.
/** @import {Column, View} from "latently/types" */
import { element } from "latently/dom";
import { daysOf } from "latently/reading";
import { cellOf, columnsOf } from "latently/table_view";

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
    const input = element("input", { type: column.decimals === 0 ? "date" : "datetime-local", oninput: changed });
    return { input, read: () => daysOf(input.value), write: (value) => (input.value = cellOf(column, value)) };
  }
  const input = element("input", { type: "number", step: "any", oninput: changed, placeholder: "missing" });
  return {
    input,
    read: () => (input.value === "" ? NaN : Number(input.value)),
    write: (value) => (input.value = cellOf(column, value)),
  };
}
