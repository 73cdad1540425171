// @ts-check
// The probability of each class, as bars.
import { element } from "latently/dom";
import { colourOf } from "latently/palette";

const MOST = 12;

/** @param {string[]} classes */
export function probabilities(classes) {
  const list = element("ul", { className: "chances", "aria-label": "probability of each class" });
  return {
    element: list,
    /** @param {Float32Array} values
     * @param {"light"|"dark"} theme */
    update(values, theme) {
      const order = Array.from(values.keys());
      const shown = order.length <= MOST ? order : order.sort((a, b) => values[b] - values[a]).slice(0, MOST);
      const likeliest = values.indexOf(Math.max(...values));
      list.replaceChildren(...shown.map((place) => {
        const bar = element("span", { className: "bar" });
        bar.style.transform = `scaleX(${values[place]})`;
        bar.style.background = colourOf(place, theme);
        const name = element("span", { className: "name", dir: "auto" }, classes[place]);
        const percent = element("span", { className: "percent" }, `${Math.round(100 * values[place])} %`);
        return element("li", { className: place === likeliest ? "likeliest" : "" }, name, element("span", { className: "track" }, bar), percent);
      }));
    },
  };
}
