// What happened in one place, in the order of the ids, each event once.

/**
 * @typedef {object} Event  as in docs/protocol.rst
 * @property {string} type
 * @property {number} id
 *
 * @typedef {Event & {seq: number}} Entry  sentences for this person have the id of the event
 *   before them, and a `seq` above 0
 */

const TALK = new Set(['said', 'acted', 'noticed', 'whispered']);

/** Tells whether an event is something that somebody said. */
export function isTalk(event) {
  return TALK.has(event.type);
}

/** Tells how a line was said: said, acted or noticed. */
export function mannerOf(event) {
  return event.type === 'whispered' ? (event.manner ?? 'said') : event.type;
}

export class Timeline {
  /** @type {Entry[]} */
  entries = [];
  /** Whether the chat may have more, older than what is here. */
  hasOlder = false;
  /** The id below which older history must be asked for; 0 for the newest. */
  cursor = 0;
  /** Grows with every change. */
  version = 0;
  #ids = new Set();
  #notes = 0;

  get lastId() {
    return this.entries.at(-1)?.id ?? 0;
  }

  get firstId() {
    return this.entries[0]?.id ?? 0;
  }

  has(id) {
    return this.#ids.has(id);
  }

  /** Adds an event in its place. @returns {boolean} whether it was not here yet */
  add(event) {
    if (this.#ids.has(event.id)) return false;
    this.#ids.add(event.id);
    this.#insert({ seq: 0, ...event });
    return true;
  }

  /** Adds sentences that nobody said, after everything that is here. */
  note(note) {
    this.#notes += 1;
    this.#insert({
      ...note,
      type: 'note',
      id: Math.max(this.lastId, this.cursor),
      seq: this.#notes,
    });
  }

  /** Removes everything below an id: the history between that and the rest is not known. */
  cutBelow(id) {
    const at = this.#placeOf({ id, seq: 0 });
    if (at) this.#drop(at);
  }

  /** Keeps the newest entries only; the others can be loaded again. */
  trim(most) {
    if (this.entries.length <= most) return;
    this.#drop(this.entries.length - most);
    this.hasOlder = true;
    this.cursor = this.entries[0].id;
  }

  #drop(count) {
    for (const entry of this.entries.splice(0, count)) {
      if (!entry.seq) this.#ids.delete(entry.id);
    }
    this.version += 1;
  }

  #insert(entry) {
    this.version += 1;
    const last = this.entries.at(-1);
    if (!last || compare(last, entry) < 0) this.entries.push(entry);
    else this.entries.splice(this.#placeOf(entry), 0, entry);
  }

  #placeOf(entry) {
    let [low, high] = [0, this.entries.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.entries[middle], entry) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function compare(one, other) {
  return one.id - other.id || one.seq - other.seq;
}
