// @ts-check
// What a row looks like: a picture, curves or bars a view.
/** @import {View} from "latently/types" */
/** @import {Explorer} from "latently/explorer" */
import { drawLines, linesOf } from "latently/curves";
import { element } from "latently/dom";
import { paint, pictureCanvas } from "latently/pictures";
import { tableView } from "latently/table_view";

const MOST_BARS = 60;

/** How a view is shown.
 * @param {View} view
 * @returns {"image"|"curves"|"bars"} */
export function manner(view) {
  if (view.kind === "image") return "image";
  return view.kind === "series" || (!view.columns && view.shape[0] > MOST_BARS) ? "curves" : "bars";
}

/** A view of a row; `update` shows other values of it.
 * @param {View} view
 * @param {Explorer} explorer
 * @param {string} label
 * @returns {{element: HTMLElement, update: (values: Float32Array, beside?: Float32Array|null, as?: View) => void}} */
export function showView(view, explorer, label) {
  if (manner(view) === "bars") return tableView(view);
  if (manner(view) === "image") {
    const canvas = pictureCanvas(view, label);
    return { element: canvas, update: (values, _, as) => paint(canvas, as ?? view, values) };
  }
  const canvas = element("canvas", { className: "curves", role: "img", "aria-label": label });
  return {
    element: canvas,
    update(values, beside) {
      const faint = beside ? linesOf(view, beside) : [];
      const [low, high] = ends(view, values, beside);
      drawLines(canvas, linesOf(view, values), { low, high, faint, theme: explorer.store.state.theme });
    },
  };
}

/** The view's ends, moved apart by values beyond them.
 * @param {View} view
 * @param {...(Float32Array|null|undefined)} values */
function ends(view, ...values) {
  let [low, high] = [view.low, view.high];
  for (const value of values.flatMap((array) => [...(array ?? [])])) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** All views of a row side by side, named where there are several.
 * @param {Explorer} explorer
 * @param {string} label */
export function showRow(explorer, label) {
  const views = explorer.model.views;
  const shown = views.map((view) => showView(view, explorer, views.length > 1 ? `${label}: ${view.name}` : label));
  const figures = shown.map((each, place) => (views.length > 1 ? named(each.element, views[place].name) : each.element));
  return {
    element: element("div", { className: `row-views ${views.map(manner).includes("bars") ? "tall" : ""}` }, ...figures),
    /** @param {(Float32Array|null)[]} values
     * @param {(Float32Array|null)[]} [beside] */
    update(values, beside) {
      shown.forEach((each, place) => {
        const value = values[place];
        if (value) each.update(value, beside?.[place]);
        figures[place].classList.toggle("absent", !value);
      });
    },
    /** The row as it was given. @param {number} row */
    original(row) {
      shown.forEach((each, place) => {
        const original = explorer.original(row, place);
        if (original) each.update(original.values, null, original.view);
        figures[place].classList.toggle("absent", !original);
      });
    },
  };
}

/** @param {HTMLElement} content
 * @param {string} name */
function named(content, name) {
  return element("figure", { className: "view" }, content, element("figcaption", {}, name));
}
