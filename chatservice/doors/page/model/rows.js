// Makes the rows that a place shows of its timeline: lines, sentences, days, folded comings and
// goings, the unread line, and the lines that are on their way.

import { isPresence } from './folding.js';
import { isMentioned } from './mentions.js';
import { isTalk, mannerOf } from './timeline.js';
import { whenOf } from './time.js';
import { isTold } from './words.js';

const TOGETHER = 5 * 60_000; // ms between lines of one person under the same heading

/**
 * @typedef {object} Row
 * @property {string} key  the same for the same row for as long as the page is open
 * @property {string} sign  changes if the row must be drawn again
 * @property {'day'|'unread'|'line'|'told'|'folded'|'note'|'pending'} kind
 * @property {number} id  up to which a reader who sees this row has read; 0 if it says nothing
 * @property {object} [entry]
 * @property {object[]} [events]
 */

/**
 * @param {{entries: object[], pending: object[], unreadAt: number, calendar: object,
 *   now: number, nick: string, isQuiet: boolean}} view
 * @returns {Row[]}
 */
export function rowsOf(view) {
  const rows = [];
  const state = { day: null, author: '', when: 0, run: null };
  view.entries.forEach((entry, index) => {
    if (entry.folded || (view.isQuiet && isPresence(entry))) return;
    const isAfterUnread = index === view.unreadAt;
    if (!isTalk(entry) && !isTold(entry) && entry.type !== 'note') return;
    const when = entry.type === 'note' ? entry.when : whenOf(entry);
    startDay(rows, state, view, when);
    if (isAfterUnread) {
      rows.push({ key: 'unread', sign: '', kind: 'unread', id: 0 });
      Object.assign(state, { author: '', run: null });
    }
    addEntry(rows, state, view, entry, when);
  });
  for (const line of view.pending) rows.push(pendingRow(line));
  return rows;
}

function startDay(rows, state, view, when) {
  const day = view.calendar.dayOf(when);
  if (day === state.day) return;
  // A clock that was set back begins no day for a second time.
  if (state.day !== null && day < state.day) return;
  Object.assign(state, { day, author: '', run: null });
  const name = view.calendar.dayName(day, view.now);
  rows.push({ key: `day${day}`, sign: name, kind: 'day', id: 0, name });
}

function addEntry(rows, state, view, entry, when) {
  if (isPresence(entry)) {
    fold(rows, state, entry);
    return;
  }
  state.run = null;
  if (isTalk(entry)) {
    rows.push(lineRow(state, view, entry, when));
    return;
  }
  state.author = '';
  if (entry.type === 'note') {
    rows.push({ key: `n${entry.seq}`, sign: '', kind: 'note', id: entry.id, entry });
  } else {
    rows.push({ key: `e${entry.id}`, sign: '', kind: 'told', id: entry.id, entry });
  }
}

function fold(rows, state, entry) {
  state.author = '';
  if (!state.run) {
    state.run = { key: `f${entry.id}`, sign: '', kind: 'folded', id: 0, events: [] };
    rows.push(state.run);
  }
  state.run.events.push(entry);
  state.run.sign = String(state.run.events.length);
  state.run.id = entry.id;
}

function lineRow(state, view, entry, when) {
  // Only what is plainly said stands below the name of who said it.
  const isSaid = mannerOf(entry) === 'said';
  const isHead = !isSaid || entry.nick !== state.author || when - state.when > TOGETHER;
  state.author = isSaid ? entry.nick : '';
  state.when = when;
  const isForYou = !entry.own && entry.type !== 'whispered' && isMentioned(view.nick, entry.text);
  return {
    key: `e${entry.id}`,
    sign: `${isHead}${isForYou}`,
    kind: 'line',
    id: entry.id,
    entry,
    when,
    isHead,
    isForYou,
  };
}

function pendingRow(line) {
  return {
    key: `p${line.ref}`,
    sign: `${line.state}${line.reason}${line.isOffline}`,
    kind: 'pending',
    id: 0,
    line,
  };
}
