// @ts-check
// What the page's manifest holds. Types alone: nothing here runs.

/** @typedef {{offset: number, type: "f32"|"f16"|"u8"|"i8"|"u16"|"i16"|"i32", shape: number[]}} Blob */
/** @typedef {Float32Array|Uint8Array|Int8Array|Uint16Array|Int16Array|Int32Array} Numbers */

/**
 * @typedef {object} Column of a table
 * @property {string} name
 * @property {string} kind
 * @property {string[]|null} words
 * @property {number} low
 * @property {number} high
 * @property {string|null} [unit]
 * @property {number|null} [mean]
 * @property {number|null} [decimals] digits behind the point, 0 for whole numbers and days without an hour
 */

/**
 * @typedef {object} View of a row: its picture, its curve or its cells
 * @property {string} name
 * @property {"image"|"series"|"table"|"vector"} kind
 * @property {number[]} shape of a stored row
 * @property {"last"|"first"|null} channels
 * @property {number} low
 * @property {number} high
 * @property {Column[]|null} columns
 */

/** @typedef {{name: string, shape: number[]}} Port */
/** @typedef {{inputs: Port[], outputs: Port[]}} Program */

/**
 * @typedef {object} Labels
 * @property {string[]} values
 * @property {"decoder"|"prior"|null} in
 * @property {boolean} classifies
 * @property {Column[]|null} conditions
 */

/**
 * @typedef {object} Rows that were held out of training
 * @property {number} count
 * @property {number} of
 * @property {Blob|null} codes
 * @property {Blob|null} labels
 * @property {Blob|null} predictions
 * @property {Blob|null} probabilities of the classes in bytes, where only thumbnails of pictures are kept
 * @property {Blob|null} errors
 * @property {Blob|null} bounds
 * @property {Blob|null} present
 * @property {Blob[]} views
 */

/** @typedef {{rounds: number[], codes: Blob, labels: Blob|null}} Film */

/**
 * @typedef {object} History
 * @property {number[]} rounds
 * @property {number[]} epochs
 * @property {Record<string, (number|null)[]>} terms
 * @property {Record<string, (number|null)[]>} held_out what held-out rows gave, where they were measured
 */

/**
 * @typedef {object} Model
 * @property {string} name
 * @property {string} title
 * @property {string|null} run
 * @property {{parameters: Record<string, any>, rounds: number, numbers: [string, string][], notes?: string[], warnings?: string[]}} about
 * @property {{size: number, deviation: number[], order: number[], carries: number[], carries_unit: string,
 *   components: number[][]|null, center: number[], explained: number[]|null}} latent
 * @property {{name: string, draws: Blob, labels: Blob|null}} prior
 * @property {View[]} views
 * @property {boolean} joint
 * @property {"fill"|"fit"|"crop"} image_fit how pictures were brought to one size
 * @property {Labels|null} labels
 * @property {Record<string, Program|undefined>} functions
 * @property {Rows|null} rows
 * @property {Film|null} film
 * @property {History|null} history
 */

/** @typedef {{format: number, latently: string, models: Model[]}} Manifest */

/**
 * A place in the code space, with what it shows.
 * @typedef {object} Place
 * @property {Float32Array} code
 * @property {Float32Array|null} told what the decoder is told beside the code: weights of classes, or conditions
 * @property {number} row the row that it is the code of, or -1
 */

/** @typedef {{kind: "dimensions"|"components", x: number, y: number}} Axes */
/** @typedef {{x: number, y: number, scale: number}} Window what the map shows: its centre, and pixels a unit */

/**
 * @typedef {object} State
 * @property {Float32Array} code under the pointer
 * @property {Float32Array|null} told
 * @property {number} row that is looked at, or -1
 * @property {Axes} axes
 * @property {"class"|"prediction"|"error"|"bound"|"none"} colour
 * @property {ReadonlySet<number>} hidden classes
 * @property {Window|null} window null for all that there is
 * @property {Place[]} pins
 * @property {Place|null} from
 * @property {Place|null} to
 * @property {boolean} spherical
 * @property {number[]} selection rows
 * @property {Float32Array[]|null} decoded
 * @property {"light"|"dark"} theme
 */

export {};
