// @ts-check
// From codes of any length to the two axes of the map, and back.
/** @import {Axes, Model} from "latently/types" */

export class Projection {
  /** @param {Model["latent"]} latent
   * @param {Axes} axes two dimensions, or the two principal components of the rows' codes */
  constructor(latent, axes) {
    this.latent = latent;
    this.axes = axes;
    const unit = (/** @type {number} */ place) => Array.from({ length: latent.size }, (_, d) => (d === place ? 1 : 0));
    const components = axes.kind === "components" ? latent.components : null;
    this.flat = latent.size === 1;
    this.directions = components ?? [unit(axes.x), this.flat ? [0] : unit(axes.y)];
    this.origin = components ? latent.center : Array(latent.size).fill(0);
  }

  /** What stands at the two axes. */
  get names() {
    if (this.axes.kind === "dimensions") return [nameOf(this.axes.x), this.flat ? "" : nameOf(this.axes.y)];
    const shares = this.latent.explained;
    return [0, 1].map((c) => `principal component ${c + 1}` + (shares ? ` (${Math.round(100 * shares[c])} % of the codes’ variance)` : ""));
  }

  /** Where codes lie on the map: x and y of each in turn. Codes of one dimension are spread out along y.
   * @param {Float32Array} codes */
  all(codes) {
    const size = this.latent.size;
    const places = new Float32Array((2 * codes.length) / size);
    for (let row = 0; 2 * row < places.length; row++) {
      const [x, y] = this.at(codes, row * size);
      places[2 * row] = x;
      places[2 * row + 1] = this.flat ? scatter(row) : y;
    }
    return places;
  }

  /** Where the code lies that begins at `start`.
   * @param {Float32Array} codes
   * @param {number} [start] */
  at(codes, start = 0) {
    let [x, y] = [0, 0];
    const [along, across] = this.directions;
    for (let d = 0; d < this.latent.size; d++) {
      const value = codes[start + d] - this.origin[d];
      x += value * along[d];
      y += value * across[d];
    }
    return [x, y];
  }

  /** The code at a place of the map that agrees with `base` in all that the map does not show.
   * @param {Float32Array} base
   * @param {number} x
   * @param {number} y */
  code(base, x, y) {
    const [fromX, fromY] = this.at(base);
    const [along, across] = this.directions;
    return base.map((value, d) => value + (x - fromX) * along[d] + (y - fromY) * across[d]);
  }
}

/** The name of a dimension: z₁, z₂, …
 * @param {number} place */
export function nameOf(place) {
  return "z" + String(place + 1).replace(/\d/g, (digit) => "₀₁₂₃₄₅₆₇₈₉"[Number(digit)]);
}

/** A fixed number between -1 and 1 for each row.
 * @param {number} row */
function scatter(row) {
  return 2 * ((row * 0.6180339887) % 1) - 1;
}
