// Cleans a text as the chat does before it is said, so that a line that comes back can be
// compared with the line that was typed.

export const MOST_BYTES = 4096;

const ESCAPES = new RegExp(
  '(?:\\u001b\\[|\\u009b)[0-?]*[ -/]*[@-~]' +
    '|(?:\\u001b[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[^\\u0007\\u001b\\u009c]*' +
    '(?:\\u0007|\\u001b\\\\|\\u009c)?' +
    '|\\u001b[ -/]*[0-~]',
  'g',
);
const SEPARATORS = /[\t\n\v\f\r\u001c-\u001e\u0085\u2028\u2029]+/g;
const CONTROLS = /[\u0000-\u001f\u007f-\u009f]/g;
const THINNED = /[\p{M}\p{Default_Ignorable_Code_Point}\u202a-\u202e\u2066-\u2069]+/gu;
const UNSEEN = /^[\s\u0085\u2800\ufff9-\ufffb\p{M}\p{Default_Ignorable_Code_Point}]*$/u;

const encoder = new TextEncoder();

/** Puts a text on one line, without control characters and without spaces at its end. */
export function clean(text) {
  return text
    .replace(ESCAPES, '')
    .replace(SEPARATORS, ' ')
    .replace(CONTROLS, '')
    .toWellFormed()
    .replace(/ +$/, '');
}

/** Tells whether two texts are the same line, though the chat may have thinned out its marks. */
export function isSameLine(one, other) {
  if (one === other) return true;
  return (
    clean(one).replace(THINNED, '').normalize() === clean(other).replace(THINNED, '').normalize()
  );
}

/** Tells whether a reader would see anything of a text. */
export function isSeen(text) {
  return !UNSEEN.test(text);
}

export function bytesOf(text) {
  return encoder.encode(text).length;
}
