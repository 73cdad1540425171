// @ts-check
// Runs a program that `latently.export.program` wrote: a function of a fitted model, for one row. It imports nothing.

/** @typedef {{offset: number, type: string, shape: number[]}} Blob */
/** @typedef {(string|number|boolean|Blob|number[]|number[][])} Setting */

/** Which numbers an operand is, and how it is walked through: number, offset, strides of each kind of axes.
 * @typedef {any[]} Operand */

/** @typedef {{do: string, function?: string, shape?: number[][], out: Operand, of: Operand[], [name: string]: any}} Operation */

/**
 * @typedef {object} Program
 * @property {{name: string, shape: number[]}[]} inputs
 * @property {{name: string, shape: number[]}[]} outputs
 * @property {number[]} slots how many numbers each buffer holds
 * @property {any[]} constants
 * @property {Operation[]} operations
 * @property {number[]} results
 */

/** @typedef {Float32Array[]} Memory inputs, buffers and constants, in this order */

export class Machine {
  /** Buffers are made here, once; a run makes none.
   * @param {Program} program
   * @param {(blob: any) => Float32Array} tensor from where numbers lie to the numbers */
  constructor(program, tensor) {
    this.sizes = program.inputs.map(({ shape }) => count(shape));
    /** @type {Memory} */
    this.memory = [
      ...this.sizes.map((size) => new Float32Array(size)),
      ...program.slots.map((size) => new Float32Array(size)),
      ...program.constants.map(tensor),
    ];
    this.steps = program.operations.map((operation) => OPERATIONS[operation.do](operation, this.memory, tensor));
    this.results = program.results.map((place, n) => this.memory[place].subarray(0, count(program.outputs[n].shape)));
  }

  /** What the program makes of its inputs. The next run writes over it.
   * @param {Float32Array[]} inputs
   * @returns {Float32Array[]} */
  run(inputs) {
    for (let place = 0; place < this.sizes.length; place++) {
      const given = inputs[place]?.length;
      if (given !== this.sizes[place]) throw new Error(`input ${place} must have ${this.sizes[place]} numbers; got ${given}`);
      this.memory[place].set(inputs[place]);
    }
    for (const step of this.steps) step();
    return this.results;
  }
}

/** @param {number[]} shape */
function count(shape) {
  return shape.reduce((product, size) => product * size, 1);
}

/** Where each element along some axes lies.
 * @param {number[]} sizes
 * @param {number[]} strides
 * @param {number} [start]
 * @returns {Int32Array} */
function places(sizes, strides, start = 0) {
  let found = Int32Array.of(start);
  for (let axis = 0; axis < sizes.length; axis++) {
    const next = new Int32Array(found.length * sizes[axis]);
    for (let n = 0, out = 0; n < found.length; n++) {
      for (let step = 0; step < sizes[axis]; step++) next[out++] = found[n] + step * strides[axis];
    }
    found = next;
  }
  return found;
}

/** Name of an operation → from what it is told to a function without arguments that does it.
 * @type {Record<string, (operation: Operation, memory: Memory, tensor: (blob: any) => Float32Array) => () => void>} */
const OPERATIONS = { map, reduce, accumulate, dot, take, put, gather };

/** @param {Operation} operation @param {Memory} memory */
function map({ function: name, shape, out, of }, memory) {
  const [sizes] = /** @type {number[][]} */ (shape);
  const loop = MAPS[/** @type {string} */ (name)];
  const length = /** @type {number} */ (sizes.at(-1));
  const [to, a, b, c] = [out, of[0], of[1] ?? of[0], of[2] ?? of[0]].map(([place, offset, strides]) => ({
    numbers: memory[place],
    starts: places(sizes.slice(0, -1), strides.slice(0, -1), offset),
    stride: strides.at(-1),
  }));
  return () => {
    for (let n = 0; n < to.starts.length; n++) {
      loop(length, to.numbers, to.starts[n], to.stride, a.numbers, a.starts[n], a.stride,
        b.numbers, b.starts[n], b.stride, c.numbers, c.starts[n], c.stride);
    }
  };
}

/** @param {Operation} operation @param {Memory} memory */
function reduce({ function: name, shape, out, of }, memory) {
  const [kept, over] = /** @type {number[][]} */ (shape);
  const [place, offset, outer, inner] = of[0];
  const [to, from] = [memory[out[0]], memory[place]];
  const starts = places(kept, outer, offset);
  const steps = places(over, inner);
  const fold = REDUCTIONS[/** @type {string} */ (name)];
  return () => {
    for (let n = 0; n < starts.length; n++) to[n] = fold(from, starts[n], steps);
  };
}

/** @param {Operation} operation @param {Memory} memory */
function accumulate({ function: name, shape, out, of }, memory) {
  const [others, [length]] = /** @type {number[][]} */ (shape);
  const [to, from] = [out, of[0]].map(([place, offset, outer, [stride]]) => ({
    numbers: memory[place],
    starts: places(others, outer, offset),
    stride,
  }));
  const add = ACCUMULATIONS[/** @type {string} */ (name)];
  return () => {
    for (let n = 0; n < to.starts.length; n++) {
      let sum = from.numbers[from.starts[n]];
      to.numbers[to.starts[n]] = sum;
      for (let step = 1; step < length; step++) {
        sum = add(sum, from.numbers[from.starts[n] + step * from.stride]);
        to.numbers[to.starts[n] + step * to.stride] = sum;
      }
    }
  };
}

/** @param {Operation} operation @param {Memory} memory */
function dot({ shape, columns, out, of }, memory) {
  const [batch, rows, inner] = /** @type {number[][]} */ (shape);
  const [place, offset, ofBatch, ofRows, ofInner] = of[0];
  const [to, from, weights] = [memory[out[0]], memory[place], memory[of[1][0]]];
  const [batches, starts, steps] = [places(batch, ofBatch, offset), places(rows, ofRows), places(inner, ofInner)];
  const few = columns < 8;
  const tiled = few ? 0 : starts.length - (starts.length % 4);
  const [most, rest] = [starts.subarray(0, tiled), starts.subarray(tiled)];
  return () => {
    for (let n = 0; n < batches.length; n++) {
      const [product, matrix, origin] = [n * starts.length * columns, n * steps.length * columns, batches[n]];
      multiplyTiles(to, product, from, origin, most, steps, weights, matrix, columns);
      multiplyColumns(to, product, from, origin, most, steps, weights, matrix, columns, columns - (columns % 4));
      const left = product + tiled * columns;
      if (few) multiplyColumns(to, left, from, origin, rest, steps, weights, matrix, columns, 0);
      else multiplyRows(to, left, from, origin, rest, steps, weights, matrix, columns);
    }
  };
}

/** Four rows at a time times four columns of a matrix: sixteen sums, which stay in registers.
 * @param {Float32Array} to @param {number} product
 * @param {Float32Array} from @param {number} origin @param {Int32Array} starts @param {Int32Array} steps
 * @param {Float32Array} weights @param {number} matrix @param {number} columns */
// prettier-ignore
function multiplyTiles(to, product, from, origin, starts, steps, weights, matrix, columns) {
  for (let row = 0; row < starts.length; row += 4) {
    const [p, q] = [origin + starts[row], origin + starts[row + 1]];
    const [r, s] = [origin + starts[row + 2], origin + starts[row + 3]];
    for (let column = 0; column + 4 <= columns; column += 4) {
      let p0 = 0, p1 = 0, p2 = 0, p3 = 0, q0 = 0, q1 = 0, q2 = 0, q3 = 0;
      let r0 = 0, r1 = 0, r2 = 0, r3 = 0, s0 = 0, s1 = 0, s2 = 0, s3 = 0;
      for (let k = 0, w = matrix + column; k < steps.length; k++, w += columns) {
        const step = steps[k];
        const w0 = weights[w], w1 = weights[w + 1], w2 = weights[w + 2], w3 = weights[w + 3];
        const x = from[p + step], y = from[q + step], z = from[r + step], v = from[s + step];
        p0 += x * w0; p1 += x * w1; p2 += x * w2; p3 += x * w3;
        q0 += y * w0; q1 += y * w1; q2 += y * w2; q3 += y * w3;
        r0 += z * w0; r1 += z * w1; r2 += z * w2; r3 += z * w3;
        s0 += v * w0; s1 += v * w1; s2 += v * w2; s3 += v * w3;
      }
      let n = product + row * columns + column;
      to[n] = p0; to[n + 1] = p1; to[n + 2] = p2; to[n + 3] = p3;
      n += columns;
      to[n] = q0; to[n + 1] = q1; to[n + 2] = q2; to[n + 3] = q3;
      n += columns;
      to[n] = r0; to[n + 1] = r1; to[n + 2] = r2; to[n + 3] = r3;
      n += columns;
      to[n] = s0; to[n + 1] = s1; to[n + 2] = s2; to[n + 3] = s3;
    }
  }
}

/** Each row times a matrix, which is read row by row, four at a time.
 * @param {Float32Array} to @param {number} product
 * @param {Float32Array} from @param {number} origin @param {Int32Array} starts @param {Int32Array} steps
 * @param {Float32Array} weights @param {number} matrix @param {number} columns */
function multiplyRows(to, product, from, origin, starts, steps, weights, matrix, columns) {
  const fours = steps.length - (steps.length % 4);
  to.fill(0, product, product + starts.length * columns);
  for (let row = 0; row < starts.length; row++) {
    const start = origin + starts[row];
    const end = product + (row + 1) * columns;
    let k = 0;
    for (; k < fours; k += 4) {
      const [x0, x1] = [from[start + steps[k]], from[start + steps[k + 1]]];
      const [x2, x3] = [from[start + steps[k + 2]], from[start + steps[k + 3]]];
      let w0 = matrix + k * columns;
      let w1 = w0 + columns;
      let w2 = w1 + columns;
      let w3 = w2 + columns;
      for (let n = end - columns; n < end; n++) {
        to[n] += x0 * weights[w0++] + x1 * weights[w1++] + x2 * weights[w2++] + x3 * weights[w3++];
      }
    }
    for (; k < steps.length; k++) {
      const x = from[start + steps[k]];
      let w = matrix + k * columns;
      for (let n = end - columns; n < end; n++) to[n] += x * weights[w++];
    }
  }
}

/** The same for few columns, from the `first` on: one sum for each.
 * @param {Float32Array} to @param {number} product
 * @param {Float32Array} from @param {number} origin @param {Int32Array} starts @param {Int32Array} steps
 * @param {Float32Array} weights @param {number} matrix @param {number} columns @param {number} first */
function multiplyColumns(to, product, from, origin, starts, steps, weights, matrix, columns, first) {
  for (let row = 0; row < starts.length; row++) {
    const start = origin + starts[row];
    for (let column = first; column < columns; column++) {
      let sum = 0;
      for (let k = 0, w = matrix + column; k < steps.length; k++, w += columns) sum += from[start + steps[k]] * weights[w];
      to[product + row * columns + column] = sum;
    }
  }
}

/** @param {Operation} operation @param {Memory} memory @param {(blob: any) => Float32Array} tensor */
function take({ places: blob, out, of }, memory, tensor) {
  const [to, from, chosen] = [memory[out[0]], memory[of[0][0]], Int32Array.from(tensor(blob))];
  return () => {
    for (let n = 0; n < chosen.length; n++) to[n] = chosen[n] < 0 ? NaN : from[chosen[n]];
  };
}

/** @param {Operation} operation @param {Memory} memory @param {(blob: any) => Float32Array} tensor */
function put({ places: blob, add, out, of }, memory, tensor) {
  const [to, from, chosen] = [memory[out[0]], memory[of[0][0]], Int32Array.from(tensor(blob))];
  return () => {
    for (let n = 0; n < chosen.length; n++) {
      if (chosen[n] >= 0) to[chosen[n]] = add ? to[chosen[n]] + from[n] : from[n];
    }
  };
}

/** @param {Operation} operation @param {Memory} memory @param {(blob: any) => Float32Array} tensor */
function gather({ windows, within: blob, strides, most, clip, out, of }, memory, tensor) {
  const [to, from, indices, within] = [memory[out[0]], memory[of[0][0]], memory[of[1][0]], Int32Array.from(tensor(blob))];
  return () => {
    for (let window = 0, n = 0; window < windows; window++) {
      let [start, inside] = [0, true];
      for (let axis = 0; axis < strides.length; axis++) {
        const index = indices[window * strides.length + axis];
        const near = Math.min(Math.max(index, 0), most[axis]);
        inside &&= clip || index === near;
        start += near * strides[axis];
      }
      for (let k = 0; k < within.length; k++) to[n++] = inside ? from[start + within[k]] : NaN;
    }
  };
}

/** @typedef {(count: number, to: Float32Array, t: number, dt: number, a: Float32Array, i: number, di: number,
 *   b: Float32Array, j: number, dj: number, c: Float32Array, k: number, dk: number) => void} Loop */

/** A loop for each function, since a call for each element would take most of the time.
 * @type {Record<string, Loop>} */
// prettier-ignore
const MAPS = {
  copy(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = a[i]; },
  abs(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.abs(a[i]); },
  acos(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.acos(a[i]); },
  acosh(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.acosh(a[i]); },
  asin(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.asin(a[i]); },
  asinh(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.asinh(a[i]); },
  atan(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.atan(a[i]); },
  atanh(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.atanh(a[i]); },
  cbrt(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.cbrt(a[i]); },
  ceil(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.ceil(a[i]); },
  cos(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.cos(a[i]); },
  cosh(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.cosh(a[i]); },
  erf(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = erf(a[i]); },
  exp(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.exp(a[i]); },
  expm1(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.expm1(a[i]); },
  floor(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.floor(a[i]); },
  is_finite(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Number.isFinite(a[i]) ? 1 : 0; },
  lgamma(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = lgamma(a[i]); },
  log(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.log(a[i]); },
  log1p(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.log1p(a[i]); },
  logistic(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = 1 / (1 + Math.exp(-a[i])); },
  neg(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = -a[i]; },
  round(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = toEven(a[i]); },
  rsqrt(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = 1 / Math.sqrt(a[i]); },
  sign(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.sign(a[i]); },
  sin(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.sin(a[i]); },
  sinh(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.sinh(a[i]); },
  sqrt(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.sqrt(a[i]); },
  tan(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.tan(a[i]); },
  tanh(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.tanh(a[i]); },
  trunc(n, to, t, dt, a, i, di) { for (; n--; t += dt, i += di) to[t] = Math.trunc(a[i]); },
  add(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] + b[j]; },
  atan2(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = Math.atan2(a[i], b[j]); },
  div(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] / b[j]; },
  eq(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] === b[j] ? 1 : 0; },
  ge(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] >= b[j] ? 1 : 0; },
  gt(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] > b[j] ? 1 : 0; },
  le(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] <= b[j] ? 1 : 0; },
  lt(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] < b[j] ? 1 : 0; },
  max(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = Math.max(a[i], b[j]); },
  min(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = Math.min(a[i], b[j]); },
  mul(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] * b[j]; },
  ne(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] === b[j] ? 0 : 1; },
  pow(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] ** b[j]; },
  rem(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] % b[j]; },
  sub(n, to, t, dt, a, i, di, b, j, dj) { for (; n--; t += dt, i += di, j += dj) to[t] = a[i] - b[j]; },
  select(n, to, t, dt, a, i, di, b, j, dj, c, k, dk) {
    for (; n--; t += dt, i += di, j += dj, k += dk) to[t] = a[i] ? b[j] : c[k];
  },
};

/** @type {Record<string, (from: Float32Array, start: number, steps: Int32Array) => number>} */
const REDUCTIONS = {
  sum(from, start, steps) {
    let sum = 0;
    for (let k = 0; k < steps.length; k++) sum += from[start + steps[k]];
    return sum;
  },
  prod(from, start, steps) {
    let product = 1;
    for (let k = 0; k < steps.length; k++) product *= from[start + steps[k]];
    return product;
  },
  max(from, start, steps) {
    let most = -Infinity;
    for (let k = 0; k < steps.length; k++) most = Math.max(most, from[start + steps[k]]);
    return most;
  },
  min(from, start, steps) {
    let least = Infinity;
    for (let k = 0; k < steps.length; k++) least = Math.min(least, from[start + steps[k]]);
    return least;
  },
  argmax: (from, start, steps) => first(from, start, steps, (x, best) => x > best),
  argmin: (from, start, steps) => first(from, start, steps, (x, best) => x < best),
};

/** The place of the best number, the first of equals; what is not a number is better than all.
 * @param {Float32Array} from @param {number} start @param {Int32Array} steps
 * @param {(x: number, best: number) => boolean} better */
function first(from, start, steps, better) {
  let best = 0;
  for (let k = 0; k < steps.length; k++) {
    const [x, record] = [from[start + steps[k]], from[start + steps[best]]];
    if (Number.isNaN(record)) return best;
    if (better(x, record) || Number.isNaN(x)) best = k;
  }
  return best;
}

/** @type {Record<string, (sum: number, x: number) => number>} */
const ACCUMULATIONS = { sum: (sum, x) => sum + x, prod: (sum, x) => sum * x, max: Math.max, min: Math.min };

/** @param {number} x rounded; halves go to the even one */
function toEven(x) {
  const rounded = Math.round(x);
  return rounded - x === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

/** The error function: its series where it converges quickly, else a continued fraction of its complement.
 * @param {number} x
 * @returns {number} */
function erf(x) {
  if (x < 0) return -erf(-x);
  if (x > 6) return 1;
  const square = x * x;
  if (x < 2.5) {
    let [term, sum] = [x, x];
    for (let k = 1; Math.abs(term) > 1e-17; k++) {
      term *= -square / k;
      sum += term / (2 * k + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = 0;
  for (let k = 30; k > 0; k--) fraction = k / 2 / (x + fraction);
  return 1 - Math.exp(-square) / Math.sqrt(Math.PI) / (x + fraction);
}

/** The logarithm of |Γ(x)|: Stirling's series, above 8; below it by Γ(x + 1) = x Γ(x), and by reflection below 0.
 * @param {number} x
 * @returns {number} */
function lgamma(x) {
  if (Math.abs(x) === Infinity || (x <= 0 && Number.isInteger(x))) return Infinity;
  if (x <= 0) return Math.log(Math.PI / Math.abs(Math.sin(Math.PI * x))) - lgamma(1 - x);
  let product = 1;
  for (; x < 8; x++) product *= x;
  const square = x * x;
  const series = (1 / 12 - (1 / 360 - (1 / 1260 - 1 / (1680 * square)) / square) / square) / x;
  return (x - 0.5) * Math.log(x) - x + Math.log(2 * Math.PI) / 2 + series - Math.log(product);
}
