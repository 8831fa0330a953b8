// A clock that tests move, and other stand-ins for what the browser has.

export class FakeClock {
  time = 0;
  #next = 1;
  #timers = new Map();

  now() {
    return this.time;
  }

  setTimeout(act, ms) {
    this.#timers.set(this.#next, { at: this.time + ms, act });
    return this.#next++;
  }

  clearTimeout(timer) {
    this.#timers.delete(timer);
  }

  get waiting() {
    return this.#timers.size;
  }

  advance(ms) {
    const end = this.time + ms;
    for (;;) {
      const [first] = [...this.#timers].sort((a, b) => a[1].at - b[1].at);
      if (!first || first[1].at > end) break;
      this.#timers.delete(first[0]);
      this.time = first[1].at;
      first[1].act();
    }
    this.time = end;
  }
}

/** A WebSocket as far as the page uses one. */
export class FakeSocket {
  sent = [];
  isClosed = false;

  send(text) {
    this.sent.push(JSON.parse(text));
  }

  close() {
    this.isClosed = true;
  }

  open() {
    this.onopen({});
  }

  say(object) {
    this.onmessage({ data: JSON.stringify(object) });
  }
}

export class FakeStorage {
  #values = new Map();

  getItem(name) {
    return this.#values.get(name) ?? null;
  }

  setItem(name, value) {
    this.#values.set(name, value);
  }

  removeItem(name) {
    this.#values.delete(name);
  }
}

let lastId = 1_000_000;

/** Makes something that somebody said. */
export function said(nick, text, more = {}) {
  lastId += 1000;
  return { type: 'said', id: lastId, room: 'lobby', nick, text, ...more };
}

/** Makes an event of another kind. */
export function happened(type, nick, more = {}) {
  lastId += 1000;
  return { type, id: lastId, room: 'lobby', nick, ...more };
}
