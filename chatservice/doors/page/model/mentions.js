// Finds mentions of a nickname in a text, by the rules of chatservice/protocol/mentions.py.

const LETTER = '[\\p{L}\\p{N}\\p{M}_]';
const MARKS = '[-.\\[\\]{}|^`]*';
const IS_WORD = new RegExp(`^${LETTER}+$`, 'u');

let lastNick = '';
let lastPattern = /(?!)/;

/** Tells whether a text mentions a nickname as a word of its own, in whatever capitals. */
export function isMentioned(nick, text) {
  const [wanted, said] = [folded(nick), folded(text)];
  if (!wanted || !said.includes(wanted)) return false;
  if (wanted !== lastNick) [lastNick, lastPattern] = [wanted, patternOf(wanted)];
  return lastPattern.test(said);
}

function folded(text) {
  return text.normalize('NFC').toLowerCase();
}

function patternOf(nick) {
  const plain = nick.replace(/[-.[\]{}|^`\\]/g, '\\$&').replace(/\\`/g, '`');
  if (IS_WORD.test(nick)) return new RegExp(`(?<!${LETTER})${plain}(?!${LETTER})`, 'u');
  return new RegExp(`(?<!${LETTER}${MARKS})${plain}(?!${MARKS}${LETTER})`, 'u');
}
