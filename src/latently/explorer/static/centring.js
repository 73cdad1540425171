// @ts-check
// Drawings are moved and scaled until they lie as the training rows' pictures do.
/** @import {Explorer} from "latently/explorer" */
import { frameOf } from "latently/pictures";

/**
 * How the pictures of rows lie in their frames.
 * @typedef {object} Habits
 * @property {boolean} bright whether they are dark on bright ground
 * @property {number} extent the longer side of what is drawn, as a share of the frame's longer side
 * @property {number} x of the centre of mass, as a share of the width
 * @property {number} y of the centre of mass, as a share of the height
 * @property {boolean} lonely whether they are things on an even ground, so that moving a drawing makes sense
 */

/** The means of those rows that the page holds.
 * @param {Explorer} explorer
 * @param {number} place of the view
 * @returns {Habits} */
export function habitsOf(explorer, place) {
  const view = explorer.model.views[place];
  const { height, width, channels, first } = frameOf(view);
  const many = Math.min(explorer.count, 200);
  const habits = { bright: false, extent: 0.75, x: 0.5, y: 0.5, lonely: false };
  let [border, seen] = [0, 0];
  const found = { extent: 0, x: 0, y: 0, ground: 0 };
  const images = Array.from({ length: many }, (_, row) => explorer.original(row, place)).filter((each) => each?.whole);
  if (!images.length) return habits;
  const shares = images.map((image) => Float32Array.from({ length: height * width }, (_, pixel) => {
    const value = /** @type {Float32Array} */ (image?.values)[first ? pixel : pixel * channels];
    return (value - view.low) / (view.high - view.low || 1);
  }));
  for (const share of shares) for (let column = 0; column < width; column++) border += (share[column] + share[(height - 1) * width + column]) / (2 * width);
  habits.bright = border / shares.length > 0.5;
  for (const share of shares) {
    const ink = habits.bright ? share.map((value) => 1 - value) : share;
    const lying = layout(ink, width, height);
    if (!lying) continue;
    seen++;
    found.ground += ink.filter((value) => value < 0.1).length / ink.length;
    found.extent += Math.max(lying.right - lying.left, lying.bottom - lying.top) / Math.max(width, height);
    found.x += lying.x / width;
    found.y += lying.y / height;
  }
  if (!seen) return habits;
  return { bright: habits.bright, extent: found.extent / seen, x: found.x / seen, y: found.y / seen, lonely: found.ground / seen > 0.35 };
}

/** Where ink lies: the box around it, and its centre of mass.
 * @param {ArrayLike<number>} ink between 0 and 1
 * @param {number} width
 * @param {number} height */
function layout(ink, width, height) {
  const box = { left: width, right: 0, top: height, bottom: 0, x: 0, y: 0 };
  let mass = 0;
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const weight = ink[row * width + column];
      if (!(weight > 0.25)) continue;
      box.left = Math.min(box.left, column);
      box.right = Math.max(box.right, column + 1);
      box.top = Math.min(box.top, row);
      box.bottom = Math.max(box.bottom, row + 1);
      box.x += weight * (column + 0.5);
      box.y += weight * (row + 0.5);
      mass += weight;
    }
  }
  return mass ? { ...box, x: box.x / mass, y: box.y / mass } : null;
}

/** A copy of a sheet on which the drawing is as large, and lies where, rows' pictures do.
 * @param {HTMLCanvasElement} sheet
 * @param {{width: number, height: number}} frame
 * @param {number} fine pixels of the sheet for each of the image
 * @param {Habits} habits */
export function centring(sheet, frame, fine, habits) {
  const { width, height } = sheet;
  const { data } = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d")).getImageData(0, 0, width, height);
  const ink = Float32Array.from({ length: width * height }, (_, pixel) => {
    const level = (data[4 * pixel] + data[4 * pixel + 1] + data[4 * pixel + 2]) / 765;
    return habits.bright ? 1 - level : level;
  });
  const lying = layout(ink, width, height);
  if (!lying) return sheet;
  const extent = Math.max(lying.right - lying.left, lying.bottom - lying.top);
  const scale = (habits.extent * Math.max(width, height)) / extent;
  const moved = document.createElement("canvas");
  Object.assign(moved, { width, height });
  const pen = /** @type {CanvasRenderingContext2D} */ (moved.getContext("2d"));
  pen.fillStyle = habits.bright ? "#ffffff" : "#000000";
  pen.fillRect(0, 0, width, height);
  pen.translate(habits.x * frame.width * fine, habits.y * frame.height * fine);
  pen.scale(scale, scale);
  pen.imageSmoothingQuality = "high";
  pen.drawImage(sheet, -lying.x, -lying.y);
  return moved;
}
