// What this person typed and the chat has not answered yet: nothing of it is lost.

import { isSameLine } from './clean.js';

const ON_THEIR_WAY = 16; // the chat stops reading at 64

/**
 * @typedef {object} Line
 * @property {string} ref
 * @property {'said'|'acted'|'noticed'|'whispered'|'command'} kind
 * @property {string} text  what others will see
 * @property {string} typed  what the person typed, to be typed again
 * @property {string} [line]  the command that says it
 * @property {string} room  where it is said, or carried out; '' in private
 * @property {string} [to]
 * @property {string} place  the key of the place in which it was typed
 * @property {boolean} [isSecret]  whether it may hold a password
 * @property {'waiting'|'sent'|'failed'} state
 * @property {string} reason  why it failed
 */

export class Outbox {
  /** @type {Line[]} */
  lines = [];
  #changed;

  /** @param {() => void} changed  called after every change */
  constructor(changed = () => {}) {
    this.#changed = changed;
  }

  /** Takes over what was kept from before a reload. */
  restore(kept) {
    this.lines = Array.isArray(kept) ? kept.filter((line) => typeof line?.ref === 'string') : [];
    this.lost();
  }

  /** What may be kept for after a reload. */
  get kept() {
    return this.lines.filter((line) => !line.isSecret);
  }

  /** The lines that were typed in a place. */
  of(place) {
    return this.lines.filter((line) => line.place === place);
  }

  get(ref) {
    return this.lines.find((line) => line.ref === ref);
  }

  add(line) {
    this.lines.push({ ...line, state: 'waiting', reason: '' });
    this.#changed();
  }

  /** Sends what waits, in its order. */
  flush(send) {
    let sent = this.lines.filter((line) => line.state === 'sent').length;
    const before = sent;
    for (const line of this.lines) {
      if (sent >= ON_THEIR_WAY) break;
      if (line.state !== 'waiting') continue;
      line.state = 'sent';
      sent += 1;
      send(requestOf(line));
    }
    if (sent > before) this.#changed();
  }

  /** Takes a line off if an event shows that it was said. @returns {Line | undefined} */
  acknowledge(event) {
    if (!event.own || !event.ref) return undefined;
    const line = this.get(event.ref);
    if (!line || !isEventOf(line, event)) return undefined;
    return this.remove(line.ref);
  }

  /** Takes a line off. @returns {Line | undefined} */
  remove(ref) {
    const line = this.get(ref);
    if (!line) return undefined;
    this.lines = this.lines.filter((other) => other !== line);
    this.#changed();
    return line;
  }

  /** Keeps a line that was refused, with the reason. @returns {Line | undefined} */
  refuse(ref, reason) {
    const line = this.get(ref);
    if (!line) return undefined;
    Object.assign(line, { state: 'failed', reason });
    this.#changed();
    return line;
  }

  /** Lets a refused line be sent once more, after the others. */
  again(ref, newRef) {
    const line = this.remove(ref);
    if (line) this.add({ ...line, ref: newRef });
  }

  /** Prepares for the next connection: talk is sent again, as the chat knows it by its ref. */
  lost() {
    for (const line of this.lines) {
      if (line.state !== 'sent') continue;
      if (line.kind === 'command') {
        Object.assign(line, {
          state: 'failed',
          reason:
            'The connection was lost before the answer ' +
            'came, so it may or may not have been carried out.',
        });
      } else {
        line.state = 'waiting';
      }
    }
    this.#changed();
  }
}

function requestOf(line) {
  const { ref, room } = line;
  if (line.kind === 'said') return { type: 'say', room, text: line.text, ref };
  return { type: 'command', line: line.line, ...(room && { room }), ref };
}

function isEventOf(line, event) {
  if (event.type !== line.kind || !isSameLine(line.text, event.text)) return false;
  // The chat may spell a nickname in other capitals.
  if (line.kind === 'whispered') return isSameName(line.to, event.to);
  return event.room === line.room;
}

function isSameName(one, other) {
  return one.normalize('NFKC').toLowerCase() === other.normalize('NFKC').toLowerCase();
}
