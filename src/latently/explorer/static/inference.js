// @ts-check
// Asks a model's programs, which run in a worker: one question at a time, and of each kind only the newest.
/** @import {Program} from "latently/types" */

/** @typedef {{function: string, inputs: Float32Array[], resolve: (outputs: Float32Array[]|null) => void}} Question */

export class Inference {
  /** @param {Record<string, Program|undefined>} programs
   * @param {ArrayBuffer} buffer that holds their weights */
  constructor(programs, buffer) {
    /** @type {Map<string, Question>} */
    this.waiting = new Map();
    /** @type {{id: number, function: string, resolve: Question["resolve"]}|null} */
    this.running = null;
    /** Of the last 1000 questions, for those who want to know how fast the model is in this browser.
     * @type {{function: string, milliseconds: number}[]} */
    this.times = [];
    this.asked = 0;
    this.worker = new Worker(workerAddress());
    this.worker.onmessage = ({ data }) => this.answered(data);
    this.worker.onerror = (problem) => console.error("the model stopped:", problem.message);
    this.worker.postMessage({ programs, buffer });
  }

  /** What a program gives; `null` where a newer question of the same kind took the place of this one.
   * @param {string} kind "here" goes first
   * @param {string} name of the program
   * @param {Float32Array[]} inputs
   * @returns {Promise<Float32Array[]|null>} */
  ask(kind, name, inputs) {
    return new Promise((resolve) => {
      this.waiting.get(kind)?.resolve(null);
      this.waiting.set(kind, { function: name, inputs, resolve });
      this.next();
    });
  }

  next() {
    if (this.running || !this.waiting.size) return;
    const kind = this.waiting.has("here") ? "here" : /** @type {string} */ (this.waiting.keys().next().value);
    const question = /** @type {Question} */ (this.waiting.get(kind));
    this.waiting.delete(kind);
    this.running = { id: ++this.asked, function: question.function, resolve: question.resolve };
    this.worker.postMessage({ id: this.asked, function: question.function, inputs: question.inputs });
  }

  /** @param {{id: number, outputs: Float32Array[], milliseconds: number}} answer */
  answered({ outputs, milliseconds }) {
    const { resolve, function: name } = /** @type {NonNullable<typeof this.running>} */ (this.running);
    this.running = null;
    this.times.push({ function: name, milliseconds });
    if (this.times.length > 1000) this.times.shift();
    this.next();
    resolve(outputs);
  }
}

const PARTS = ["latently/archive", "latently/machine", "latently/worker"];

/** The address of the worker's source: a page opened from a file may import nothing into a worker, so that its modules
 * are joined to one script. */
function workerAddress() {
  /** @type {Record<string, string>} */
  const modules = JSON.parse(document.querySelector("script[type=importmap]")?.textContent ?? "").imports;
  const sources = PARTS.map((name) => decodeURIComponent(modules[name].slice(modules[name].indexOf(",") + 1)).replace(/^import .*$/gm, "").replace(/^export /gm, ""));
  return URL.createObjectURL(new Blob(sources, { type: "text/javascript" }));
}
