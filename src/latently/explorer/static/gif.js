// @ts-check
// Animated GIF files (the 89a specification of CompuServe, 1990): one palette, every frame whole, LZW.

/** A film that repeats.
 * @param {ImageData[]} frames of one size
 * @param {number} milliseconds that each is shown
 * @returns {Blob} */
export function gif(frames, milliseconds) {
  const { width, height } = frames[0];
  const grey = frames.every(({ data }) => data.every((value, place) => place % 4 === 3 || value === data[place - (place % 4)]));
  const bytes = [...text("GIF89a"), ...short(width), ...short(height), 0xf7, 0, 0, ...palette(grey)];
  bytes.push(0x21, 0xff, 11, ...text("NETSCAPE2.0"), 3, 1, 0, 0, 0);
  const parts = [Uint8Array.from(bytes)];
  for (const frame of frames) {
    parts.push(Uint8Array.from([0x21, 0xf9, 4, 0, ...short(Math.round(milliseconds / 10)), 0, 0]));
    parts.push(Uint8Array.from([0x2c, 0, 0, 0, 0, ...short(width), ...short(height), 0, 8]));
    parts.push(blocks(compressed(indices(frame.data, grey))));
  }
  parts.push(Uint8Array.of(0x3b));
  return new Blob(parts, { type: "image/gif" });
}

/** 256 greys, or 6 × 7 × 6 levels of red, green and blue.
 * @param {boolean} grey */
function palette(grey) {
  return Array.from({ length: 256 }, (_, place) => {
    if (grey) return [place, place, place];
    const levels = [Math.floor(place / 42) / 5, (Math.floor(place / 6) % 7) / 6, (place % 6) / 5];
    return levels.map((level) => Math.round(255 * Math.min(level, 1)));
  }).flat();
}

/** @param {Uint8ClampedArray} pixels
 * @param {boolean} grey */
function indices(pixels, grey) {
  return Uint8Array.from({ length: pixels.length / 4 }, (_, pixel) => {
    const [red, green, blue] = pixels.subarray(4 * pixel, 4 * pixel + 3);
    return grey ? red : Math.round((red / 255) * 5) * 42 + Math.round((green / 255) * 6) * 6 + Math.round((blue / 255) * 5);
  });
}

/** Lempel, Ziv and Welch's codes of 8-bit numbers, packed from the lowest bit.
 * @param {Uint8Array} numbers */
function compressed(numbers) {
  const [clear, end] = [256, 257];
  /** @type {number[]} */
  const bytes = [];
  let [bits, held, size, next] = [0, 0, 9, 258];
  /** @type {Map<number, number>} */
  const known = new Map();
  const put = (/** @type {number} */ code) => {
    bits |= code << held;
    for (held += size; held >= 8; held -= 8, bits >>>= 8) bytes.push(bits & 255);
  };
  put(clear);
  let prefix = numbers[0];
  for (const number of numbers.subarray(1)) {
    const word = (prefix << 8) | number;
    const code = known.get(word);
    if (code !== undefined) {
      prefix = code;
      continue;
    }
    put(prefix);
    prefix = number;
    if (next === 4096) {
      put(clear);
      known.clear();
      [size, next] = [9, 258];
      continue;
    }
    if (next === 1 << size) size++;
    known.set(word, next++);
  }
  put(prefix);
  put(end);
  if (held > 0) bytes.push(bits & 255);
  return bytes;
}

/** @param {number[]} bytes in blocks of up to 255, each after its length */
function blocks(bytes) {
  const parts = [];
  for (let start = 0; start < bytes.length; start += 255) {
    const block = bytes.slice(start, start + 255);
    parts.push(block.length, ...block);
  }
  return Uint8Array.from([...parts, 0]);
}

/** @param {number} value */
function short(value) {
  return [value & 255, value >> 8];
}

/** @param {string} characters */
function text(characters) {
  return Array.from(characters, (character) => character.charCodeAt(0));
}
