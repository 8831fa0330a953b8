// A timeline becomes rows: days, headings, folded comings and goings, the unread line.

import assert from 'node:assert/strict';
import test from 'node:test';

process.env.TZ = 'UTC';
const { rowsOf } = await import('../../chatservice/doors/page/model/rows.js');
const { Calendar } = await import('../../chatservice/doors/page/model/time.js');
const { happened, said } = await import('./doubles.mjs');

const HOUR = 3_600_000_000;
const view = (entries, more = {}) => ({
  entries: entries.map((entry) => ({ seq: 0, ...entry })),
  pending: [],
  unreadAt: -1,
  calendar: new Calendar('en'),
  now: 0,
  nick: 'ada',
  isQuiet: false,
  ...more,
});
const kinds = (rows) => rows.map((row) => row.kind);

test('lines of one person within five minutes share a heading', () => {
  const rows = rowsOf(
    view([
      said('bob', 'a', { id: HOUR }),
      said('bob', 'b', { id: HOUR + 1e6 }),
      said('eve', 'c', { id: HOUR + 2e6 }),
      said('eve', 'd', { id: 2 * HOUR }),
    ]),
  );
  assert.deepEqual(
    rows.slice(1).map((row) => row.isHead),
    [true, false, true, true],
  );
});

test('what is acted or noticed stands by itself', () => {
  const rows = rowsOf(
    view([
      said('bob', 'a', { id: HOUR }),
      said('bob', 'waves', { id: HOUR + 1e6, type: 'acted' }),
      said('bob', 'tea', { id: HOUR + 2e6, type: 'noticed' }),
      said('bob', 'b', { id: HOUR + 3e6 }),
      said('bob', 'waves', { id: HOUR + 4e6, type: 'whispered', manner: 'acted' }),
      said('bob', 'c', { id: HOUR + 5e6, type: 'whispered' }),
      said('bob', 'd', { id: HOUR + 6e6, type: 'whispered' }),
    ]),
  );
  assert.deepEqual(
    rows.slice(1).map((row) => row.isHead),
    [true, true, true, true, true, true, false],
  );
});

test('a new day has a row, and a clock that is set back makes none', () => {
  const rows = rowsOf(
    view([
      said('bob', 'a', { id: HOUR }),
      said('bob', 'b', { id: 30 * HOUR }),
      said('bob', 'c', { id: 31 * HOUR, time: HOUR }),
    ]),
  );
  assert.deepEqual(kinds(rows), ['day', 'line', 'day', 'line', 'line']);
});

test('a run of comings and goings is one row, and talk ends it', () => {
  const rows = rowsOf(
    view([
      happened('joined', 'a', { id: 1 }),
      happened('left', 'b', { id: 2 }),
      said('bob', 'x', { id: 3 }),
      happened('joined', 'c', { id: 4 }),
    ]),
  );
  assert.deepEqual(kinds(rows), ['day', 'folded', 'line', 'folded']);
  assert.equal(rows[1].events.length, 2);
});

test('a run that grows keeps its key and changes its sign', () => {
  const [, one] = rowsOf(view([happened('joined', 'a', { id: 1 })]));
  const [, two] = rowsOf(
    view([happened('joined', 'a', { id: 1 }), happened('joined', 'b', { id: 2 })]),
  );
  assert.equal(one.key, two.key);
  assert.notEqual(one.sign, two.sign);
});

test('whoever wants quiet sees nobody come or go', () => {
  const entries = [happened('joined', 'a', { id: 1 }), said('bob', 'x', { id: 2 })];
  assert.deepEqual(kinds(rowsOf(view(entries, { isQuiet: true }))), ['day', 'line']);
});

test('the unread line stands before its entry, which has a heading', () => {
  const entries = [said('bob', 'a', { id: 1 }), said('bob', 'b', { id: 2 })];
  const rows = rowsOf(view(entries, { unreadAt: 1 }));
  assert.deepEqual(kinds(rows), ['day', 'line', 'unread', 'line']);
  assert.ok(rows[3].isHead);
});

test('a mention is marked, but not in an own line', () => {
  const rows = rowsOf(
    view([said('bob', 'hi ada', { id: 1 }), said('ada', 'I, ada', { id: 2, own: true })]),
  );
  assert.deepEqual(
    rows.slice(1).map((row) => row.isForYou),
    [true, false],
  );
});

test('folded events and unknown ones have no row', () => {
  const entries = [
    happened('joined', 'a', { id: 1, folded: true }),
    happened('new_thing', 'a', { id: 2 }),
  ];
  assert.deepEqual(rowsOf(view(entries)), []);
});

test('lines on their way come last, and are drawn again when they fail', () => {
  const line = { ref: 'r', state: 'sent', reason: '' };
  const [sent] = rowsOf(view([], { pending: [line] }));
  const [failed] = rowsOf(view([], { pending: [{ ...line, state: 'failed', reason: 'no' }] }));
  assert.equal(sent.kind, 'pending');
  assert.equal(sent.key, failed.key);
  assert.notEqual(sent.sign, failed.sign);
});
