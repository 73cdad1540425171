// @ts-check
// Unpacks what the file holds, and starts the page's modules. It stands in the page as it is; all others are packed.

/** What is packed in an element: deflated, and written in base 85 as Python's `base64.b85encode` does it, with a comma for `<`.
 * @param {string} id
 * @returns {Promise<ArrayBuffer>} */
async function unpacked(id) {
  const text = document.getElementById(id)?.textContent ?? "";
  const values = new Uint8Array(128).fill(84);
  const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;,=>?@^_`{|}~";
  for (let value = 0; value < digits.length; value++) values[digits.charCodeAt(value)] = value;
  const words = new DataView(new ArrayBuffer(4 * Math.ceil(text.length / 5)));
  for (let place = 0; 5 * place < text.length; place++) {
    let word = 0;
    for (let digit = 5 * place; digit < 5 * place + 5; digit++) word = 85 * word + (digit < text.length ? values[text.charCodeAt(digit)] : 84);
    words.setUint32(4 * place, word);
  }
  const deflated = new Uint8Array(words.buffer, 0, Math.floor((4 * text.length) / 5));
  const stream = new Blob([deflated]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  return new Response(stream).arrayBuffer();
}

async function start() {
  const sources = JSON.parse(new TextDecoder().decode(await unpacked("scripts")));
  const addresses = Object.entries(sources).map(([name, source]) => [name, `data:text/javascript,${encodeURIComponent(source)}`]);
  const map = Object.assign(document.createElement("script"), { type: "importmap", textContent: JSON.stringify({ imports: Object.fromEntries(addresses) }) });
  document.head.append(map);
  await import("latently/main");
}

start().catch((problem) => {
  const place = /** @type {Element} */ (document.querySelector("main"));
  place.textContent = `This page could not be opened: ${problem.message}. It needs a browser of 2023 or later.`;
});
