// @ts-check
// The map: codes of rows over the prior's contours, and what is marked on it.
/** @import {Explorer} from "latently/explorer" */
/** @import {Place, State, Window} from "latently/types" */
import { contours } from "latently/contours";
import { count, element } from "latently/dom";
import { colourOf, markOf, RAMP_STEPS, rampColour, traceMark } from "latently/palette";
import { along } from "latently/between";

const MARGIN = { left: 44, right: 12, top: 12, bottom: 36 };

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
    /** How long the last drawing of all points took. */
    this.milliseconds = 0;
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
        const values = each.filter((_, index) => index % 2 === axis).sort();
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
      else this.drawMarks();
    });
  }

  /** @param {HTMLCanvasElement} canvas */
  cleared(canvas) {
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    pen.setTransform(this.density, 0, 0, this.density, 0, 0);
    pen.clearRect(0, 0, this.size.width, this.size.height);
    return pen;
  }

  drawGround() {
    const began = performance.now();
    const pen = this.cleared(this.ground);
    const style = getComputedStyle(this.element);
    pen.save();
    pen.beginPath();
    pen.rect(MARGIN.left, 0, this.size.width - MARGIN.left, this.size.height - MARGIN.bottom);
    pen.clip();
    this.drawContours(pen, style.getPropertyValue("--contour"));
    this.drawPoints(pen);
    pen.restore();
    this.drawAxes(pen, style.getPropertyValue("--soft"), style.getPropertyValue("--rule"));
    this.milliseconds = performance.now() - began;
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

  /** Points are copies of a small picture of their mark: 20,000 of them cost a few milliseconds.
   * @param {CanvasRenderingContext2D} pen */
  drawPoints(pen) {
    const { explorer, kinds, looks } = this;
    const places = explorer.codes ? this.places : this.drawPlaces;
    const n = places.length / 2;
    const closer = Math.min(2, Math.max(1, Math.sqrt(this.window.scale / (this.whole ?? this.fitted()).scale)));
    const radius = closer * (n > 5000 ? 1.9 : n > 1200 ? 2.5 : 3.3);
    const half = Math.ceil(1.3 * radius + 1);
    const stamps = looks.map(({ colour, mark }) => stamp(colour, mark, radius, half, this.density));
    const { width, height } = this.size;
    const someHidden = explorer.store.state.hidden.size > 0;
    const { x: centreX, y: centreY, scale } = this.window;
    const [middleX, middleY] = this.middle;
    for (let row = 0; row < n; row++) {
      const left = middleX + (places[2 * row] - centreX) * scale;
      const top = middleY - (places[2 * row + 1] - centreY) * scale;
      if (left < -half || top < -half || left > width + half || top > height + half) continue;
      if (someHidden && !explorer.isShown(row)) continue;
      pen.drawImage(stamps[kinds[row]], left - half, top - half, 2 * half, 2 * half);
    }
  }

  /** @param {CanvasRenderingContext2D} pen
   * @param {string} ink
   * @param {string} rule */
  drawAxes(pen, ink, rule) {
    const { width, height } = this.size;
    const bottom = height - MARGIN.bottom;
    Object.assign(pen, { strokeStyle: rule, fillStyle: ink, lineWidth: 1, font: "12px system-ui, sans-serif" });
    pen.strokeRect(MARGIN.left + 0.5, -1, width, bottom + 0.5);
    const [x, y] = this.projection.names;
    pen.textAlign = "center";
    for (const tick of ticks(this.toMap(MARGIN.left, 0)[0], this.toMap(width, 0)[0], width / 80)) {
      const [left] = this.toScreen(tick, 0);
      if (left > MARGIN.left + 8 && left < width - 14) pen.fillText(String(tick).replace("-", "−"), left, bottom + 15);
    }
    pen.fillText(x, (MARGIN.left + width) / 2, bottom + 31, width - MARGIN.left);
    if (!y) return;
    pen.textAlign = "right";
    for (const tick of ticks(this.toMap(0, bottom)[1], this.toMap(0, 0)[1], bottom / 60)) {
      const [, top] = this.toScreen(0, tick);
      if (top < bottom - 6 && top > 10) pen.fillText(String(tick).replace("-", "−"), MARGIN.left - 6, top + 4);
    }
    pen.save();
    pen.translate(13, bottom / 2);
    pen.rotate(-Math.PI / 2);
    pen.textAlign = "center";
    pen.fillText(y, 0, 0, bottom);
    pen.restore();
  }

  drawMarks() {
    const pen = this.cleared(this.marks);
    const style = getComputedStyle(this.element);
    const [accent, ink, paper] = ["--accent", "--ink", "--card"].map((name) => style.getPropertyValue(name));
    const state = this.explorer.store.state;
    this.drawPath(pen, state, ink);
    for (const row of state.selection) ring(pen, this.screenOf(row), 4.5, ink, 1);
    state.pins.forEach((pin, place) => this.drawPin(pen, this.screenOfPlace(pin), String(place + 1), ink, paper));
    if (state.row >= 0) {
      ring(pen, this.screenOf(state.row), 8, paper, 4);
      ring(pen, this.screenOf(state.row), 8, ink, 2);
    }
    const [left, top] = this.screenOfPlace(state);
    for (const [colour, lineWidth] of /** @type {[string, number][]} */ ([[paper, 5], [accent, 2.2]])) {
      Object.assign(pen, { strokeStyle: colour, lineWidth });
      pen.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        pen.moveTo(left + 4 * dx, top + 4 * dy);
        pen.lineTo(left + 12 * dx, top + 12 * dy);
      }
      pen.stroke();
    }
    if (this.outline.length < 2) return;
    Object.assign(pen, { strokeStyle: accent, lineWidth: 1.5 });
    pen.beginPath();
    for (const [x, y] of this.outline) pen.lineTo(...this.toScreen(x, y));
    pen.stroke();
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

  /** @param {CanvasRenderingContext2D} pen
   * @param {State} state
   * @param {string} ink */
  drawPath(pen, { from, to, spherical }, ink) {
    if (!from || !to) return;
    Object.assign(pen, { strokeStyle: ink, lineWidth: 1.5 });
    pen.setLineDash([5, 4]);
    pen.beginPath();
    for (let step = 0; step <= 40; step++) pen.lineTo(...this.screenOfPlace({ code: along(from.code, to.code, step / 40, spherical) }));
    pen.stroke();
    pen.setLineDash([]);
    for (const end of [from, to]) ring(pen, this.screenOfPlace(end), 5, ink, 2);
  }

  /** @param {CanvasRenderingContext2D} pen
   * @param {[number, number]} at
   * @param {string} name
   * @param {string} ink
   * @param {string} paper */
  drawPin(pen, [left, top], name, ink, paper) {
    Object.assign(pen, { fillStyle: ink, strokeStyle: paper, lineWidth: 2, font: "600 10px system-ui, sans-serif", textAlign: "center" });
    pen.beginPath();
    pen.arc(left, top, 8, 0, 2 * Math.PI);
    pen.fill();
    pen.stroke();
    pen.fillStyle = paper;
    pen.fillText(name, left, top + 3.5);
  }
}

/** @param {string} colour
 * @param {string} mark
 * @param {number} radius
 * @param {number} half of the picture's width
 * @param {number} density */
function stamp(colour, mark, radius, half, density = 1) {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(2 * half * density);
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  pen.scale(canvas.width / (2 * half), canvas.width / (2 * half));
  pen.translate(half, half);
  pen.fillStyle = colour;
  pen.globalAlpha = 0.85;
  traceMark(pen, mark, radius);
  pen.fill();
  return canvas;
}

/** @param {CanvasRenderingContext2D} pen
 * @param {[number, number]} at
 * @param {number} radius
 * @param {string} strokeStyle
 * @param {number} lineWidth */
function ring(pen, [left, top], radius, strokeStyle, lineWidth) {
  Object.assign(pen, { strokeStyle, lineWidth });
  pen.beginPath();
  pen.arc(left, top, radius, 0, 2 * Math.PI);
  pen.stroke();
}

/** Round numbers between two ends, about so many.
 * @param {number} low
 * @param {number} high
 * @param {number} about */
export function ticks(low, high, about) {
  const rough = (high - low) / Math.max(about, 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (/** @type {number} */ ([1, 2, 5, 10].find((each) => each * power >= rough)));
  const first = Math.ceil(low / step);
  return Array.from({ length: Math.max(0, Math.floor(high / step) - first + 1) }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}
