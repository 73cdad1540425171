// @ts-check
// A slider a dimension of the code, those that carry most first.
/** @import {Explorer} from "latently/explorer" */
import { button, card, element, fewOf, fill, format, menu } from "latently/dom";
import { toNearest } from "latently/map_input";
import { nameOf } from "latently/projection";

const FEW = 8;

/** @param {Explorer} explorer
 * @param {import("latently/map").LatentMap} map */
export function sliders(explorer, map) {
  const { store, model } = explorer;
  const order = model.latent.order;
  const most = Math.max(...model.latent.carries, 1e-9);
  const lines = order.map((d) => slider(explorer, d, most));
  const list = element("div", { className: "sliders" });
  const few = fewOf(list, order.length, FEW, `Only the ${FEW} that carry most`, `All ${order.length} dimensions`);
  few.fill(lines);
  const tied = model.labels?.in === "prior" && explorer.drawLabels;
  const of = menu("of", ["any class", ...explorer.classes], () => {});
  const draw = () => explorer.visit({ code: drawn(explorer, tied ? Number(of.select.value) - 1 : -1), told: null, row: -1 });
  const unit = model.latent.carries_unit === "nats" ? "KL divergence in nats" : "variance of the codes";
  return card(
    "Code",
    "code-card",
    element(
      "p",
      { className: "buttons" },
      button("Reset", () => explorer.visit({ code: Float32Array.from(model.latent.center), told: null, row: -1 })),
      explorer.codes && button("Nearest row", () => toNearest(map)),
      button("Draw from the prior", draw),
      tied && of.label,
    ),
    list,
    few.more,
    order.length > 1 && element("p", { className: "soft" }, `Those that carry most come first; bars show how much (${unit}).`),
  );
}

/** A code of the prior's draws, of a class where one is asked for.
 * @param {Explorer} explorer
 * @param {number} label */
function drawn(explorer, label) {
  const size = explorer.model.latent.size;
  const all = Array.from({ length: explorer.draws.length / size }, (_, draw) => draw);
  const fitting = label < 0 ? all : all.filter((draw) => explorer.drawLabels?.[draw] === label);
  const draw = fitting[Math.floor(Math.random() * fitting.length)];
  return explorer.draws.slice(draw * size, (draw + 1) * size);
}

/** @param {Explorer} explorer
 * @param {number} d
 * @param {number} most that a dimension carries */
function slider(explorer, d, most) {
  const { store, model } = explorer;
  const reach = 3.5 * Math.max(model.latent.deviation[d], 1e-6);
  const [low, high] = [model.latent.center[d] - reach, model.latent.center[d] + reach];
  const id = `slider-${Math.random().toString(36).slice(2)}`;
  const input = element("input", { type: "range", id, min: String(low), max: String(high), step: String((high - low) / 400) });
  input.addEventListener("input", () => {
    const code = store.state.code.slice();
    code[d] = Number(input.value);
    store.set({ code, row: -1 });
  });
  const value = element("output", { htmlFor: id });
  const carries = element("span", { className: "carries", title: `carries ${format(model.latent.carries[d])}` });
  carries.style.setProperty("--share", String(model.latent.carries[d] / most));
  store.on(["code"], ({ code }) => {
    input.value = String(code[d]);
    fill(value, format(code[d], 2));
  });
  return element("div", { className: "slider" }, element("label", { for: id }, nameOf(d)), carries, input, value);
}
