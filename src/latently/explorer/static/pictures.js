// @ts-check
// Views that are images, on a canvas.
/** @import {View} from "latently/types" */

/** How a stored image lies in memory.
 * @param {View} view */
export function frameOf(view) {
  const shape = view.shape;
  if (shape.length === 2) return { height: shape[0], width: shape[1], channels: 1, first: false };
  if (view.channels === "first") return { height: shape[1], width: shape[2], channels: shape[0], first: true };
  return { height: shape[0], width: shape[1], channels: shape[2], first: false };
}

/** Paint an image in the units of the data, one pixel of the canvas for each of its own.
 * @param {HTMLCanvasElement} canvas
 * @param {View} view
 * @param {Float32Array} values */
export function paint(canvas, view, values) {
  const { height, width, channels, first } = frameOf(view);
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const image = pen.createImageData(width, height);
  const scale = 255 / (view.high - view.low || 1);
  const [step, stride] = first ? [1, height * width] : [channels, 1];
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let c = 0; c < 3; c++) {
      const value = values[pixel * step + Math.min(c, channels - 1) * stride];
      image.data[4 * pixel + c] = (value - view.low) * scale;
    }
    image.data[4 * pixel + 3] = 255;
  }
  pen.putImageData(image, 0, 0);
}

/** An empty canvas for images of a view.
 * @param {View} view
 * @param {string} label for those who cannot see it */
export function pictureCanvas(view, label) {
  const { height, width } = frameOf(view);
  const canvas = document.createElement("canvas");
  Object.assign(canvas, { height, width, className: "picture" });
  canvas.setAttribute("role", "img");
  canvas.setAttribute("aria-label", label);
  canvas.style.aspectRatio = `${width} / ${height}`;
  if (Math.max(height, width) < 200) canvas.classList.add("coarse");
  return canvas;
}
