// @ts-check
// Builds the page from what the file holds.
/** @import {Manifest} from "latently/types" */
import { unpack } from "latently/archive";
import { count, element, fill, button } from "latently/dom";
import { Explorer } from "latently/explorer";
import { filmCard } from "latently/film";
import { keepInAddress } from "latently/fragment";
import { help } from "latently/help";
import { inspector } from "latently/inspector";
import { link } from "latently/linking";
import { mapCard } from "latently/map_card";
import { ownRow } from "latently/own_row";
import { pathCard } from "latently/path_card";
import { pins } from "latently/pins";
import { selectionCard, strangeCard } from "latently/rows_card";
import { sliders } from "latently/sliders";
import { classesCard, conditionsCard } from "latently/told";

/** The panels that a model can use.
 * @param {Explorer} explorer
 * @param {boolean} alone */
function panels(explorer, alone) {
  const { model } = explorer;
  const { section, map } = mapCard(explorer);
  const left = element("div", { className: "side" }, section, pins(explorer));
  const right = element("div", { className: "side" }, inspector(explorer), explorer.conditions && conditionsCard(explorer), sliders(explorer, map));
  const cards = [
    explorer.codes && selectionCard(explorer),
    explorer.toldClasses && classesCard(explorer),
    pathCard(explorer),
    explorer.canEncode && ownRow(explorer),
    explorer.codes && (explorer.errors || explorer.bounds) && strangeCard(explorer),
    (model.film || model.history) && filmCard(explorer),
  ];
  const heading = alone ? null : element("h2", { className: "model-name", dir: "auto" }, model.title);
  return element("article", { className: "model", "aria-label": model.title }, heading, warnings(explorer), alone ? null : numbers(explorer), element("div", { className: "stage" }, left, right), ...cards, about(explorer));
}

/** What is wrong with a model, before anything of it is believed.
 * @param {Explorer} explorer */
function warnings({ model }) {
  const found = model.about.warnings ?? [];
  return found.length > 0 && element("section", { className: "warnings", role: "note", "aria-label": "Worth a look" }, ...found.map((sentence) => element("p", {}, sentence)));
}

/** @param {Explorer} explorer */
function numbers({ model }) {
  return element("dl", { className: "numbers" }, ...model.about.numbers.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

/** @param {Explorer} explorer */
function about({ model }) {
  const { parameters, rounds, notes = [] } = model.about;
  const lines = Object.entries(parameters).map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", { dir: "auto" }, typeof value === "string" ? value : JSON.stringify(value))));
  return element(
    "details",
    { className: "about" },
    element("summary", {}, "About this model"),
    element("p", { className: "soft" }, `${count(rounds)} rounds of training${model.run ? `, kept in ${model.run}` : ""}.`),
    ...notes.map((note) => element("p", { className: "soft" }, note)),
    element("dl", { className: "facts" }, ...lines),
  );
}

async function main() {
  const root = document.documentElement;
  const { manifest, buffer } = await unpack();
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const theme = () => /** @type {"light"|"dark"} */ (root.dataset.theme ?? (dark.matches ? "dark" : "light"));
  root.dataset.theme = theme();
  const explorers = manifest.models.map((model) => new Explorer(model, buffer, theme()));
  const setTheme = (/** @type {"light"|"dark"} */ next) => {
    root.dataset.theme = next;
    for (const { store } of explorers) store.set({ theme: next });
  };
  const change = () => setTheme(theme() === "dark" ? "light" : "dark");
  dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
  const alone = explorers.length === 1;
  const title = alone ? manifest.models[0].title : manifest.models.map((model) => model.title).join(" beside ");
  const tools = element("span", { className: "group" }, button("◐", change, { className: "round", "aria-label": "light or dark" }), help(change));
  fill(
    /** @type {Element} */ (document.querySelector("header")),
    element("div", { className: "top" }, element("p", { className: "brand" }, "Latently explorer"), tools),
    element("h1", { dir: "auto" }, title),
    alone ? numbers(explorers[0]) : element("p", { className: "soft" }, link(explorers[0], explorers[1])),
  );
  const page = /** @type {Element} */ (document.querySelector("main"));
  page.classList.toggle("pair-of-models", !alone);
  fill(page, ...explorers.map((explorer) => panels(explorer, alone)));
  keepInAddress(explorers);
  fill(/** @type {Element} */ (document.querySelector("footer")), `Made by Latently ${manifest.latently}. The model is in this file; nothing is sent anywhere.`);
  Object.assign(globalThis, { latently: { explorers } }); // for those who open the console
}

main().catch((problem) => {
  fill(/** @type {Element} */ (document.querySelector("main")), element("p", { role: "alert" }, `This page could not be opened: ${problem.message}. It needs a browser of 2023 or later.`));
  throw problem;
});
