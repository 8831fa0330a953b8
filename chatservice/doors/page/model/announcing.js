// What a screen reader hears of the talk: each new line, or one sentence for a burst of them.

const GATHERING = 800; // ms in which lines are gathered
const FEW = 3;

export class Announcer {
  #lines = [];
  #timer = null;

  /**
   * @param {import('./link.js').Clock} clock
   * @param {(sentence: string) => void} say
   */
  constructor(clock, say) {
    Object.assign(this, { clock, say });
  }

  /** Says a new line, unless it is one of many. */
  line(who, words) {
    this.#lines.push({ who, words });
    this.#timer ??= this.clock.setTimeout(() => this.#flush(), GATHERING);
  }

  /** Says how much history came. */
  history(count) {
    if (count) this.say(count === 1 ? '1 earlier line' : `${count} earlier lines`);
  }

  #flush() {
    this.#timer = null;
    const lines = this.#lines;
    this.#lines = [];
    if (lines.length > FEW) this.say(burst(lines));
    else for (const line of lines) this.say(line.words);
  }
}

function burst(lines) {
  const names = [...new Set(lines.map((line) => line.who))].filter(Boolean);
  const from = names.length > FEW ? `${names.length} people` : names.join(', ');
  return `${lines.length} new lines${from && ` from ${from}`}`;
}
