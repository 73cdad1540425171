// @ts-check
// The map with its tools: axes, colours, zoom, lasso and legend.
/** @import {Explorer} from "latently/explorer" */
import { button, count, element, menu } from "latently/dom";
import { legend } from "latently/legend";
import { LatentMap } from "latently/map";
import { listen, selectShown, zoom } from "latently/map_input";
import { nameOf } from "latently/projection";
import { manner, showRow } from "latently/shown";
import { download, downloadPicture } from "latently/saving";
import { tableOfRows } from "latently/tables_of";

/** @param {Explorer} explorer */
export function mapCard(explorer) {
  const { store, model } = explorer;
  const map = new LatentMap(explorer);
  const tool = { lasso: false };
  listen(map, tool);
  const lasso = button("Lasso", () => {
    tool.lasso = !tool.lasso;
    lasso.setAttribute("aria-pressed", String(tool.lasso));
    map.element.classList.toggle("lassoing", tool.lasso);
  }, { "aria-pressed": false, title: "outline rows by a drag" });
  const { menu: colours, list } = legend(explorer);
  map.element.append(lens(explorer));
  const rows = explorer.codes;
  const bar = element(
    "div",
    { className: "toolbar" },
    ...axes(explorer),
    colours,
    element("span", { className: "space" }),
    rows && lasso,
    rows && button("Select in sight", () => selectShown(map)),
    element(
      "span",
      { className: "group" },
      button("−", () => zoom(map, 1 / 1.4), { "aria-label": "zoom out" }),
      button("+", () => zoom(map, 1.4), { "aria-label": "zoom in" }),
      button("Fit", () => store.set({ window: null }), { "aria-label": "show all" }),
    ),
  );
  const saves = element(
    "p",
    { className: "buttons" },
    button("Save the map as PNG", () => downloadPicture(`${model.name}-map.png`, pictureOf(map))),
    rows && button("Save codes as CSV", () => download(`${model.name}-codes.csv`, tableOfRows(explorer, Array.from({ length: explorer.count }, (_, row) => row)))),
  );
  const section = element("section", { className: "card map-card", "aria-label": "Map" }, element("h2", {}, "Map"), bar, map.element, list, caption(explorer), saves);
  return { section, map };
}

/** A small picture of the decoded code in the map's corner, for pages too narrow to have it beside the map.
 * @param {Explorer} explorer */
function lens(explorer) {
  const shown = showRow(explorer, "decoded");
  explorer.store.on(["decoded", "theme"], ({ decoded }) => decoded && shown.update(decoded));
  return element("div", { className: "lens", hidden: explorer.model.views.some((view) => manner(view) === "bars") }, shown.element);
}

/** Menus for what stands at the axes, where there is a choice.
 * @param {Explorer} explorer */
function axes(explorer) {
  const { store, model } = explorer;
  const { size, order, components } = model.latent;
  if (size < 3) return [];
  const ways = [...(components ? ["components"] : []), "dimensions"];
  const way = menu("Axes", ways, (place) => store.set({ axes: { ...store.state.axes, kind: components && place === 0 ? "components" : "dimensions" } }));
  const [x, y] = /** @type {("x"|"y")[]} */ (["x", "y"]).map((axis) =>
    menu(axis === "x" ? "across" : "up", order.map(nameOf), (place) => store.set({ axes: { ...store.state.axes, [axis]: order[place] } })),
  );
  store.on(["axes"], (state) => {
    way.select.value = String(components && state.axes.kind === "components" ? 0 : ways.length - 1);
    x.label.hidden = y.label.hidden = state.axes.kind === "components";
    x.select.value = String(order.indexOf(state.axes.x));
    y.select.value = String(order.indexOf(state.axes.y));
  });
  return [ways.length > 1 ? way.label : null, x.label, y.label];
}

/** @param {Explorer} explorer */
function caption({ model, count: shown }) {
  const all = model.rows?.of ?? 0;
  const some = shown < all ? `${count(shown)} of ${count(all)} rows, drawn by chance` : `${count(shown)} rows`;
  const what = model.rows?.codes ? `Codes of ${some}` : "Draws from the prior";
  const flat = model.latent.size > 1 ? `, over contours of the prior (${model.prior.name}): half of its draws lie inside the second line from within` : "";
  return element("p", { className: "soft" }, `${what}${flat}.`);
}

/** The map with its marks on paper.
 * @param {LatentMap} map */
function pictureOf(map) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width: map.ground.width, height: map.ground.height });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.fillStyle = getComputedStyle(map.element).getPropertyValue("--card");
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.drawImage(map.ground, 0, 0);
  pen.drawImage(map.marks, 0, 0);
  return canvas;
}
