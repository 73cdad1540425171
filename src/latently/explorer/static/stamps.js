// @ts-check
// Thousands of marks, written into the pixels of a picture: faster than as many calls of a canvas, on any machine.
import { traceMark } from "latently/palette";

const STRENGTH = 0.85;

/** @typedef {{reach: number, right: Int16Array, down: Int16Array, cover: Uint8Array}} Mask pixels of a mark, and how much of each it covers */

/** The pixels of a mark around its middle.
 * @param {string} mark
 * @param {number} radius in pixels
 * @returns {Mask} */
export function maskOf(mark, radius) {
  const reach = Math.ceil(1.3 * radius + 1);
  const side = 2 * reach + 1;
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = side;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  pen.translate(side / 2, side / 2);
  traceMark(pen, mark, radius);
  pen.fill();
  const { data } = pen.getImageData(0, 0, side, side);
  const covered = Array.from({ length: side * side }, (_, pixel) => pixel).filter((pixel) => data[4 * pixel + 3] > 0);
  return {
    reach,
    right: Int16Array.from(covered, (pixel) => (pixel % side) - reach),
    down: Int16Array.from(covered, (pixel) => Math.floor(pixel / side) - reach),
    cover: Uint8Array.from(covered, (pixel) => STRENGTH * data[4 * pixel + 3]),
  };
}

/** Red, green and blue of a colour as CSS writes it.
 * @param {string} colour
 * @returns {[number, number, number]} */
export function channelsOf(colour) {
  if (colour.startsWith("#")) return [parseInt(colour.slice(1, 3), 16), parseInt(colour.slice(3, 5), 16), parseInt(colour.slice(5, 7), 16)];
  const [red, green, blue] = (colour.match(/\d+/g) ?? []).map(Number);
  return [red, green, blue];
}

/** Lay a mark over an opaque picture; one that would be cut by its rim is left out.
 * @param {ImageData} picture
 * @param {Mask} mask
 * @param {[number, number, number]} colour
 * @param {number} left of its middle, in whole pixels
 * @param {number} top */
export function lay({ data, width, height }, { reach, right, down, cover }, [red, green, blue], left, top) {
  if (left < reach || top < reach || left >= width - reach || top >= height - reach) return;
  const middle = top * width + left;
  for (let pixel = 0; pixel < cover.length; pixel++) {
    const place = 4 * (middle + down[pixel] * width + right[pixel]);
    const share = cover[pixel];
    data[place] += ((red - data[place]) * share) >> 8;
    data[place + 1] += ((green - data[place + 1]) * share) >> 8;
    data[place + 2] += ((blue - data[place + 2]) * share) >> 8;
  }
}
