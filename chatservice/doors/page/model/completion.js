// Completes a name with Tab: of people who spoke, the last one first, then of all who are here.

/**
 * @typedef {object} Completed
 * @property {string} text  the whole line
 * @property {number} caret
 */

export class Completion {
  /** The completions of a word, while Tab is pressed again and again. */
  #round = null;

  /**
   * @param {string} text
   * @param {number} caret
   * @param {(start: string) => string[]} candidates  the names that begin so, the best first
   * @returns {Completed | null} null if Tab must move on
   */
  press(text, caret, candidates) {
    const round = this.#continued(text, caret) ?? this.#begun(text, caret, candidates);
    if (!round) return null;
    const name = round.names[round.next % round.names.length];
    round.next += 1;
    const ending = round.at === 0 && !/^[#/]/.test(name) ? ': ' : ' ';
    const head = round.head + name + ending;
    Object.assign(round, { text: head + round.tail, caret: head.length });
    this.#round = round;
    return { text: round.text, caret: round.caret };
  }

  #continued(text, caret) {
    const round = this.#round;
    return round && round.text === text && round.caret === caret ? round : null;
  }

  #begun(text, caret, candidates) {
    const before = text.slice(0, caret);
    const at = before.search(/\S+$/);
    if (at < 0) return null;
    const word = before.slice(at).replace(/^@/, '');
    const names = word ? candidates(word) : [];
    if (!names.length) return null;
    return { at, names, next: 0, head: before.slice(0, at), tail: text.slice(caret) };
  }
}

/** Lists the names that begin with a text: who spoke last comes first, then the others. */
export function namesBeginning(start, entries, people, own) {
  const wanted = start.toLowerCase();
  const fits = (name) => name !== own && name.toLowerCase().startsWith(wanted);
  const speakers = entries
    .filter((entry) => entry.text && entry.type !== 'note')
    .map((entry) => entry.nick)
    .reverse()
    .filter(fits);
  return [...new Set([...speakers, ...people.matching(start).filter(fits)])];
}
