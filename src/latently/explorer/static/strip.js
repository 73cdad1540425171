// @ts-check
// Places of the code space in a row, each with what it decodes to.
/** @import {Explorer} from "latently/explorer" */
/** @import {Child} from "latently/dom" */
/** @import {Place} from "latently/types" */
import { element, fill } from "latently/dom";
import { showRow } from "latently/shown";

/** @typedef {{caption?: Child, label: string, onclick?: () => void, original?: boolean, chosen?: boolean, tools?: HTMLElement[]}} Look */

export class Strip {
  /** @param {Explorer} explorer
   * @param {string} name of its questions to the model */
  constructor(explorer, name) {
    this.explorer = explorer;
    this.name = name;
    /** @type {{element: HTMLElement, face: HTMLElement, foot: HTMLElement, shown: ReturnType<typeof showRow>}[]} */
    this.tiles = [];
    /** @type {(Float32Array[]|null)[]} */
    this.decoded = [];
    this.element = element("div", { className: "strip", role: "list" });
  }

  /** Show so many places. Tiles stay where they are, so that the focus does, too.
   * @param {Place[]} places
   * @param {(place: number) => Look} look */
  update(places, look) {
    while (this.tiles.length < places.length) this.tiles.push(this.tile(this.tiles.length));
    for (const extra of this.tiles.splice(places.length)) extra.element.remove();
    this.decoded.length = places.length;
    places.forEach((place, index) => {
      const { caption, label, onclick, original, chosen, tools = [] } = look(index);
      const tile = this.tiles[index];
      Object.assign(tile.face, { onclick: onclick ?? null, disabled: !onclick });
      tile.face.setAttribute("aria-label", label);
      tile.element.classList.toggle("chosen", Boolean(chosen));
      fill(tile.foot, caption !== undefined && element("span", { className: "caption", dir: "auto" }, caption), ...tools);
      this.show(index, place, Boolean(original));
    });
  }

  /** @param {number} index
   * @param {Place} place
   * @param {boolean} original whether the row itself is shown, as it was given */
  async show(index, place, original) {
    const { shown } = this.tiles[index];
    if (original && place.row >= 0 && this.explorer.original(place.row, 0)) {
      this.decoded[index] = null;
      return shown.original(place.row);
    }
    const decoded = await this.explorer.decode(`${this.name}/${index}`, place);
    if (!decoded || this.tiles[index]?.shown !== shown) return;
    this.decoded[index] = decoded;
    shown.update(decoded);
    this.element.dispatchEvent(new CustomEvent("shown", { detail: index }));
  }

  /** @param {number} index */
  tile(index) {
    const shown = showRow(this.explorer, `${this.name} ${index + 1}`);
    const face = element("button", { type: "button", className: "face" }, shown.element);
    const foot = element("div", { className: "foot" });
    const made = element("div", { className: "tile", role: "listitem" }, face, foot);
    this.element.append(made);
    return { element: made, face, foot, shown };
  }

  /** The canvases of each tile. */
  get canvases() {
    return this.tiles.map(({ face }) => [...face.querySelectorAll("canvas")]);
  }
}
