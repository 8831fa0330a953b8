// What to do with a paste of several lines: each would be a line of its own in the chat.

export const LINES_MOST = 20;

/** Splits a text into the lines that would be sent. */
export function linesOf(text) {
  return text.split(/\r\n|[\n\r\u0085\u2028\u2029]/).filter((line) => line.trim());
}

/**
 * @param {string} before  what is typed before the caret
 * @param {string} pasted
 * @param {string} after  what is typed after the caret
 * @returns {{kind: 'plain'|'ask'|'refuse', lines: string[]}}
 */
export function judgePaste(before, pasted, after) {
  const count = linesOf(pasted).length;
  if (count < 2) return { kind: 'plain', lines: [] };
  const lines = linesOf(before + pasted + after);
  return { kind: lines.length > LINES_MOST ? 'refuse' : 'ask', lines };
}
