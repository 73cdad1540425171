// @ts-check
// What the file holds: the manifest, and the numbers behind its blobs.
/** @import {Blob as Stored, Manifest, Numbers} from "latently/types" */

/** The manifest of this file, and all its numbers in one buffer.
 * @returns {Promise<{manifest: Manifest, buffer: ArrayBuffer}>} */
export async function unpack() {
  const manifest = JSON.parse(document.getElementById("manifest")?.textContent ?? "");
  return { manifest, buffer: await unpacked("data") };
}

const ARRAYS = { f32: Float32Array, u8: Uint8Array, i8: Int8Array, u16: Uint16Array, i16: Int16Array, i32: Int32Array };

/** The numbers of a blob; those of 16-bit floats as 32-bit ones.
 * @param {ArrayBuffer} buffer
 * @param {Stored} blob
 * @returns {Numbers} */
export function numbersOf(buffer, blob) {
  const length = blob.shape.reduce((product, size) => product * size, 1);
  if (blob.type === "f16") return widened(new Uint16Array(buffer, blob.offset, length));
  return new ARRAYS[blob.type](buffer, blob.offset, length);
}

/** The numbers of a blob as 32-bit floats.
 * @param {ArrayBuffer} buffer
 * @param {Stored} blob */
export function floatsOf(buffer, blob) {
  const numbers = numbersOf(buffer, blob);
  return numbers instanceof Float32Array ? numbers : Float32Array.from(numbers);
}

/** @type {Float32Array|null} */
let halves = null;

/** @param {Uint16Array} numbers */
function widened(numbers) {
  const table = (halves ??= Float32Array.from({ length: 65536 }, (_, bits) => halfOf(bits)));
  const floats = new Float32Array(numbers.length);
  for (let place = 0; place < floats.length; place++) floats[place] = table[numbers[place]];
  return floats;
}

/** @param {number} bits of an IEEE 754 binary16 */
function halfOf(bits) {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
