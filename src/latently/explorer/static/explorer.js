// @ts-check
// A model in the page: its numbers, its programs and its state, for all panels that show it.
/** @import {Blob as Stored, Model, Place, State, View} from "latently/types" */
import { floatsOf, numbersOf } from "latently/archive";
import { Inference } from "latently/inference";
import { nearestRow } from "latently/neighbours";
import { frameOf } from "latently/pictures";
import { Projection } from "latently/projection";
import { Store } from "latently/store";

export class Explorer {
  /** @param {Model} model
   * @param {ArrayBuffer} buffer
   * @param {"light"|"dark"} theme */
  constructor(model, buffer, theme) {
    this.model = model;
    this.inference = new Inference(model.functions, buffer);
    const integers = (/** @type {Stored|null|undefined} */ blob) => (blob ? numbersOf(buffer, blob) : null);
    const floats = (/** @type {Stored|null|undefined} */ blob) => (blob ? floatsOf(buffer, blob) : null);
    const rows = model.rows?.codes ? model.rows : null; // rows without codes have no place in the page
    this.count = rows?.count ?? 0;
    this.codes = floats(rows?.codes);
    this.labels = integers(rows?.labels);
    this.predictions = integers(rows?.predictions);
    this.sharing = integers(rows?.probabilities);
    this.errors = floats(rows?.errors);
    this.bounds = floats(rows?.bounds);
    this.present = integers(rows?.present);
    this.stored = rows?.views.map((blob) => numbersOf(buffer, blob)) ?? [];
    this.draws = /** @type {Float32Array} */ (floats(model.prior.draws));
    this.drawLabels = integers(model.prior.labels);
    this.film = model.film && {
      rounds: model.film.rounds,
      codes: /** @type {Float32Array} */ (floats(model.film.codes)),
      shape: model.film.codes.shape,
      labels: integers(model.film.labels),
    };
    this.classes = model.labels?.values ?? [];
    this.conditions = model.labels?.in === "decoder" ? model.labels.conditions : null;
    this.toldClasses = model.labels?.in === "decoder" && !this.conditions;
    this.store = new Store(this.opening(theme));
    const middle = this.codes ? nearestRow(this.codes, this.store.state.code) : -1;
    if (middle >= 0) this.visit(this.placeOf(middle)); // a row to begin with: the middle itself may show nothing
  }

  /** @param {"light"|"dark"} theme
   * @returns {State} */
  opening(theme) {
    const latent = this.model.latent;
    const [x, y] = latent.size > 1 ? latent.order : [0, 0];
    return {
      code: Float32Array.from(latent.center),
      told: this.conditions ? new Float32Array(this.conditions.length).fill(NaN) : this.toldClasses ? this.weights(0) : null,
      row: -1,
      axes: latent.components ? { kind: "components", x, y } : { kind: "dimensions", x: Math.min(x, y), y: Math.max(x, y) },
      colour: this.labels ? "class" : this.predictions ? "prediction" : this.errors ? "error" : "none",
      hidden: new Set(),
      window: null,
      pins: [],
      from: null,
      to: null,
      spherical: false,
      selection: [],
      decoded: null,
      theme,
    };
  }

  /** Weights of the classes that are all on one.
   * @param {number} place */
  weights(place) {
    return Float32Array.from(this.classes, (_, other) => (other === place ? 1 : 0));
  }

  get projection() {
    return new Projection(this.model.latent, this.store.state.axes);
  }

  /** The code of a row.
   * @param {number} row */
  codeOf(row) {
    const size = this.model.latent.size;
    return /** @type {Float32Array} */ (this.codes).slice(row * size, (row + 1) * size);
  }

  /** A row as a place in the code space, under its own class where the decoder is told one.
   * @param {number} row
   * @returns {Place} */
  placeOf(row) {
    const known = this.labels?.[row] ?? -1;
    const likeliest = known >= 0 ? known : (this.predictions?.[row] ?? -1);
    const told = this.toldClasses && likeliest >= 0 ? this.weights(likeliest) : this.store.state.told;
    return { code: this.codeOf(row), told, row };
  }

  /** The place under the pointer. @returns {Place} */
  get here() {
    const { code, told } = this.store.state;
    return { code, told, row: -1 };
  }

  /** Go to a place.
   * @param {Place} place */
  visit(place) {
    this.store.set({ code: place.code, told: place.told ?? this.store.state.told, row: place.row });
  }

  /** Whether a row, or, where there are none, a draw from the prior, is of a class that is shown.
   * @param {number} row */
  isShown(row) {
    const { hidden, colour } = this.store.state;
    if (!hidden.size) return true;
    const classes = this.codes ? (colour === "prediction" ? this.predictions : this.labels) : this.drawLabels;
    return !hidden.has(classes?.[row] ?? -1);
  }

  /** A view of a row as it can be drawn, and whether its numbers are those that the model reads.
   * @param {number} row
   * @param {number} place of the view
   * @returns {{view: View, values: Float32Array, whole: boolean}|null} */
  original(row, place) {
    const view = this.model.views[place];
    if (!this.stored[place] || (this.present && !this.present[row * this.model.views.length + place])) return null;
    const shape = /** @type {NonNullable<Model["rows"]>} */ (this.model.rows).views[place].shape.slice(1);
    const size = shape.reduce((product, side) => product * side, 1);
    const numbers = this.stored[place].subarray(row * size, (row + 1) * size);
    if (view.kind !== "image") return { view, values: Float32Array.from(numbers), whole: true };
    const whole = this.isWhole(place);
    if (!whole) return { view: { ...view, shape, channels: "last", low: 0, high: 255 }, values: Float32Array.from(numbers), whole };
    const { height, width, channels, first } = frameOf(view);
    const values = Float32Array.from(numbers, (_, index) => {
      const from = first ? (index % (height * width)) * channels + Math.floor(index / (height * width)) : index;
      return view.low + (numbers[from] / 255) * (view.high - view.low);
    });
    return { view, values, whole };
  }

  /** All views of a row as the model reads them, NaN in those that are missing; `null` where only thumbnails are kept.
   * @param {number} row
   * @returns {{views: Float32Array[], present: boolean[]}|null} */
  read(row) {
    const originals = this.model.views.map((_, place) => this.original(row, place));
    if (!this.stored.length || originals.some((original) => original && !original.whole)) return null;
    const views = originals.map((original, place) => original?.values ?? this.missing(place));
    return { views, present: originals.map(Boolean) };
  }

  /** Whether the page holds a view of rows as the model reads it, and not thumbnails.
   * @param {number} place */
  isWhole(place) {
    const view = this.model.views[place];
    if (view.kind !== "image") return true;
    const [height, width] = /** @type {NonNullable<Model["rows"]>} */ (this.model.rows).views[place].shape.slice(1);
    return height === frameOf(view).height && width === frameOf(view).width;
  }

  /** Whether all views of rows are whole. */
  get keepsRows() {
    return this.stored.length > 0 && this.stored.every((_, place) => this.isWhole(place));
  }

  /** The probability of each class of a row.
   * @param {number} row */
  async probabilities(row) {
    const of = this.classes.length;
    if (this.sharing) return Float32Array.from(this.sharing.subarray(row * of, (row + 1) * of), (byte) => byte / 255);
    const whole = this.read(row);
    return whole && this.classify("row-class", whole.views, whole.present);
  }

  /** A view of which nothing is known.
   * @param {number} place */
  missing(place) {
    const size = this.model.views[place].shape.reduce((product, side) => product * side, 1);
    return new Float32Array(size).fill(NaN);
  }

  /** @param {string} kind of question: of each, only the newest is answered
   * @param {Place} place */
  decode(kind, place) {
    const told = place.told ?? this.store.state.told;
    const inputs = this.model.functions.decode?.inputs.length === 2 && told ? [place.code, told] : [place.code];
    return this.inference.ask(kind, "decode", inputs);
  }

  /** @param {string} kind
   * @param {Float32Array[]} views
   * @param {boolean[]} present
   * @param {Float32Array|null} told
   * @returns {Promise<Float32Array|null>} the code */
  async encode(kind, views, present, told) {
    const outputs = await this.inference.ask(kind, "encode", this.inputs("encode", views, present, told));
    return outputs && outputs[0];
  }

  /** @param {string} kind
   * @param {Float32Array[]} views
   * @param {boolean[]} present
   * @returns {Promise<Float32Array|null>} the probability of each class */
  async classify(kind, views, present) {
    const outputs = await this.inference.ask(kind, "classify", this.inputs("classify", views, present, this.store.state.told));
    return outputs && outputs[0];
  }

  get canDecode() {
    return Boolean(this.model.functions.decode);
  }

  get canEncode() {
    return Boolean(this.model.functions.encode);
  }

  get canClassify() {
    return Boolean(this.model.functions.classify);
  }

  /** The inputs of a program that reads rows: views first, then what their names say.
   * @param {string} name
   * @param {Float32Array[]} views
   * @param {boolean[]} present
   * @param {Float32Array|null} told */
  inputs(name, views, present, told) {
    const ports = this.model.functions[name]?.inputs.slice(views.length) ?? [];
    const known = Float32Array.from(present, Number);
    const others = ports.map((port) => (port.name === "present" ? known : (told ?? new Float32Array(port.shape[0]).fill(NaN))));
    return [...views.map((values, place) => (present[place] ? values : new Float32Array(values.length))), ...others];
  }

  /** What a row is called, and what is known of it.
   * @param {number} row
   * @returns {[string, string][]} */
  facts(row) {
    /** @type {[string, string][]} */
    const facts = [];
    const named = (/** @type {number} */ place) => (place < 0 ? "unknown" : this.classes[place]);
    if (this.labels) facts.push(["class", named(this.labels[row])]);
    if (this.predictions) facts.push(["predicted", named(this.predictions[row])]);
    if (this.errors) facts.push(["error", this.errors[row].toPrecision(3)]);
    if (this.bounds) facts.push(["bound", `${this.bounds[row].toFixed(1).replace("-", "−")} nats`]);
    return facts;
  }
}
