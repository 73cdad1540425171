// @ts-check
// A path between two codes or rows: decoded in steps, played, and saved.
/** @import {Explorer} from "latently/explorer" */
/** @import {Place} from "latently/types" */
import { path } from "latently/between";
import { button, card, element, menu } from "latently/dom";
import { gif } from "latently/gif";
import { contactSheet, download, downloadPicture } from "latently/saving";
import { manner } from "latently/shown";
import { Strip } from "latently/strip";
import { tableOfPlaces } from "latently/tables_of";

const STEPS = 9;
const FRAMES = 48;

/** @param {Explorer} explorer */
export function pathCard(explorer) {
  const { store, model } = explorer;
  const strip = new Strip(explorer, "path");
  const drawn = model.views.some((view) => manner(view) !== "bars");
  const way = menu("Way", ["straight", "spherical"], (place) => store.set({ spherical: place === 1 }));
  const hint = element("p", { className: "soft" }, "Press A and B on the map, or on two pins, to set where a path begins and ends.");
  /** @type {Place[]} */
  let steps = [];
  const saves = [
    drawn && button("Save as PNG", () => downloadPicture(`${model.name}-path.png`, contactSheet(strip.canvases))),
    drawn && button("Save as GIF", async () => download(`${model.name}-path.gif`, await film(explorer))),
    button("Save as CSV", () => download(`${model.name}-path.csv`, tableOfPlaces(explorer, "step", steps, strip.decoded))),
  ];
  const player = play(explorer);
  const tools = element("p", { className: "buttons" }, player, ...saves, model.latent.size > 1 && way.label);
  store.on(["spherical"], ({ spherical }) => (way.select.value = spherical ? "1" : "0"));
  store.on(["from", "to", "spherical", "theme"], ({ from, to, spherical }) => {
    const ready = from && to;
    hint.hidden = Boolean(ready);
    tools.hidden = strip.element.hidden = !ready;
    if (!ready) return;
    steps = withOriginals(path(from, to, STEPS, spherical), from, to);
    strip.update(steps, (index) => {
      const place = steps[index];
      const name = place.row >= 0 ? `row ${place.row}` : "";
      return { label: name || `step ${index} of the path`, caption: name, original: place.row >= 0, onclick: () => explorer.visit(place) };
    });
  });
  const swap = () => store.set({ from: store.state.to, to: store.state.from });
  const set = (/** @type {"from"|"to"} */ end, /** @type {string} */ name) => button(name, () => store.set({ [end]: explorer.here }));
  const setting = element("p", { className: "buttons" }, set("from", "A: here"), set("to", "B: here"), button("Swap", swap), button("Two rows", () => twoRows(explorer)));
  if (!explorer.codes) setting.lastElementChild?.remove();
  return card("Path", "wide", setting, hint, strip.element, tools);
}

/** Rows as they were given at the ends that are rows.
 * @param {Place[]} steps
 * @param {Place} from
 * @param {Place} to */
function withOriginals(steps, from, to) {
  return [...(from.row >= 0 ? [from] : []), ...steps, ...(to.row >= 0 ? [to] : [])];
}

/** A path between two rows drawn by chance, of two classes where there are such.
 * @param {Explorer} explorer */
function twoRows(explorer) {
  const any = () => Math.floor(Math.random() * explorer.count);
  const first = any();
  let second = any();
  for (let tries = 0; tries < 20 && explorer.labels?.[first] === explorer.labels?.[second]; tries++) second = any();
  explorer.store.set({ from: explorer.placeOf(first), to: explorer.placeOf(second) });
}

/** A button that walks there and back, and can be stopped.
 * @param {Explorer} explorer */
function play(explorer) {
  const { store } = explorer;
  let timer = 0;
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    player.textContent = "Play";
  };
  const player = button("Play", () => {
    if (timer) return stop();
    let frame = 0;
    player.textContent = "Stop";
    timer = setInterval(() => {
      const { from, to, spherical } = store.state;
      if (!from || !to) return stop();
      const steps = path(from, to, FRAMES, spherical);
      const place = steps[frame < FRAMES ? frame : 2 * FRAMES - 1 - frame];
      explorer.visit(place);
      if (++frame === 2 * FRAMES) stop();
    }, 50);
  });
  return player;
}

/** The path there and back as an animated picture.
 * @param {Explorer} explorer */
async function film(explorer) {
  const { from, to, spherical } = explorer.store.state;
  const steps = path(/** @type {Place} */ (from), /** @type {Place} */ (to), FRAMES, spherical);
  const strip = new Strip(explorer, "film");
  const shown = new Promise((resolve) => {
    let left = FRAMES;
    strip.element.addEventListener("shown", () => --left || resolve(null));
  });
  strip.update(steps, (index) => ({ label: String(index) }));
  await shown;
  const frames = strip.canvases.map((canvases) => {
    const sheet = contactSheet([canvases], 168);
    return /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d")).getImageData(0, 0, sheet.width, sheet.height);
  });
  return gif([...frames, ...frames.slice(1, -1).reverse()], 50);
}
