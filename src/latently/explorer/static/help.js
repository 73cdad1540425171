// @ts-check
// What keys do, in a dialog.
import { button, element } from "latently/dom";

const KEYS = [
  ["Tab", "go from one part of the page to the next"],
  ["← → ↑ ↓", "on the map: move; with Shift, farther"],
  ["+ and −", "on the map: zoom; 0 shows all"],
  ["Enter", "on the map: pin the code"],
  ["N", "on the map: go to the nearest row"],
  ["A and B", "on the map: begin and end a path"],
  ["S", "on the map: select the rows that are in sight; Escape selects none"],
  ["T", "light or dark"],
  ["?", "this list"],
];
const POINTER = [
  ["move", "decode the code under the pointer"],
  ["click", "pin it"],
  ["drag", "move the map; with Shift, or the lasso, outline rows"],
  ["wheel, two fingers", "zoom"],
];

/** @param {() => void} changeTheme */
export function help(changeTheme) {
  const list = (/** @type {string[][]} */ lines) =>
    element("dl", { className: "keys" }, ...lines.map(([key, act]) => element("div", {}, element("dt", {}, key), element("dd", {}, act))));
  const dialog = element(
    "dialog",
    { className: "help", "aria-label": "Help" },
    element("h2", {}, "Keys"),
    list(KEYS),
    element("h2", {}, "Mouse and fingers"),
    list(POINTER),
    element("p", { className: "soft" }, "The model itself is in this file: nothing is sent anywhere, and it works without a network. The address keeps the place, the axes and the pins: copy it to share what you see."),
    button("Close", () => dialog.close(), { autofocus: true }),
  );
  document.body.append(dialog);
  window.addEventListener("keydown", (event) => {
    const typing = event.target instanceof HTMLElement && event.target.matches("input, select, textarea");
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "?") dialog.open ? dialog.close() : dialog.showModal();
    if (event.key.toLowerCase() === "t") changeTheme();
  });
  return button("?", () => dialog.showModal(), { className: "round", "aria-label": "help and keys" });
}
