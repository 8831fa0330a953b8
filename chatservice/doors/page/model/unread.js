// How far a place is read: what counts as unread, and where the line before it stands.

import { isTalk } from './timeline.js';
import { isMentioned } from './mentions.js';

/** Tells whether an event is a line that somebody else said. */
export function isNews(event) {
  return isTalk(event) && !event.own;
}

/** @returns {{lines: number, mentions: number}} how much news is after an id */
export function countAfter(entries, id, nick) {
  let [lines, mentions] = [0, 0];
  for (let at = entries.length - 1; at >= 0 && entries[at].id > id; at -= 1) {
    if (!isNews(entries[at])) continue;
    lines += 1;
    if (entries[at].type === 'whispered' || isMentioned(nick, entries[at].text)) mentions += 1;
  }
  return { lines, mentions };
}

/**
 * The line before the first news that came while the place was hidden.
 *
 * It stands after what was read when the place came into view, not before an event, so it also
 * has its place if that place is not loaded.
 */
export class UnreadLine {
  /** The id that was read when the place came into view; null if there is no line. */
  after = null;
  /** What has a greater id came while the place was in view. */
  upTo = 0;
  /** Whether the person has seen the line. */
  wasSeen = false;

  /**
   * Begins, as the place comes into view.
   *
   * @param {number} read  the id up to which the place is read
   * @param {number} upTo  the id of the last event; Infinity while that is not known
   */
  begin(read, upTo) {
    if (this.after === null) Object.assign(this, { after: read, upTo, wasSeen: false });
  }

  /** Learns the id of the last event, if that was not known when the place came into view. */
  settle(upTo) {
    if (this.upTo === Infinity) this.upTo = upTo;
  }

  /** Counts what is below a welcome's fence as well, as it came while the place was hidden. */
  extend(read, fence) {
    this.after ??= read;
    this.upTo = fence;
  }

  /** Goes, as the person leaves the place or says something there. */
  end() {
    this.after = null;
  }

  /**
   * @returns {{at: number, isAbove: boolean}} the index of the entry below the line, or -1; and
   *   whether the line may be above everything that is loaded
   */
  find(entries, hasOlder) {
    if (this.after === null) return { at: -1, isAbove: false };
    const at = entries.findIndex(
      (entry) => entry.id > this.after && entry.id <= this.upTo && isNews(entry),
    );
    const isAbove = at >= 0 && hasOlder && this.after < entries[0].id;
    return { at: isAbove ? -1 : at, isAbove };
  }
}
