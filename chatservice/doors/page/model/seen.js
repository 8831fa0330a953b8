// Tells the chat how far the person has read: soon, and then once every few seconds at most.

const PAUSE = 3000; // ms

export class SeenMarks {
  /** @type {Map<string, {id: number, room?: string}>} by room; '' for private messages */
  #news = new Map();
  #timer = null;
  #clock;
  #send;

  /**
   * @param {import('./link.js').Clock} clock
   * @param {(request: object) => boolean} send  false if nothing can be sent now
   */
  constructor(clock, send) {
    this.#clock = clock;
    this.#send = send;
  }

  /** Notes that a room, or private messages without one, are read up to an id. */
  note(room, id) {
    this.#news.set(room ?? '', { id, ...(room && { room }) });
    if (this.#timer === null) {
      // The first mark waits a little too, as lines seldom come alone.
      this.#timer = this.#clock.setTimeout(() => this.flush(), PAUSE / 6);
    }
  }

  /** Sends what is not told yet. */
  flush() {
    if (this.#timer !== null) this.#clock.clearTimeout(this.#timer);
    this.#timer = null;
    for (const [key, mark] of [...this.#news]) {
      if (this.#send({ type: 'seen', ...mark })) this.#news.delete(key);
    }
    this.#timer = this.#clock.setTimeout(() => this.#rested(), PAUSE);
  }

  #rested() {
    this.#timer = null;
    if (this.#news.size) this.flush();
  }
}
