// @ts-check
// Rows and places of a model as tables to save.
/** @import {Explorer} from "latently/explorer" */
/** @import {Place} from "latently/types" */
import { csv } from "latently/saving";
import { columnsOf } from "latently/table_view";

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

/** Places with what the decoder was told, and, of views with columns, with what they decode to.
 * @param {Explorer} explorer
 * @param {Place[]} places
 * @param {(Float32Array[]|null)[]} decoded */
export function tableOfPlaces(explorer, places, decoded) {
  const told = explorer.conditions?.map(({ name }) => name) ?? (explorer.toldClasses ? explorer.classes.map((name) => `class ${name}`) : []);
  const views = explorer.model.views.map((view, index) => ({ view, index })).filter(({ view }) => view.kind === "table" || view.kind === "vector");
  const header = ["pin", "row", ...told, ...codeNames(explorer.model.latent.size), ...views.flatMap(({ view }) => columnsOf(view).map(({ name }) => name))];
  const lines = places.map((place, line) => [
    line + 1,
    place.row < 0 ? "" : place.row,
    ...(told.length ? (place.told ?? told.map(() => "")) : []),
    ...place.code,
    ...views.flatMap(({ index }) => [...(decoded[line]?.[index] ?? [])]),
  ]);
  return csv(header, lines);
}

/** @param {number} size */
function codeNames(size) {
  return Array.from({ length: size }, (_, d) => `z${d + 1}`);
}
