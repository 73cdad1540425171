// @ts-check
// Two models side by side: what one points at, the other shows.
/** @import {Explorer} from "latently/explorer" */

/** Link two models' pointers: to the same code where both have two dimensions and one prior, else to the same row.
 * @param {Explorer} one
 * @param {Explorer} other
 * @returns {string} what is linked, in words */
export function link(one, other) {
  const rows = haveSameRows(one, other);
  const flat = (/** @type {Explorer} */ { model }) => model.latent.size === 2;
  const codes = flat(one) && flat(other) && one.model.prior.name === other.model.prior.name;
  let busy = false;
  for (const [from, to] of [[one, other], [other, one]]) {
    let first = true;
    from.store.on(["code", "row"], ({ code, row }) => {
      if (first || busy) return;
      busy = true;
      if (codes) to.store.set({ code, row: rows ? row : -1 });
      else if (rows && row >= 0) to.store.set({ code: to.codeOf(row), row });
      busy = false;
    });
    first = false;
    if (rows) from.store.on(["selection"], ({ selection }) => selection !== to.store.state.selection && to.store.set({ selection }));
  }
  if (codes) return rows ? "Pointers are linked: the same code and the same row in both." : "Pointers are linked: the same code in both.";
  return rows ? "Pointers are linked: the same row in both." : "Their rows differ, so their pointers are not linked.";
}

/** @param {Explorer} one
 * @param {Explorer} other */
function haveSameRows(one, other) {
  if (!one.codes || !other.codes || one.count !== other.count || one.stored.length !== other.stored.length) return false;
  return one.stored.every((numbers, place) => {
    const others = other.stored[place];
    return numbers.length === others.length && numbers.every((value, index) => Object.is(value, others[index]));
  });
}
