// @ts-check
// A sheet to draw on, in the shape of a view's images.
/** @import {View} from "latently/types" */
import { element } from "latently/dom";
import { frameOf, paint } from "latently/pictures";
import { centring } from "latently/centring";
import { broughtTo } from "latently/resampling";

const SHEET = 280;

export class Drawing {
  /** @param {View} view
   * @param {import("latently/centring").Habits} habits of the rows' pictures
   * @param {"fill"|"fit"|"crop"} fit how pictures of another size were brought to that of the rows
   * @param {() => void} changed */
  constructor(view, habits, fit, changed) {
    this.view = view;
    this.habits = habits;
    this.fit = fit;
    this.changed = changed;
    this.frame = frameOf(view);
    /** Pixels of the sheet for each of the image. */
    this.fine = Math.max(1, Math.round(SHEET / Math.max(this.frame.height, this.frame.width)));
    const [width, height] = [this.frame.width * this.fine, this.frame.height * this.fine];
    this.sheet = element("canvas", { width, height, className: "sheet", "aria-label": `sheet for ${view.name}`, role: "img" });
    this.sheet.style.aspectRatio = `${width} / ${height}`;
    this.pen = /** @type {CanvasRenderingContext2D} */ (this.sheet.getContext("2d", { willReadFrequently: true }));
    this.thickness = 0.1;
    this.colour = habits.bright ? "#000000" : "#ffffff";
    /** Whether what is drawn is moved to where the rows' pictures lie. */
    this.centred = false;
    this.clear();
    this.listen();
  }

  clear() {
    this.touched = false;
    /** Whether it is to be read as it lies: a picture or a row that was put there. */
    this.given = false;
    this.pen.fillStyle = this.habits.bright ? "#ffffff" : "#000000";
    this.pen.fillRect(0, 0, this.sheet.width, this.sheet.height);
  }

  listen() {
    /** @type {{x: number, y: number}|null} */
    let last = null;
    const at = (/** @type {PointerEvent} */ event) => {
      const box = this.sheet.getBoundingClientRect();
      return { x: ((event.clientX - box.left) / box.width) * this.sheet.width, y: ((event.clientY - box.top) / box.height) * this.sheet.height };
    };
    const stroke = (/** @type {PointerEvent} */ event) => {
      if (!last) return;
      const here = at(event);
      if (!this.touched) this.clear();
      this.touched = true;
      const width = Math.max(this.thickness * Math.max(this.sheet.width, this.sheet.height), this.fine);
      Object.assign(this.pen, { strokeStyle: this.colour, lineWidth: width, lineCap: "round", lineJoin: "round" });
      this.pen.beginPath();
      this.pen.moveTo(last.x, last.y);
      this.pen.lineTo(here.x + 0.01, here.y);
      this.pen.stroke();
      last = here;
      this.changed();
    };
    this.sheet.addEventListener("pointerdown", (event) => {
      this.sheet.setPointerCapture(event.pointerId);
      last = at(event);
      stroke(event);
    });
    this.sheet.addEventListener("pointermove", stroke);
    for (const name of ["pointerup", "pointercancel"]) this.sheet.addEventListener(name, () => (last = null));
  }

  /** Put a picture on the sheet, brought to the size of the rows as theirs were.
   * @param {ImageBitmap} bitmap */
  put(bitmap) {
    this.lay(broughtTo(bitmap, this.frame, this.fit));
    this.touched = this.given = true;
    this.changed();
  }

  /** Put a row's picture on the sheet.
   * @param {Float32Array} values */
  set(values) {
    this.suggest(values);
    this.touched = this.given = true;
  }

  /** Show an image of the model's on the sheet, as if nothing were drawn there.
   * @param {Float32Array} values */
  suggest(values) {
    const small = document.createElement("canvas");
    paint(small, this.view, values);
    this.lay(small);
  }

  /** Cover the sheet with a picture of a row's size.
   * @param {HTMLCanvasElement} small */
  lay(small) {
    this.pen.imageSmoothingEnabled = false;
    this.pen.drawImage(small, 0, 0, this.sheet.width, this.sheet.height);
  }

  /** What is read of the sheet. */
  get source() {
    return this.centred && !this.given ? centring(this.sheet, this.frame, this.fine, this.habits) : this.sheet;
  }

  /** Put grains of noise over what is drawn. */
  speckle() {
    this.pen.drawImage(this.source, 0, 0);
    this.touched = this.given = true;
    const { width, height } = this.frame;
    for (let grain = 0; grain < 0.25 * width * height; grain++) {
      const level = Math.round(255 * Math.random());
      this.pen.fillStyle = `rgb(${level} ${level} ${level})`;
      this.pen.fillRect(Math.floor(Math.random() * width) * this.fine, Math.floor(Math.random() * height) * this.fine, this.fine, this.fine);
    }
    this.changed();
  }

  /** What is on the sheet as a row of the view, in the units of the data. */
  values() {
    const source = this.source;
    const pen = /** @type {CanvasRenderingContext2D} */ (source.getContext("2d"));
    const { data } = pen.getImageData(0, 0, source.width, source.height);
    const { height, width, channels, first } = this.frame;
    const values = new Float32Array(height * width * channels);
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        for (let c = 0; c < channels; c++) {
          const level = this.level(data, row, column, c) / 255;
          const pixel = row * width + column;
          values[first ? c * height * width + pixel : pixel * channels + c] = this.view.low + level * (this.view.high - this.view.low);
        }
      }
    }
    return values;
  }

  /** The mean of a block of the sheet: of one channel, or, in images without colour, of three.
   * @param {Uint8ClampedArray} data
   * @param {number} row
   * @param {number} column
   * @param {number} c */
  level(data, row, column, c) {
    let sum = 0;
    const grey = this.frame.channels < 3;
    for (let down = 0; down < this.fine; down++) {
      for (let right = 0; right < this.fine; right++) {
        const pixel = 4 * ((row * this.fine + down) * this.frame.width * this.fine + column * this.fine + right);
        sum += grey ? 0.299 * data[pixel] + 0.587 * data[pixel + 1] + 0.114 * data[pixel + 2] : data[pixel + Math.min(c, 2)];
      }
    }
    return sum / this.fine ** 2;
  }
}
