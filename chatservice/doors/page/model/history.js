// The pages of history that are wanted, asked for one at a time.

const PAGE = 100;

/**
 * @typedef {object} Want
 * @property {'newest'|'gap'|'older'} why  to begin with; to complete what was missed; to go back
 * @property {import('./place.js').Place | null} place  null for all private messages
 * @property {number} [after]
 * @property {number} [before]
 */

export class History {
  /** @type {Want[]} */
  #wanted = [];
  /** @type {{ref: string, want: Want} | null} */
  #asked = null;

  /** @param {Want} want */
  add(want) {
    const isSame = (other) => other.why === want.why && other.place === want.place;
    if (this.#all().some(isSame)) return;
    this.#wanted.push(want);
  }

  /** Whether something that was missed is still unknown. */
  get hasGaps() {
    return this.#all().some((want) => want.why === 'gap');
  }

  wants(place) {
    return this.#all().some((want) => want.place === place);
  }

  /** Asks for the pages of this place before all others. */
  hurry(place) {
    this.#wanted.sort((one, other) => rank(one, place) - rank(other, place));
  }

  /** Makes the next request; null if there is none, or one has no answer yet. */
  next(ref) {
    if (this.#asked || !this.#wanted.length) return null;
    const want = this.#wanted.shift();
    this.#asked = { ref, want };
    return {
      type: 'history',
      limit: PAGE,
      ref,
      ...(want.place && { room: want.place.name }),
      ...(want.after !== undefined && { after: want.after }),
      ...(want.before && { before: want.before }),
    };
  }

  /** Takes an answer, or an error. @returns {Want | null} what it answers */
  take(answer) {
    if (!this.#asked || this.#asked.ref !== answer.ref) return null;
    const { want } = this.#asked;
    this.#asked = null;
    const goesOn = want.why === 'gap' && answer.more && answer.next > want.after;
    if (goesOn) this.#wanted.unshift({ ...want, after: answer.next });
    return want;
  }

  /** Forgets everything, as the connection is lost. */
  forget() {
    this.#wanted = [];
    this.#asked = null;
  }

  #all() {
    return this.#asked ? [this.#asked.want, ...this.#wanted] : this.#wanted;
  }
}

function rank(want, place) {
  if (want.why === 'gap') return want.place === place ? 0 : 1;
  return want.place === place ? 2 : 3;
}
