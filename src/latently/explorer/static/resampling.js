// @ts-check
// Pictures brought to the size of rows as Latently brings them in Python, and Pillow resizes them there.

/** @typedef {{left: number, top: number, width: number, height: number}} Box */
/** @typedef {{data: ImageData["data"], width: number, height: number}} Pixels red, green, blue and alpha of each */

/** A picture in another size, on white where it is transparent.
 * @param {ImageBitmap} picture
 * @param {{width: number, height: number}} size
 * @param {"fill"|"fit"|"crop"} fit crop it around the centre and resize it; resize it whole, between black borders; or
 *   crop it around the centre, or set it between black borders, and do not resize it
 * @returns {HTMLCanvasElement} */
export function broughtTo(picture, size, fit) {
  const { from, to } = boxes(picture, size, fit);
  const narrow = resized(opaque(picture), from.left, from.width, to.width);
  const small = resized(narrow, from.top, from.height, to.height);
  const [canvas, pen] = sheet(size.width, size.height, "#000000");
  pen.putImageData(new ImageData(small.data, small.width, small.height), to.left, to.top);
  return canvas;
}

/** Which part of a picture goes where.
 * @param {{width: number, height: number}} picture
 * @param {{width: number, height: number}} size
 * @param {"fill"|"fit"|"crop"} fit
 * @returns {{from: Box, to: Box}} */
function boxes(picture, size, fit) {
  const scales = [size.width / picture.width, size.height / picture.height];
  const scale = { fill: Math.max(...scales), fit: Math.min(...scales), crop: 1 }[fit];
  /** Where it begins and how long it is along one side, there and here. */
  const side = (/** @type {"width"|"height"} */ name) => {
    const [long, wanted] = [picture[name], size[name]];
    if (fit === "fill") return [(long - wanted / scale) / 2, wanted / scale, 0, wanted];
    if (fit === "crop") {
      const start = Math.floor((long - wanted) / 2);
      return [Math.max(start, 0), Math.min(long, wanted), Math.max(-start, 0), Math.min(long, wanted)];
    }
    const length = Math.max(1, toEven(scale * long));
    return [0, long, toEven((wanted - length) / 2), length];
  };
  const [[left, width, toLeft, toWidth], [top, height, toTop, toHeight]] = [side("width"), side("height")];
  return { from: { left, top, width, height }, to: { left: toLeft, top: toTop, width: toWidth, height: toHeight } };
}

/** The nearest whole number, of two the even one: as Python rounds.
 * @param {number} value */
function toEven(value) {
  const nearest = Math.round(value);
  return nearest - value === 0.5 && nearest % 2 ? nearest - 1 : nearest;
}

/** The pixels of a picture on white.
 * @param {ImageBitmap} picture
 * @returns {Pixels} */
function opaque(picture) {
  const [, pen] = sheet(picture.width, picture.height, "#ffffff");
  pen.drawImage(picture, 0, 0);
  return pen.getImageData(0, 0, picture.width, picture.height);
}

/** @param {number} width
 * @param {number} height
 * @param {string} fillStyle
 * @returns {[HTMLCanvasElement, CanvasRenderingContext2D]} */
function sheet(width, height, fillStyle) {
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { width, height });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  Object.assign(pen, { fillStyle }).fillRect(0, 0, width, height);
  return [canvas, pen];
}

/** Another number of pixels along each line, by Lanczos' filter of three lobes; lines become columns.
 * @param {Pixels} pixels
 * @param {number} start of what is taken of each line
 * @param {number} length of it
 * @param {number} size that it gets
 * @returns {Pixels} */
function resized({ data, width, height }, start, length, size) {
  const scale = length / size;
  const reach = Math.max(1, scale);
  const result = new Uint8ClampedArray(4 * size * height).fill(255);
  for (let place = 0; place < size; place++) {
    const centre = start + (place + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - 3 * reach + 0.5));
    const last = Math.min(width, Math.floor(centre + 3 * reach + 0.5));
    const weights = Float64Array.from({ length: last - first }, (_, tap) => lanczos((first + tap - centre + 0.5) / reach));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    for (let line = 0; line < height; line++) {
      let [red, green, blue] = [0, 0, 0];
      for (let tap = 0, from = 4 * (line * width + first); tap < weights.length; tap++, from += 4) {
        red += weights[tap] * data[from];
        green += weights[tap] * data[from + 1];
        blue += weights[tap] * data[from + 2];
      }
      const to = 4 * (place * height + line);
      [result[to], result[to + 1], result[to + 2]] = [red / sum, green / sum, blue / sum];
    }
  }
  return { data: result, width: height, height: size };
}

/** @param {number} x */
function lanczos(x) {
  if (Math.abs(x) >= 3) return 0;
  return x === 0 ? 1 : (3 * Math.sin(Math.PI * x) * Math.sin((Math.PI * x) / 3)) / (Math.PI * x) ** 2;
}
