// @ts-check
// Which rows are near a place, and which lie inside an outline.

/** The row nearest to a place of the map, or -1 where none of those that are shown is within `reach`.
 * @param {Float32Array} places x and y of each row in turn
 * @param {number} x
 * @param {number} y
 * @param {number} reach
 * @param {(row: number) => boolean} shown */
export function nearestOnMap(places, x, y, reach, shown) {
  let [best, least] = [-1, reach * reach];
  for (let row = 0; 2 * row < places.length; row++) {
    const distance = (places[2 * row] - x) ** 2 + (places[2 * row + 1] - y) ** 2;
    if (distance < least && shown(row)) [best, least] = [row, distance];
  }
  return best;
}

/** The row whose code is nearest to a code, over all dimensions.
 * @param {Float32Array} codes
 * @param {Float32Array} code */
export function nearestRow(codes, code) {
  let [best, least] = [-1, Infinity];
  for (let row = 0; row * code.length < codes.length; row++) {
    let distance = 0;
    for (let d = 0; d < code.length; d++) distance += (codes[row * code.length + d] - code[d]) ** 2;
    if (distance < least) [best, least] = [row, distance];
  }
  return best;
}

/** The rows inside an outline, by the even-odd rule.
 * @param {Float32Array} places
 * @param {[number, number][]} outline
 * @param {(row: number) => boolean} shown */
export function rowsInside(places, outline, shown) {
  const rows = [];
  for (let row = 0; 2 * row < places.length; row++) {
    if (isInside(places[2 * row], places[2 * row + 1], outline) && shown(row)) rows.push(row);
  }
  return rows;
}

/** @param {number} x
 * @param {number} y
 * @param {[number, number][]} outline */
function isInside(x, y, outline) {
  let inside = false;
  for (let here = 0, before = outline.length - 1; here < outline.length; before = here++) {
    const [[ax, ay], [bx, by]] = [outline[here], outline[before]];
    if (ay > y !== by > y && x < ((bx - ax) * (y - ay)) / (by - ay) + ax) inside = !inside;
  }
  return inside;
}
