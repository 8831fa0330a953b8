// One person's part in the chat: who they are, what is asked, and what the answers mean.
// docs/protocol.rst describes what is said here.

import { History } from './history.js';
import { olderOf, takePage, wantedAfter } from './pages.js';

const ROOMS_MOST = 50;
const ENDINGS = new Set(['taken-over', 'goodbye']);
const PROOFS = ['token', 'account', 'settings'];

/**
 * @typedef {object} Listener  what the page does when something happens
 * @property {(welcome: object, isFirst: boolean) => void} welcomed
 * @property {(error: object) => void} refused  the person must give another name or password
 * @property {(error: object) => void} ended  the connection must not come back by itself
 * @property {(error: object) => void} warned  an error that no request has asked for
 * @property {(answer: object, line: object | undefined) => void} told  sentences for the person,
 *   and the line with which they asked for them
 * @property {(event: object, places: object[], line: object | undefined) => void} happened
 *   something, just now; and the line of the outbox that caused it
 * @property {(place: object | null, count: number) => void} recalled  history came
 * @property {(room: string) => void} entered  a room, because the person asked for it here
 * @property {() => void} identified  the token or the account is another one
 * @property {() => void} changed
 */

export class Session {
  /** @type {'offline'|'joining'|'refused'|'catching up'|'live'|'ended'} */
  state = 'offline';
  history = new History();
  #send = null;
  /** The id of the last welcome: what has a greater one comes, or came, by itself. */
  fence = 0;
  #wasWelcomed = false;
  /** Whether the first welcome was not followed by an answer yet. */
  #isAwaited = false;
  /** What the answers to requests are for, by ref. */
  #asked = new Map();

  /**
   * @param {object} parts
   * @param {import('./chat.js').Chat} parts.chat
   * @param {import('./outbox.js').Outbox} parts.outbox
   * @param {{nick: string, token: string, password: string, client: string}} parts.identity
   * @param {() => string} parts.newRef
   * @param {Listener} parts.listener
   */
  constructor({ chat, outbox, identity, newRef, listener }) {
    Object.assign(this, { chat, outbox, identity, newRef, listener });
  }

  get isJoined() {
    return this.state === 'live' || this.state === 'catching up';
  }

  // The connection

  connected(send) {
    this.#send = send;
    this.state = 'joining';
    this.#hello();
  }

  disconnected() {
    this.#send = null;
    this.#endIfQuit();
    if (this.state !== 'ended' && this.state !== 'refused') this.state = 'offline';
    this.history.forget();
    this.outbox.lost();
    const unanswered = [...this.#asked.values()];
    this.#asked.clear();
    for (const asked of unanswered) asked.failed?.({ text: 'The connection was lost.' });
    this.listener.changed();
  }

  /** The end of the connection is the answer to a /quit. */
  #endIfQuit() {
    const quit = this.outbox.lines.find((line) => line.name === 'quit' && line.state === 'sent');
    if (!quit) return;
    this.outbox.remove(quit.ref);
    if (this.state === 'ended') return;
    this.state = 'ended';
    this.listener.ended({ code: 'goodbye', text: 'You said goodbye.' });
  }

  /** Asks the chat for an answer. @returns {boolean} whether it can be asked */
  ping() {
    if (!this.isJoined) return false;
    this.#send({ type: 'ping' });
    return true;
  }

  // What the person asks for

  /** Sends a request at once. @returns {boolean} false if there is no connection */
  request(request) {
    if (!this.isJoined) return false;
    this.#send(request);
    return true;
  }

  /** Asks for something whose answer is data. */
  ask(line, answered, failed) {
    const ref = this.newRef();
    if (!this.request({ type: 'command', line, ref })) {
      failed({ text: 'There is no connection to the chat now.' });
      return;
    }
    this.#asked.set(ref, { answered, failed });
  }

  /** Sends what the person typed, as soon as the chat is there. */
  say(line) {
    this.outbox.add({ ref: this.newRef(), ...line });
    this.#flush();
  }

  again(ref) {
    this.outbox.again(ref, this.newRef());
    this.#flush();
  }

  loadOlder(place) {
    const want = olderOf(this.chat, place);
    if (!want || !this.isJoined) return;
    this.history.add(want);
    this.history.hurry(want.place);
    this.#turnPage();
  }

  isLoading(place) {
    return this.history.wants(place.isRoom ? place : null);
  }

  // What the chat says

  receive(object) {
    const answer = ANSWERS[object.type];
    if (answer) answer(this, object);
    else if (typeof object.id === 'number') this.#happen(object);
    this.listener.changed();
  }

  #hello() {
    const { nick, token, password, client } = this.identity;
    const rooms = this.#wasWelcomed ? this.#reached() : null;
    this.#send({
      type: 'hello',
      client,
      ...(nick && { nick }),
      ...(token && { token }),
      ...(password && { password }),
      ...(rooms && { rooms }),
    });
  }

  #reached() {
    const rooms = this.chat.rooms.slice(0, ROOMS_MOST);
    return rooms.length ? Object.fromEntries(rooms.map((each) => [each.name, each.reach])) : null;
  }

  welcomed(welcome) {
    const isFirst = !this.#wasWelcomed;
    // A second welcome on one connection is for somebody else.
    if (this.isJoined) this.chat.reset();
    this.fence = welcome.id;
    this.#wasWelcomed = true;
    this.#isAwaited = isFirst;
    this.state = 'catching up';
    Object.assign(this.identity, { nick: welcome.nick, token: welcome.token, password: '' });
    this.history.forget();
    const lost = this.chat.welcome(welcome);
    for (const want of wantedAfter(this.chat, welcome)) this.history.add(want);
    this.listener.identified();
    this.listener.welcomed(welcome, isFirst);
    if (lost.length) {
      const names = lost.map((place) => `#${place.name}`).join(', ');
      this.listener.told({ lines: [`You are no longer in ${names}.`] });
    }
    this.#turnPage();
  }

  /** Takes over a new token, account or settings. */
  renewed(object) {
    if (!PROOFS.some((proof) => proof in object)) return;
    if (object.token) this.identity.token = object.token;
    if ('account' in object) this.chat.account = object.account;
    if (object.settings) this.chat.settings = object.settings;
    this.listener.identified();
  }

  ok(object) {
    this.renewed(object);
    for (const [name, state] of Object.entries(object.rooms ?? {})) this.#enter(name, state);
    const asked = this.#asked.get(object.ref);
    if (asked) {
      if (!object.more) this.#asked.delete(object.ref);
      asked.answered(object);
      return;
    }
    const line = object.more ? this.outbox.get(object.ref) : this.outbox.remove(object.ref);
    this.listener.told(object, line);
    this.#flush();
  }

  failed(object) {
    if (this.state === 'joining') {
      this.#refuse(object);
    } else if (ENDINGS.has(object.code)) {
      this.state = 'ended';
      this.listener.ended(object);
    } else if (this.history.take(object)) {
      this.#turnPage();
    } else if (this.#asked.has(object.ref)) {
      const asked = this.#asked.get(object.ref);
      this.#asked.delete(object.ref);
      asked.failed(object);
    } else if (!object.ref || !this.outbox.refuse(object.ref, object.text)) {
      this.listener.warned(object);
    }
    this.#flush();
  }

  paged(page) {
    const want = this.history.take(page);
    this.#isAwaited = false;
    if (!want) return;
    const count = takePage(this.chat, want, page);
    for (const event of page.events) this.outbox.acknowledge(event);
    this.listener.recalled(want.place, want.why === 'gap' ? 0 : count);
    this.#turnPage();
  }

  noticed(notice) {
    this.renewed(notice);
    const { events = [] } = notice;
    this.chat.takePrivate(events.filter((event) => event.type === 'whispered'));
    // What follows a first hello tells what was missed, and the counts in the list do so too.
    if (!this.#isAwaited) this.listener.told(notice);
  }

  marked(mark) {
    if (!mark.room) {
      this.chat.readPrivately(mark.id);
      return;
    }
    const place = this.chat.room(mark.room);
    if (!place) return;
    place.isFollowed = mark.following === true;
    place.markRead(mark.id);
  }

  pong() {
    this.#send?.({ type: 'pong' });
  }

  #refuse(error) {
    // A closed chat may be open later; a wrong name or password stays wrong.
    if (error.code === 'closing') {
      this.listener.warned(error);
      return;
    }
    this.state = 'refused';
    if (error.code === 'not-joined') this.identity.token = '';
    this.identity.password = '';
    this.listener.refused(error);
  }

  #enter(name, state) {
    const place = this.chat.arrive(name, state);
    this.#load(place);
    this.listener.entered(name);
    this.#turnPage();
  }

  #happen(event) {
    const line = this.outbox.acknowledge(event);
    const places = this.chat.follow(event);
    const entered = event.own && event.rooms && this.chat.room(event.room);
    if (entered) this.#load(entered);
    this.listener.happened(event, places, line);
    if (line) this.#flush();
  }

  /** Loads a room that was just entered, unless it was here before. */
  #load(place) {
    if (place.reach) return;
    place.isFilling = true;
    this.history.add({ why: 'newest', place });
    this.#turnPage();
  }

  #turnPage() {
    if (!this.#send) return;
    const request = this.history.next(this.newRef());
    if (request) this.#send(request);
    if (this.state === 'catching up' && !this.history.hasGaps) {
      this.state = 'live';
      this.#flush();
    }
  }

  #flush() {
    if (this.state === 'live') this.outbox.flush(this.#send);
  }
}

const ANSWERS = {
  __proto__: null,
  welcome: (session, object) => session.welcomed(object),
  ok: (session, object) => session.ok(object),
  error: (session, object) => session.failed(object),
  history: (session, object) => session.paged(object),
  notice: (session, object) => session.noticed(object),
  seen: (session, object) => session.marked(object),
  ping: (session) => session.pong(),
  pong: () => {},
  gap: () => {},
};
