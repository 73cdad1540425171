// @ts-check
// Elements made of text: a name in the data can never become markup.

/** @typedef {Node|string|number|null|undefined|false} Child */

/** An element with properties (those with a dash, and `role`, as attributes; `on…` as listeners) and children.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {Record<string, any>} [properties]
 * @param {...Child} children
 * @returns {HTMLElementTagNameMap[Tag]} */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null) continue;
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (name.includes("-") || name === "role" || name === "for") made.setAttribute(name, String(value));
    else Object.assign(made, { [name]: value });
  }
  fill(made, ...children);
  return made;
}

/** Replace what is in an element.
 * @param {Element} parent
 * @param {...Child} children */
export function fill(parent, ...children) {
  const kept = children.filter((child) => child !== null && child !== undefined && child !== false);
  parent.replaceChildren(...kept.map((child) => (child instanceof Node ? child : String(child))));
}

/** @param {Child} text
 * @param {(event: Event) => void} onclick
 * @param {Record<string, any>} [properties] */
export function button(text, onclick, properties = {}) {
  return element("button", { type: "button", onclick, ...properties }, text);
}

/** A menu of choices with a name; `onchange` is told the place of the one chosen.
 * @param {string} name
 * @param {string[]} choices
 * @param {(place: number) => void} onchange */
export function menu(name, choices, onchange) {
  const options = choices.map((choice, place) => element("option", { value: String(place) }, choice));
  const select = element("select", { onchange: () => onchange(Number(select.value)) }, ...options);
  return { label: element("label", { className: "choice" }, element("span", {}, name), select), select };
}

/** A card with a heading.
 * @param {string} title
 * @param {string} className
 * @param {...Child} children */
export function card(title, className, ...children) {
  return element("section", { className: `card ${className}`, "aria-label": title }, element("h2", {}, title), ...children);
}

/** A list of which only the first few are shown, with a button that shows all; none where they are few anyway.
 * @param {Element} list
 * @param {number} total
 * @param {number} few
 * @param {string} only what the button says while all are shown
 * @param {string} all what it says while few are */
export function fewOf(list, total, few, only, all) {
  /** @type {Element[]} */
  let lines = [];
  let whole = total <= few;
  const show = () => {
    fill(list, ...(whole ? lines : lines.slice(0, few)));
    more.textContent = whole ? only : all;
  };
  const more = button("", () => {
    whole = !whole;
    show();
  });
  return {
    more: total > few && more,
    /** @param {Element[]} given */
    fill(given) {
      lines = given;
      show();
    },
  };
}

/** A number as short as it can be told apart, with a true minus sign.
 * @param {number} value
 * @param {number} [digits] */
export function format(value, digits = 3) {
  if (Number.isNaN(value)) return "—";
  const size = Math.abs(value);
  const text = size !== 0 && (size < 1e-3 || size >= 1e6) ? value.toExponential(digits - 1) : plain(value, digits);
  return text.replace("-", "−");
}

/** @param {number} value
 * @param {number} digits */
function plain(value, digits) {
  if (Math.abs(value) >= 10 ** digits) return String(Math.round(value));
  return String(Number(value.toPrecision(digits)));
}

/** A whole number with its thousands apart.
 * @param {number} value */
export function count(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
