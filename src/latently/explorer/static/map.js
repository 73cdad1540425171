// @ts-check
// The map: codes of rows over the prior's contours, and what is marked on it.
/** @import {Explorer} from "latently/explorer" */
/** @import {Window} from "latently/types" */
import { MARGIN } from "latently/margin";
import { channelsOf, lay, maskOf } from "latently/stamps";
import { colourOf, markOf, RAMP_STEPS, rampColour } from "latently/palette";
import { contours } from "latently/contours";
import { count, element } from "latently/dom";
import { drawAxes } from "latently/axes";
import { drawMarks } from "latently/map_marks";

export class LatentMap {
  /** @param {Explorer} explorer */
  constructor(explorer) {
    this.explorer = explorer;
    this.ground = element("canvas");
    this.marks = element("canvas");
    this.element = element(
      "div",
      { className: "map", tabIndex: 0, role: "application", "aria-roledescription": "map of codes" },
      this.ground,
      this.marks,
    );
    /** @type {[number, number][]} */
    this.outline = [];
    this.asked = { ground: false, marks: false };
    this.size = { width: 0, height: 0 };
    this.density = 1;
    this.projection = explorer.projection;
    /** Where rows lie: x and y of each in turn. */
    this.places = new Float32Array();
    /** Where the prior's draws lie. */
    this.drawPlaces = new Float32Array();
    /** Each row's place in `looks`. */
    this.kinds = new Int16Array();
    /** @type {{colour: string, mark: string}[]} */
    this.looks = [];
    /** @type {ReturnType<typeof contours>} */
    this.lines = [];
    /** @type {Window|null} */
    this.whole = null;
    const store = explorer.store;
    store.on(["axes"], () => this.project());
    store.on(["colour", "theme"], () => this.colour());
    store.on(["axes", "colour", "hidden", "window", "theme"], () => this.redraw("ground"));
    store.on(["code", "row", "pins", "from", "to", "spherical", "selection", "window", "axes", "theme"], () => this.redraw("marks"));
    new ResizeObserver(() => this.resize()).observe(this.element);
  }

  project() {
    const { codes, draws, projection } = this.explorer;
    this.projection = projection;
    this.places = codes ? projection.all(codes) : new Float32Array();
    this.drawPlaces = projection.all(draws);
    this.lines = projection.flat ? [] : contours(this.drawPlaces);
    this.whole = null;
    const [x, y] = projection.names;
    const rows = this.explorer.count ? `${count(this.explorer.count)} rows` : "draws from the prior";
    const keys = "Arrow keys move, plus and minus zoom, Enter pins, N goes to the nearest row.";
    this.element.setAttribute("aria-label", `Map of ${rows}: ${x} across${y && `, ${y} up`}. ${keys}`);
  }

  /** Each row's place in the list of marks, and the list. */
  colour() {
    const { explorer } = this;
    const { colour, theme } = explorer.store.state;
    const numbers = colour === "error" ? explorer.errors : colour === "bound" ? explorer.bounds : null;
    const classes = explorer.codes ? (colour === "prediction" ? explorer.predictions : colour === "none" ? null : explorer.labels) : explorer.drawLabels;
    if (numbers) {
      const order = Array.from(numbers.keys()).sort((a, b) => numbers[a] - numbers[b]);
      this.kinds = new Int16Array(numbers.length);
      const strange = (/** @type {number} */ rank) => (colour === "bound" ? order.length - 1 - rank : rank);
      order.forEach((row, rank) => (this.kinds[row] = Math.floor((RAMP_STEPS * strange(rank)) / order.length)));
      this.looks = Array.from({ length: RAMP_STEPS }, (_, step) => ({ colour: rampColour(step / (RAMP_STEPS - 1), theme), mark: "disc" }));
      return;
    }
    const plain = { colour: colourOf(classes ? -1 : 0, theme), mark: "disc" };
    this.kinds = Int16Array.from({ length: (this.places.length || this.drawPlaces.length) / 2 }, (_, row) => (classes?.[row] ?? -1) + 1);
    this.looks = [plain, ...explorer.classes.map((_, place) => ({ colour: colourOf(place, theme), mark: markOf(place) }))];
  }

  resize() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    this.size = { width, height };
    this.density = window.devicePixelRatio || 1;
    for (const canvas of [this.ground, this.marks]) {
      Object.assign(canvas, { width: Math.round(width * this.density), height: Math.round(height * this.density) });
    }
    this.whole = null;
    this.redraw("ground");
    this.redraw("marks");
  }

  /** The part of the plane that is shown. @returns {Window} */
  get window() {
    return this.explorer.store.state.window ?? (this.whole ??= this.fitted());
  }

  /** A window that shows the prior and nearly all rows. @returns {Window} */
  fitted() {
    const points = [this.places, this.drawPlaces];
    const [x, y] = [0, 1].map((axis) => {
      const ends = points.filter((each) => each.length).map((each) => {
        const values = each.filter((value, index) => index % 2 === axis && Number.isFinite(value)).sort();
        return [values[Math.floor(0.002 * values.length)], values[Math.floor(0.998 * (values.length - 1))]];
      });
      return [Math.min(...ends.map(([low]) => low)), Math.max(...ends.map(([, high]) => high))];
    });
    const width = this.size.width - MARGIN.left - MARGIN.right;
    const height = this.size.height - MARGIN.top - MARGIN.bottom;
    const scale = 0.94 * Math.min(width / (x[1] - x[0] || 1), height / (y[1] - y[0] || 1));
    return { x: (x[0] + x[1]) / 2, y: (y[0] + y[1]) / 2, scale };
  }

  get middle() {
    const { width, height } = this.size;
    return [(MARGIN.left + width - MARGIN.right) / 2, (MARGIN.top + height - MARGIN.bottom) / 2];
  }

  /** @param {number} x
   * @param {number} y
   * @returns {[number, number]} pixels from the left and the top */
  toScreen(x, y) {
    const { x: centreX, y: centreY, scale } = this.window;
    return [this.middle[0] + (x - centreX) * scale, this.middle[1] - (y - centreY) * scale];
  }

  /** @param {number} left
   * @param {number} top
   * @returns {[number, number]} */
  toMap(left, top) {
    const { x, y, scale } = this.window;
    return [x + (left - this.middle[0]) / scale, y - (top - this.middle[1]) / scale];
  }

  /** @param {"ground"|"marks"} layer */
  redraw(layer) {
    if (this.asked[layer]) return;
    this.asked[layer] = true;
    requestAnimationFrame(() => {
      this.asked[layer] = false;
      if (!this.size.width) return;
      if (layer === "ground") this.drawGround();
      else drawMarks(this);
    });
  }

  /** @param {HTMLCanvasElement} canvas */
  cleared(canvas) {
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: canvas === this.ground }));
    pen.setTransform(this.density, 0, 0, this.density, 0, 0);
    pen.clearRect(0, 0, this.size.width, this.size.height);
    return pen;
  }

  drawGround() {
    const pen = this.cleared(this.ground);
    const style = getComputedStyle(this.element);
    pen.fillStyle = style.getPropertyValue("--card");
    pen.fillRect(0, 0, this.size.width, this.size.height);
    pen.save();
    pen.beginPath();
    pen.rect(MARGIN.left, 0, this.size.width - MARGIN.left, this.size.height - MARGIN.bottom);
    pen.clip();
    this.drawContours(pen, style.getPropertyValue("--contour"));
    pen.restore();
    this.drawPoints(pen);
    drawAxes(this, pen, style.getPropertyValue("--soft"), style.getPropertyValue("--rule"));
  }

  /** @param {CanvasRenderingContext2D} pen
   * @param {string} colour */
  drawContours(pen, colour) {
    pen.strokeStyle = colour;
    this.lines.forEach(({ pieces }, place) => {
      pen.lineWidth = 0.9 + 0.3 * place;
      pen.beginPath();
      for (const [ax, ay, bx, by] of pieces) {
        pen.moveTo(...this.toScreen(ax, ay));
        pen.lineTo(...this.toScreen(bx, by));
      }
      pen.stroke();
    });
  }

  /** @param {CanvasRenderingContext2D} pen */
  drawPoints(pen) {
    const { explorer, kinds, density } = this;
    const places = explorer.codes ? this.places : this.drawPlaces;
    const n = places.length / 2;
    const closer = Math.min(2, Math.max(1, Math.sqrt(this.window.scale / (this.whole ??= this.fitted()).scale)));
    const radius = density * closer * (n > 5000 ? 1.9 : n > 1200 ? 2.5 : 3.3);
    const masks = new Map(this.looks.map(({ mark }) => [mark, maskOf(mark, radius)]));
    const looks = this.looks.map(({ colour, mark }) => ({ mask: /** @type {import("latently/stamps").Mask} */ (masks.get(mark)), colour: channelsOf(colour) }));
    const start = Math.round(MARGIN.left * density);
    const picture = pen.getImageData(start, 0, this.ground.width - start, Math.round((this.size.height - MARGIN.bottom) * density));
    const someHidden = explorer.store.state.hidden.size > 0;
    const { x: centreX, y: centreY, scale } = this.window;
    const [middleX, middleY] = this.middle;
    for (let row = 0; row < n; row++) {
      if (someHidden && !explorer.isShown(row)) continue;
      const left = (middleX + (places[2 * row] - centreX) * scale) * density - start;
      const top = (middleY - (places[2 * row + 1] - centreY) * scale) * density;
      const { mask, colour } = looks[kinds[row]];
      lay(picture, mask, colour, Math.floor(left), Math.floor(top));
    }
    pen.putImageData(picture, start, 0);
  }

  /** @param {number} row */
  screenOf(row) {
    return this.toScreen(this.places[2 * row], this.places[2 * row + 1]);
  }

  /** @param {{code: Float32Array, row?: number}} place */
  screenOfPlace(place) {
    const [x, y] = this.projection.at(place.code);
    return this.toScreen(x, this.projection.flat ? 0 : y);
  }
}
