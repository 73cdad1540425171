// @ts-check

/** Pixels around the part of the map that shows points. */
export const MARGIN = { left: 44, right: 12, top: 12, bottom: 36 };
