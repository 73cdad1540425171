// @ts-check
// Files that people take home: tables and pictures, made in the page.

/** Hand a file to the person.
 * @param {string} name
 * @param {Blob} content */
export function download(name, content) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10000);
}

/** A table as CSV; cells with commas, quotes or line ends are quoted.
 * @param {string[]} header
 * @param {(string|number)[][]} lines */
export function csv(header, lines) {
  const cell = (/** @type {string|number} */ value) => (/[",\n\r]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));
  return new Blob([[header, ...lines].map((line) => line.map(cell).join(",") + "\n").join("")], { type: "text/csv" });
}

const GAP = 4;

/** Rows' pictures and curves on the colour of the page's cards: each row a list of canvases (one a view) side by side, up
 * to ten rows in a line.
 * @param {HTMLCanvasElement[][]} rows
 * @param {number} [side] about how many pixels high small pictures come out */
export function contactSheet(rows, side = 112) {
  const sizes = rows.map((row) => row.map((canvas) => sizeOf(canvas, side)));
  const width = Math.max(...sizes.map((row) => row.reduce((sum, size) => sum + size.width, 0))) + GAP;
  const height = Math.max(...sizes.flat().map((size) => size.height)) + GAP;
  const columns = Math.min(10, rows.length);
  const sheet = document.createElement("canvas");
  sheet.width = columns * width - GAP;
  sheet.height = Math.ceil(rows.length / columns) * height - GAP;
  const pen = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d"));
  pen.imageSmoothingEnabled = false;
  pen.fillStyle = getComputedStyle(document.documentElement).getPropertyValue("--card");
  pen.fillRect(0, 0, sheet.width, sheet.height);
  rows.forEach((row, place) => {
    let left = (place % columns) * width;
    row.forEach((canvas, view) => {
      const size = sizes[place][view];
      pen.drawImage(canvas, left, Math.floor(place / columns) * height, size.width, size.height);
      left += size.width;
    });
  });
  return sheet;
}

/** How large a canvas is on a sheet: a small picture several times as large, curves as they are.
 * @param {HTMLCanvasElement} canvas
 * @param {number} side */
function sizeOf({ width, height, className }, side) {
  const scale = className.includes("curves") ? 1 : Math.max(1, Math.round(side / height));
  return { width: scale * width, height: scale * height };
}

/** Hand a canvas to the person as a PNG file.
 * @param {string} name
 * @param {HTMLCanvasElement} canvas */
export function downloadPicture(name, canvas) {
  canvas.toBlob((content) => content && download(name, content), "image/png");
}
