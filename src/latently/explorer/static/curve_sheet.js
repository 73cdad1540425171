// @ts-check
// A series of one's own, drawn channel by channel.
/** @import {Explorer} from "latently/explorer" */
/** @import {View} from "latently/types" */
import { drawLines, linesOf } from "latently/curves";
import { element } from "latently/dom";

export class CurveSheet {
  /** @param {View} view
   * @param {Explorer} explorer
   * @param {() => void} changed */
  constructor(view, explorer, changed) {
    this.view = view;
    this.explorer = explorer;
    this.changed = changed;
    this.canvas = element("canvas", { className: "curves sheet", role: "img", "aria-label": `sheet for ${view.name}` });
    const [a, b = 1] = view.shape;
    this.steps = view.channels === "first" ? b : a;
    this.channels = view.channels === "first" ? a : b;
    this.channel = 0;
    this.touched = false;
    this.numbers = new Float32Array(this.steps * this.channels);
    this.clear();
    explorer.store.on(["theme"], () => requestAnimationFrame(() => this.draw(this.numbers)));
    this.listen();
  }

  clear() {
    this.touched = false;
    this.numbers.fill((this.view.low + this.view.high) / 2);
    this.draw(this.numbers);
  }

  values() {
    return this.touched ? this.numbers.slice() : null;
  }

  /** @param {Float32Array} values */
  set(values) {
    this.touched = true;
    this.numbers = values.slice();
    this.draw(this.numbers);
  }

  /** @param {Float32Array} values */
  draw(values) {
    const { low, high } = this.view;
    drawLines(this.canvas, linesOf(this.view, values), { low, high, theme: this.explorer.store.state.theme });
  }

  listen() {
    let [down, last] = [false, -1];
    const stroke = (/** @type {PointerEvent} */ event) => {
      if (!down) return;
      const box = this.canvas.getBoundingClientRect();
      const step = Math.round(Math.min(Math.max((event.clientX - box.left) / box.width, 0), 1) * (this.steps - 1));
      const share = Math.min(Math.max(1 - (event.clientY - box.top) / box.height, 0), 1);
      const value = this.view.low + share * (this.view.high - this.view.low);
      const [from, to] = last < 0 ? [step, step] : [Math.min(last, step), Math.max(last, step)];
      for (let each = from; each <= to; each++) this.numbers[this.place(each)] = value;
      last = step;
      this.touched = true;
      this.draw(this.numbers);
      this.changed();
    };
    this.canvas.addEventListener("pointerdown", (event) => {
      this.canvas.setPointerCapture(event.pointerId);
      [down, last] = [true, -1];
      stroke(event);
    });
    this.canvas.addEventListener("pointermove", stroke);
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => (down = false));
  }

  /** Numbers that come step by step in the order of the view.
   * @param {Float32Array} numbers */
  inOrder(numbers) {
    if (this.view.channels !== "first") return numbers;
    return numbers.map((_, place) => numbers[(place % this.steps) * this.channels + Math.floor(place / this.steps)]);
  }

  /** @param {number} step */
  place(step) {
    return this.view.channels === "first" ? this.channel * this.steps + step : step * this.channels + this.channel;
  }
}
