// @ts-check
// Rows and places of a model as tables to save.
/** @import {Explorer} from "latently/explorer" */
/** @import {Column, Place, View} from "latently/types" */
import { csv } from "latently/saving";
import { cellOf, columnsOf } from "latently/table_view";

/** Rows with all that is known of them, and their codes.
 * @param {Explorer} explorer
 * @param {number[]} rows */
export function tableOfRows(explorer, rows) {
  const { model, classes, labels, predictions, errors, bounds } = explorer;
  const known = [
    { name: "class", values: labels && ((/** @type {number} */ row) => classes[labels[row]] ?? "") },
    { name: "predicted", values: predictions && ((/** @type {number} */ row) => classes[predictions[row]] ?? "") },
    { name: "error", values: errors && ((/** @type {number} */ row) => errors[row]) },
    { name: "bound_nats", values: bounds && ((/** @type {number} */ row) => bounds[row]) },
  ].filter(({ values }) => values);
  const header = ["row", ...known.map(({ name }) => name), ...codeNames(model.latent.size)];
  return csv(header, rows.map((row) => [row, ...known.map(({ values }) => /** @type {Function} */ (values)(row)), ...explorer.codeOf(row)]));
}

/** Places with what the decoder was told, and, of views that are no pictures, with what they decode to.
 * @param {Explorer} explorer
 * @param {string} kind of places
 * @param {Place[]} places
 * @param {(Float32Array[]|null)[]} decoded `null` where the row itself is shown */
export function tableOfPlaces(explorer, kind, places, decoded) {
  const { model, conditions, toldClasses, classes } = explorer;
  const told = conditions?.map(({ name }) => name) ?? (toldClasses ? classes.map((name) => `class ${name}`) : []);
  const views = model.views.map((view, index) => ({ index, ...cellsOf(view) })).filter(({ names }) => names.length);
  const header = [kind, "row", ...told, ...codeNames(model.latent.size), ...views.flatMap(({ names }) => names)];
  const lines = places.map((place, line) => [
    line + 1,
    place.row < 0 ? "" : place.row,
    ...told.map((_, index) => (place.told ? cellIn(conditions?.[index], place.told[index]) : "")),
    ...place.code,
    ...views.flatMap(({ index, names, columns }) => {
      const values = decoded[line]?.[index] ?? explorer.original(place.row, index)?.values;
      return names.map((_, cell) => (values ? cellIn(columns?.[cell], values[cell]) : ""));
    }),
  ]);
  return csv(header, lines);
}

/** The names of a view's numbers, and their columns where they have such; none of pictures.
 * @param {View} view
 * @returns {{names: string[], columns: Column[]|null}} */
function cellsOf(view) {
  if (view.kind === "image") return { names: [], columns: null };
  if (view.kind !== "series") return { names: columnsOf(view).map(({ name }) => name), columns: view.columns };
  const [a, b = 1] = view.shape;
  const [steps, channels] = view.channels === "first" ? [b, a] : [a, b];
  const names = Array.from({ length: steps * channels }, (_, place) => {
    const [step, channel] = view.channels === "first" ? [place % steps, Math.floor(place / steps)] : [Math.floor(place / channels), place % channels];
    return `${view.name} ${step + 1}${channels > 1 ? ` channel ${channel + 1}` : ""}`;
  });
  return { names, columns: null };
}

/** @param {Column|undefined} column
 * @param {number} value */
function cellIn(column, value) {
  return column ? cellOf(column, value) : Number.isFinite(value) ? value : "";
}

/** @param {number} size */
function codeNames(size) {
  return Array.from({ length: size }, (_, d) => `z${d + 1}`);
}
