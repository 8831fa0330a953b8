// Keeps a connection to the chat: makes it, notices when it is dead, and makes it again.

const FIRST_PAUSE = 500; // ms
const LONGEST_PAUSE = 30_000;
const IDLE = 45_000; // ms of silence after which the chat is asked whether it is there
const PATIENCE = 10_000; // ms it has to answer
const WAKING_PATIENCE = 5_000; // ms it has after the page was woken
const CONNECTING = 20_000; // ms for a connection to be made

/** Makes the pause before an attempt: longer each time, and random in part. */
export function pauseBefore(attempt, random) {
  const longest = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** Math.min(attempt + 1, 16));
  return Math.max(FIRST_PAUSE, longest * (0.5 + random() / 2));
}

/**
 * @typedef {object} Clock
 * @property {(f: () => void, ms: number) => any} setTimeout
 * @property {(timer: any) => void} clearTimeout
 * @property {() => number} now
 */

export class Link {
  /** @type {'stopped'|'waiting'|'connecting'|'open'} */
  state = 'stopped';
  /** When the next attempt begins, in ms since the epoch. */
  retryAt = 0;
  #attempt = 0;
  #socket = null;
  #timer = null;
  #parts;

  /**
   * @param {object} parts
   * @param {() => WebSocket} parts.open  opens a socket
   * @param {Clock} parts.clock
   * @param {() => number} parts.random  from 0 up to 1
   * @param {(send: (request: object) => void) => void} parts.connected
   * @param {(object: object) => void} parts.received
   * @param {() => void} parts.lost
   * @param {() => boolean} parts.ping  asks the chat for an answer; false if it cannot be asked
   * @param {() => void} parts.changed  called after the state has changed
   */
  constructor(parts) {
    this.#parts = parts;
  }

  start() {
    if (this.state === 'stopped') this.#connect();
  }

  /** Ends the connection, and makes no other until `start`. */
  stop() {
    this.#drop();
    this.#become('stopped');
  }

  /** Notes that the chat let this person in, so that the next pauses are short again. */
  joined() {
    this.#attempt = 1;
  }

  /** Connects at once, or decides within 5 s whether the connection still lives. */
  wake() {
    if (this.state === 'waiting') this.#connect();
    else if (this.state === 'open') this.#ask(WAKING_PATIENCE);
    else if (this.state === 'connecting') this.#wait(WAKING_PATIENCE, () => this.renew());
  }

  /** Ends a connection that is dead or in the way, and makes another. */
  renew() {
    this.#drop();
    // Whoever learns of the loss may have stopped the link.
    if (this.state !== 'stopped') this.#pause();
  }

  #connect() {
    this.#clear();
    this.#attempt += 1;
    this.#become('connecting');
    let socket;
    try {
      socket = this.#parts.open();
    } catch {
      this.#pause();
      return;
    }
    this.#socket = socket;
    this.#wait(CONNECTING, () => this.renew());
    const ours = (act) => (event) => {
      if (this.#socket === socket) act(event);
    };
    socket.onopen = ours(() => this.#opened());
    socket.onmessage = ours((event) => this.#heard(event.data));
    socket.onclose = ours(() => this.renew());
  }

  #opened() {
    const socket = this.#socket;
    this.#become('open');
    this.#listen();
    this.#parts.connected((request) => socket.send(JSON.stringify(request)));
  }

  #heard(data) {
    this.#listen();
    let object;
    try {
      object = JSON.parse(data);
    } catch {
      return;
    }
    if (object && typeof object.type === 'string') this.#parts.received(object);
  }

  #listen() {
    this.#wait(IDLE, () => this.#ask(PATIENCE));
  }

  #ask(patience) {
    if (this.#parts.ping()) this.#wait(patience, () => this.renew());
    else this.#wait(CONNECTING, () => this.renew());
  }

  #drop() {
    this.#clear();
    const socket = this.#socket;
    this.#socket = null;
    if (!socket) return;
    socket.close();
    this.#parts.lost();
  }

  #pause() {
    const pause = pauseBefore(this.#attempt - 1, this.#parts.random);
    this.retryAt = this.#parts.clock.now() + pause;
    this.#wait(pause, () => this.#connect());
    this.#become('waiting');
  }

  #wait(ms, then) {
    this.#clear();
    this.#timer = this.#parts.clock.setTimeout(() => {
      this.#timer = null;
      then();
    }, ms);
  }

  #clear() {
    if (this.#timer !== null) this.#parts.clock.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #become(state) {
    this.state = state;
    this.#parts.changed();
  }
}
