// @ts-check
// Runs a model's programs beside the page, so that the page stays at hand while they run.
import { floatsOf } from "latently/archive";
import { Machine } from "latently/machine";
/** @import {Program} from "latently/types" */

/** @type {Map<string, Machine>} */
const machines = new Map();

/** @param {MessageEvent<any>} message first {programs, buffer}; then {id, function, inputs} for each question */
self.onmessage = ({ data }) => {
  if ("programs" in data) {
    const tensor = (/** @type {any} */ blob) => floatsOf(data.buffer, blob);
    for (const [name, program] of Object.entries(data.programs)) machines.set(name, new Machine(program, tensor));
    return;
  }
  const began = performance.now();
  const outputs = machines.get(data.function)?.run(data.inputs).map((output) => output.slice()) ?? [];
  self.postMessage({ id: data.id, outputs, milliseconds: performance.now() - began });
};
