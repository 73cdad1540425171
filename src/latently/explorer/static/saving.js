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

/** The pixels of rows' pictures: each row a list of canvases (one a view) side by side, up to ten rows in a line.
 * @param {HTMLCanvasElement[][]} rows
 * @param {number} [scale] pixels of the sheet for each of a picture */
export function contactSheet(rows, scale = 4) {
  const width = Math.max(...rows.map((row) => row.reduce((sum, canvas) => sum + canvas.width, 0)));
  const height = Math.max(...rows.flat().map((canvas) => canvas.height));
  const columns = Math.min(10, rows.length);
  const sheet = document.createElement("canvas");
  sheet.width = (columns * (width + 1) - 1) * scale;
  sheet.height = (Math.ceil(rows.length / columns) * (height + 1) - 1) * scale;
  const pen = /** @type {CanvasRenderingContext2D} */ (sheet.getContext("2d"));
  pen.imageSmoothingEnabled = false;
  pen.fillStyle = "#ffffff";
  pen.fillRect(0, 0, sheet.width, sheet.height);
  rows.forEach((row, place) => {
    let left = (place % columns) * (width + 1);
    const top = Math.floor(place / columns) * (height + 1);
    for (const canvas of row) {
      pen.drawImage(canvas, left * scale, top * scale, canvas.width * scale, canvas.height * scale);
      left += canvas.width;
    }
  });
  return sheet;
}

/** Hand a canvas to the person as a PNG file.
 * @param {string} name
 * @param {HTMLCanvasElement} canvas */
export function downloadPicture(name, canvas) {
  canvas.toBlob((content) => content && download(name, content), "image/png");
}
