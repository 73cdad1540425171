// @ts-check
// Codes and rows that were pinned, to come back to and to take home.
/** @import {Explorer} from "latently/explorer" */
import { button, card, element } from "latently/dom";
import { contactSheet, download, downloadPicture } from "latently/saving";
import { manner } from "latently/shown";
import { Strip } from "latently/strip";
import { tableOfPlaces } from "latently/tables_of";

/** @param {Explorer} explorer */
export function pins(explorer) {
  const { store, model } = explorer;
  const strip = new Strip(explorer, "pin");
  const hint = element("p", { className: "soft" }, "A click on the map, or Enter, pins the code under the pointer here.");
  const tools = element(
    "p",
    { className: "buttons" },
    model.views.some((view) => manner(view) !== "bars") &&
      button("Save as PNG", () => downloadPicture(`${model.name}-pins.png`, contactSheet(strip.canvases))),
    button("Save as CSV", () => download(`${model.name}-pins.csv`, tableOfPlaces(explorer, "pin", store.state.pins, strip.decoded))),
    button("Remove all", () => store.set({ pins: [] })),
  );
  store.on(["pins", "theme"], ({ pins: pinned }) => {
    hint.hidden = pinned.length > 0;
    tools.hidden = !pinned.length;
    strip.update(pinned, (index) => {
      const place = pinned[index];
      const row = place.row >= 0 ? ` · row ${place.row}` : "";
      return {
        label: `go to pin ${index + 1}${row}`,
        caption: `${index + 1}${row}`,
        onclick: () => explorer.visit(place),
        tools: [
          button("A", () => store.set({ from: place }), { title: "begin a path here", "aria-label": `begin a path at pin ${index + 1}` }),
          button("B", () => store.set({ to: place }), { title: "end a path here", "aria-label": `end a path at pin ${index + 1}` }),
          button("×", () => store.set({ pins: pinned.filter((other) => other !== place) }), { "aria-label": `remove pin ${index + 1}` }),
        ],
      };
    });
  });
  return card("Pins", "pins", hint, strip.element, tools);
}
