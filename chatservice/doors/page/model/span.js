// Which rows of a long list are in the page: a part around what the reader sees.

const MOST = 400;
const FIRST = 60;
const STEP = 100;

/** Indexes into a list of rows that may grow at both ends. */
export class Span {
  from = 0;
  to = 0;
  #count = 0;
  #first = '';

  /** Shows the end of the list. */
  showEnd(rows) {
    this.to = rows.length;
    this.from = Math.max(0, this.to - FIRST);
    this.#note(rows);
  }

  /** Keeps the same rows after the list has changed; shows new ones if there is room. */
  keep(rows, keyOf, isFollowing) {
    if (isFollowing) {
      const shown = Math.min(MOST, Math.max(FIRST, rows.length - this.#shift(rows, keyOf)));
      this.to = rows.length;
      this.from = Math.max(0, this.to - shown);
    } else {
      this.#moveAlong(rows, keyOf);
    }
    this.#note(rows);
  }

  /** Shows more before what is shown. @returns {boolean} whether there was more */
  back(rows) {
    if (!this.from) return false;
    this.from = Math.max(0, this.from - STEP);
    this.to = Math.min(this.to, this.from + MOST);
    this.#note(rows);
    return true;
  }

  /** Shows more after what is shown. @returns {boolean} whether there was more */
  forth(rows) {
    if (this.to >= rows.length) return false;
    this.to = Math.min(rows.length, this.to + STEP);
    this.from = Math.max(this.from, this.to - MOST);
    this.#note(rows);
    return true;
  }

  /** Shows what is around an index. */
  around(rows, index) {
    this.from = Math.max(0, index - STEP);
    this.to = Math.min(rows.length, index + STEP);
    this.#note(rows);
  }

  #moveAlong(rows, keyOf) {
    const wasAtEnd = this.to >= this.#count;
    const from = this.#shift(rows, keyOf);
    const size = this.to - this.from;
    this.from = Math.min(from, rows.length);
    this.to = wasAtEnd
      ? Math.min(rows.length, this.from + MOST)
      : Math.min(rows.length, this.from + size);
  }

  /** Finds the index of the row that was the first one shown. */
  #shift(rows, keyOf) {
    if (rows[this.from] && keyOf(rows[this.from]) === this.#first) return this.from;
    const at = rows.findIndex((row) => keyOf(row) === this.#first);
    return at >= 0 ? at : Math.max(0, Math.min(this.from, rows.length - STEP));
  }

  #note(rows) {
    this.#count = rows.length;
    this.#first = rows[this.from]?.key ?? '';
  }
}
