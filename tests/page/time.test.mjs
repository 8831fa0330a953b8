// Days and hours are those of the reader's zone.

import assert from 'node:assert/strict';
import test from 'node:test';

process.env.TZ = 'Europe/Berlin';
const { Calendar, inLocalTime, nextMidnight, whenOf } =
  await import('../../chatservice/doors/page/model/time.js');

const at = (text) => new Date(text).getTime();
const calendar = new Calendar('en-GB');

test('a day begins at local midnight', () => {
  const before = at('2026-11-21T22:59:59Z');
  const after = at('2026-11-21T23:00:00Z');
  assert.notEqual(calendar.dayOf(before), calendar.dayOf(after));
  assert.equal(calendar.dayOf(after), calendar.dayOf(at('2026-11-22T22:59:59Z')));
});

test('a day in which the clocks change has 23 or 25 hours', () => {
  const spring = at('2026-03-29T00:00:00+01:00');
  assert.equal(nextMidnight(spring) - spring, 23 * 3_600_000);
  const autumn = at('2026-10-25T00:00:00+02:00');
  assert.equal(nextMidnight(autumn) - autumn, 25 * 3_600_000);
  assert.equal(calendar.dayOf(autumn + 24.5 * 3_600_000), autumn);
});

test('days are named as seen from now', () => {
  const now = at('2026-03-29T20:00:00Z');
  const name = (text) => calendar.dayName(calendar.dayOf(at(text)), now);
  assert.equal(name('2026-03-29T03:00:00Z'), 'Today');
  assert.equal(name('2026-03-28T12:00:00Z'), 'Yesterday');
  assert.match(name('2026-03-20T12:00:00Z'), /Friday.*20 March/);
  assert.equal(name('2025-03-20T12:00:00Z'), '20 March 2025');
});

test('the time of an event is shown rather than its id, if they differ', () => {
  assert.equal(whenOf({ id: 5_000_000 }), 5000);
  assert.equal(whenOf({ id: 5_000_000, time: 2_000_000 }), 2000);
});

test('times in sentences are spelled in the local zone', () => {
  const times = { '2026-11-21 12:00 (UTC)': at('2026-11-21T12:00:00Z') * 1000 };
  const told = inLocalTime('until 2026-11-21 12:00 (UTC)', times, calendar);
  assert.match(told, /13:00/);
  assert.equal(inLocalTime('as it is', undefined, calendar), 'as it is');
});

test('a moment of today is spelled without its day', () => {
  const now = at('2026-11-21T20:00:00Z');
  assert.equal(calendar.brief(at('2026-11-21T12:30:00Z'), now), '13:30');
  assert.match(calendar.brief(at('2026-11-20T12:30:00Z'), now), /20 Nov 2026/);
});
