// A place where people talk: a room, or a conversation between two.

import { People } from './people.js';
import { Timeline } from './timeline.js';
import { UnreadLine, countAfter, isNews } from './unread.js';

const KEPT = 2000; // entries kept of a place whose newest lines are in view

export class Place {
  timeline = new Timeline();
  people = new People();
  unreadLine = new UnreadLine();
  topic = '';
  /** Everything up to this id is here, from the oldest entry on; 0 if nothing was loaded. */
  reach = 0;
  /** Everything up to this id is read. */
  read = 0;
  /** Whether what comes is read at once, at a terminal of the same person. */
  isFollowed = false;
  /** Whether history is being fetched to complete what is here. */
  isFilling = false;
  #counted = { version: -1, read: -1, nick: '', lines: 0, mentions: 0 };

  /** @param {'room'|'person'} kind */
  constructor(kind, name) {
    this.kind = kind;
    this.name = name;
  }

  get isRoom() {
    return this.kind === 'room';
  }

  get key() {
    return keyOf(this.kind, this.name);
  }

  /** Adds what happens now. @returns {boolean} whether it was not here yet */
  add(event) {
    if (!this.isFilling && this.reach) this.reach = Math.max(this.reach, event.id);
    // What is folded tells who is here, and is not shown.
    if (event.folded || !this.timeline.add(event)) return false;
    if (this.isFollowed) this.markRead(event.id);
    return true;
  }

  /** @returns {boolean} whether more is read than before */
  markRead(id) {
    if (id <= this.read) return false;
    this.read = id;
    return true;
  }

  /** @returns {{lines: number, mentions: number}} what is unread, as far as it is loaded */
  unread(nick) {
    const { version } = this.timeline;
    const known = this.#counted;
    if (known.version !== version || known.read !== this.read || known.nick !== nick) {
      const counted = countAfter(this.timeline.entries, this.read, nick);
      this.#counted = { version, read: this.read, nick, ...counted };
    }
    return this.#counted;
  }

  /** The id of the newest line of somebody else's, or 0. */
  get newest() {
    return this.timeline.entries.findLast(isNews)?.id ?? 0;
  }

  /** Forgets old entries, unless somebody is reading them. */
  trim() {
    this.timeline.trim(KEPT);
  }
}

/** The key of a place, which no other place has. */
export function keyOf(kind, name) {
  return `${kind === 'room' ? '#' : '@'}${name}`;
}
