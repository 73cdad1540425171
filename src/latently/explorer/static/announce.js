// @ts-check
// Tells people who do not see the page what has happened.

/** @param {string} text */
export function announce(text) {
  const line = document.getElementById("announcement");
  if (line) line.textContent = text;
}
