// @ts-check
// The probability of each class, as bars.
import { button, element, fewOf } from "latently/dom";
import { colourOf } from "latently/palette";

const FEW = 12;

/** @typedef {{element: HTMLElement, update: (values: Float32Array, theme: "light"|"dark") => void}} Probabilities */

/** Bars in the order of the classes; the likeliest first, where they are many.
 * @param {string[]} classes
 * @returns {Probabilities} */
export function probabilities(classes) {
  const list = element("ul", { className: "chances", "aria-label": "probability of each class" });
  const few = fewOf(list, classes.length, FEW, `Only the ${FEW} likeliest`, `All ${classes.length} classes`);
  return {
    element: element("div", {}, list, few.more),
    update(values, theme) {
      const order = Array.from(values.keys());
      if (order.length > FEW) order.sort((a, b) => values[b] - values[a]);
      const likeliest = values.indexOf(Math.max(...values));
      few.fill(order.map((place) => {
        const bar = element("span", { className: "bar" });
        bar.style.transform = `scaleX(${values[place]})`;
        bar.style.background = colourOf(place, theme);
        const name = element("span", { className: "name", dir: "auto", title: classes[place] }, classes[place]);
        const percent = element("span", { className: "percent" }, `${Math.round(100 * values[place])} %`);
        return element("li", { className: place === likeliest ? "likeliest" : "" }, name, element("span", { className: "track" }, bar), percent);
      }));
    },
  };
}
