// @ts-check
// Places on the way from one code to another.
/** @import {Place} from "latently/types" */

/** A code on the way, `share` of it done: on a straight line, or on an arc around the origin whose radius goes from one
 * end's to the other's, as draws from a normal prior of many dimensions lie on a shell.
 * @param {Float32Array} from
 * @param {Float32Array} to
 * @param {number} share
 * @param {boolean} spherical
 * @returns {Float32Array} */
export function along(from, to, share, spherical) {
  const straight = from.map((value, d) => value + share * (to[d] - value));
  const [lengthFrom, lengthTo] = [length(from), length(to)];
  if (!spherical || !lengthFrom || !lengthTo) return straight;
  const cosine = from.reduce((sum, value, d) => sum + value * to[d], 0) / (lengthFrom * lengthTo);
  const angle = Math.acos(Math.min(Math.max(cosine, -1), 1));
  if (Math.sin(angle) < 1e-4) return straight;
  const radius = lengthFrom + share * (lengthTo - lengthFrom);
  const weightFrom = Math.sin((1 - share) * angle) / Math.sin(angle) / lengthFrom;
  const weightTo = Math.sin(share * angle) / Math.sin(angle) / lengthTo;
  return from.map((value, d) => radius * (weightFrom * value + weightTo * to[d]));
}

/** @param {Float32Array} code */
function length(code) {
  return Math.hypot(...code);
}

/** The places of a path, its ends included; what the decoder is told changes along with the code.
 * @param {Place} from
 * @param {Place} to
 * @param {number} steps
 * @param {boolean} spherical
 * @returns {Place[]} */
export function path(from, to, steps, spherical) {
  return Array.from({ length: steps }, (_, step) => {
    const share = step / (steps - 1);
    const told = from.told && to.told ? from.told.map((value, c) => value + share * (/** @type {Float32Array} */ (to.told)[c] - value)) : null;
    return { code: along(from.code, to.code, share, spherical), told, row: -1 };
  });
}
