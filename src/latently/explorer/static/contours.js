// @ts-check
// Where the prior is dense: contours of a kernel estimate from its draws, each around a share of them.

const CELLS = 72;
export const SHARES = [0.25, 0.5, 0.75, 0.95];

/** Pieces of the lines around shares of the draws, from the outermost to the innermost.
 * @param {Float32Array} places x and y of each draw in turn
 * @returns {{share: number, pieces: number[][]}[]} pieces as [x, y, x, y] */
export function contours(places) {
  const [x, y] = [spread(places, 0), spread(places, 1)];
  const grid = density(places, x, y);
  const heights = Float64Array.from({ length: places.length / 2 }, (_, draw) => {
    const column = Math.floor((places[2 * draw] - x.low) / x.cell);
    const row = Math.floor((places[2 * draw + 1] - y.low) / y.cell);
    return grid[row * CELLS + column];
  }).sort();
  return [...SHARES].reverse().map((share) => {
    const level = heights[Math.floor((1 - share) * heights.length)];
    return { share, pieces: marched(grid, level, x, y) };
  });
}

/** @typedef {{low: number, cell: number, width: number}} Side of the grid; `width` is of the kernel, in cells */

/** @param {Float32Array} places
 * @param {0|1} axis
 * @returns {Side} */
function spread(places, axis) {
  const values = Float64Array.from({ length: places.length / 2 }, (_, draw) => places[2 * draw + axis]).sort();
  const quartiles = values[Math.floor(0.75 * values.length)] - values[Math.floor(0.25 * values.length)];
  const kernel = (0.75 * 0.9 * (quartiles / 1.34 || 1)) / values.length ** (1 / 6); // Silverman's rule, a little finer
  const low = values[0] - 3 * kernel;
  const cell = (values[values.length - 1] + 3 * kernel - low) / CELLS;
  return { low, cell, width: kernel / cell };
}

/** @param {Float32Array} places
 * @param {Side} x
 * @param {Side} y */
function density(places, x, y) {
  const counts = new Float64Array(CELLS * CELLS);
  for (let draw = 0; 2 * draw < places.length; draw++) {
    const column = Math.floor((places[2 * draw] - x.low) / x.cell);
    const row = Math.floor((places[2 * draw + 1] - y.low) / y.cell);
    counts[row * CELLS + column] += 1;
  }
  return blurred(blurred(counts, x.width, 1, CELLS), y.width, CELLS, 1);
}

/** @param {Float64Array} grid
 * @param {number} width of the kernel
 * @param {number} step to the next cell along the blur
 * @param {number} stride to the next line */
function blurred(grid, width, step, stride) {
  const reach = Math.max(1, Math.ceil(3 * width));
  const kernel = Array.from({ length: 2 * reach + 1 }, (_, k) => Math.exp(-((k - reach) ** 2) / (2 * width * width)));
  const result = new Float64Array(grid.length);
  for (let line = 0; line < CELLS; line++) {
    for (let cell = 0; cell < CELLS; cell++) {
      let sum = 0;
      const [first, last] = [Math.max(0, cell - reach), Math.min(CELLS - 1, cell + reach)];
      for (let other = first; other <= last; other++) sum += kernel[other - cell + reach] * grid[line * stride + other * step];
      result[line * stride + cell * step] = sum;
    }
  }
  return result;
}

/** How many corners of a square are above the level.
 * @param {Float64Array} grid
 * @param {number} level
 * @param {number} row
 * @param {number} column */
function inside(grid, level, row, column) {
  const start = row * CELLS + column;
  return Number(grid[start] >= level) + Number(grid[start + 1] >= level) + Number(grid[start + CELLS] >= level) + Number(grid[start + CELLS + 1] >= level);
}

/** Marching squares: where the level crosses the sides of each square of four neighbours.
 * @param {Float64Array} grid
 * @param {number} level
 * @param {Side} x
 * @param {Side} y */
function marched(grid, level, x, y) {
  const pieces = [];
  for (let row = 0; row < CELLS - 1; row++) {
    for (let column = 0; column < CELLS - 1; column++) {
      const above = inside(grid, level, row, column);
      if (above === 0 || above === 4) continue;
      const corner = [[0, 0], [1, 0], [1, 1], [0, 1]].map(([c, r]) => [column + c, row + r, grid[(row + r) * CELLS + column + c]]);
      const crossings = [];
      for (let side = 0; side < 4; side++) {
        const [[ax, ay, a], [bx, by, b]] = [corner[side], corner[(side + 1) % 4]];
        if (a >= level === b >= level) continue;
        const share = (level - a) / (b - a);
        crossings.push(x.low + (ax + share * (bx - ax) + 0.5) * x.cell, y.low + (ay + share * (by - ay) + 0.5) * y.cell);
      }
      if (crossings.length >= 4) pieces.push(crossings.slice(0, 4));
      if (crossings.length === 8) pieces.push(crossings.slice(4));
    }
  }
  return pieces;
}
