// Draws one row of the talk.

import { foldedSentence } from '../model/folding.js';
import { withoutSecret } from '../model/typed.js';
import { inLocalTime, whenOf } from '../model/time.js';
import { mannerOf } from '../model/timeline.js';
import { sentenceOf } from '../model/words.js';
import { make, named, nodesOf, said } from './dom.js';

const UNFOLDED_MOST = 60;

/**
 * @param {import('../model/rows.js').Row} row
 * @param {{calendar: object, nick: string, again: Function, edit: Function, drop: Function}} tools
 * @returns {HTMLLIElement}
 */
export function drawRow(row, tools) {
  const item = make('li', { class: `row ${row.kind}`, 'data-kind': row.kind });
  DRAWN[row.kind](item, row, tools);
  return item;
}

const DRAWN = {
  day: (item, row) => item.append(make('span', {}, row.name)),
  unread: (item) => {
    item.id = 'unread-line';
    item.append(make('span', {}, 'New'));
  },
  line: (item, row, tools) => {
    if (row.isHead) item.classList.add('head');
    if (row.isForYou) item.classList.add('for-you');
    if (row.entry.own) item.classList.add('own');
    if (mannerOf(row.entry) !== 'said') item.classList.add('apart');
    item.append(...lineParts(row.entry, row.isHead, tools.calendar));
  },
  told: (item, row, tools) => {
    const moment = (micros) => tools.calendar.moment(micros / 1000);
    item.append(make('p', {}, ...nodesOf(sentenceOf(row.entry, tools.nick, moment))));
    item.append(timeOf(whenOf(row.entry), tools.calendar));
  },
  folded: (item, row, tools) => drawFolded(item, row.events, tools),
  note: (item, row, tools) => drawNote(item, row.entry, tools),
  pending: (item, row, tools) => drawPending(item, row.line, tools),
};

/** How a line that is not plainly said looks: its class, and what is around the nickname. */
const FRAMES = {
  __proto__: null,
  acted: ['action', '\u2217 ', ' '],
  noticed: ['notice', '-', '- '],
};

function lineParts(event, isHead, calendar) {
  const time = timeOf(whenOf(event), calendar);
  const frame = FRAMES[mannerOf(event)];
  if (frame) {
    const [kind, before, after] = frame;
    const who = named(event.nick, { class: 'who' });
    const line = make(
      'p',
      { class: `text ${kind}`, dir: 'auto' },
      before,
      who,
      after,
      said(event.text),
    );
    return [line, time];
  }
  const text = said(event.text, 'p', { class: 'text' });
  if (!isHead) return [text, time];
  const who = make('button', { type: 'button', class: 'who person' }, named(event.nick));
  return [make('div', { class: 'byline' }, who, time), text];
}

function timeOf(when, calendar) {
  return make('time', { datetime: new Date(when).toISOString() }, calendar.clock(when));
}

function drawFolded(item, events, tools) {
  const clock = (event) => timeOf(whenOf(event), tools.calendar);
  if (events.length === 1) {
    item.append(make('p', {}, ...nodesOf(sentenceOf(events[0], tools.nick))), clock(events[0]));
    return;
  }
  const list = make('ul');
  const unfold = () =>
    list.replaceChildren(
      ...events
        .slice(-UNFOLDED_MOST)
        .map((event) =>
          make('li', {}, ...nodesOf(sentenceOf(event, tools.nick)), ' ', clock(event)),
        ),
    );
  // Few runs are ever unfolded.
  const details = make(
    'details',
    { toggle: () => details.open && unfold() },
    make('summary', {}, ...nodesOf(foldedSentence(events))),
    list,
  );
  item.append(details);
}

function drawNote(item, note, tools) {
  if (note.isError) item.classList.add('wrong');
  if (note.about) item.append(said(withoutSecret(note.about), 'p', { class: 'about' }));
  const lines = note.lines.map((line) => inLocalTime(line, note.times, tools.calendar));
  if (lines.length > 3) item.classList.add('long');
  item.append(...lines.map((line) => said(line || '\u00a0', 'p')));
}

function drawPending(item, line, tools) {
  item.classList.add('line', line.state);
  item.append(said(withoutSecret(line.typed), 'p', { class: 'text' }));
  if (line.state !== 'failed') {
    item.append(
      line.isOffline
        ? make('p', { class: 'state' }, 'Not sent yet')
        : make('span', { class: 'heard' }, 'Sending'),
    );
    return;
  }
  item.append(
    make('p', { class: 'reason' }, make('strong', {}, 'Not sent: '), said(line.reason)),
    make(
      'p',
      { class: 'actions' },
      make('button', { type: 'button', click: () => tools.again(line.ref) }, 'Send again'),
      make('button', { type: 'button', click: () => tools.edit(line.ref) }, 'Edit'),
      make('button', { type: 'button', click: () => tools.drop(line.ref) }, 'Discard'),
    ),
  );
}
