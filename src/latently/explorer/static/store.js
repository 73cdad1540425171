// @ts-check
// The state of a model's page: one object that panels read, change and listen to.
/** @import {State} from "latently/types" */

export class Store {
  /** @param {State} state to begin with */
  constructor(state) {
    this.state = state;
    /** @type {{keys: (keyof State)[], listener: (state: State) => void}[]} */
    this.listeners = [];
  }

  /** Change some of the state, and tell those who listen to what has changed.
   * @param {Partial<State>} patch */
  set(patch) {
    const before = this.state;
    this.state = { ...before, ...patch };
    for (const { keys, listener } of this.listeners) {
      if (keys.some((key) => key in patch && patch[key] !== before[key])) listener(this.state);
    }
  }

  /** Call `listener` now, and whenever one of `keys` changes.
   * @param {(keyof State)[]} keys
   * @param {(state: State) => void} listener */
  on(keys, listener) {
    this.listeners.push({ keys, listener });
    listener(this.state);
  }
}
