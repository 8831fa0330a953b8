// The unread line stands before the first line of somebody else's that came while hidden.

import assert from 'node:assert/strict';
import test from 'node:test';
import { UnreadLine, countAfter } from '../../chatservice/doors/page/model/unread.js';
import { happened, said } from './doubles.mjs';

const line = (read, upTo) => {
  const unread = new UnreadLine();
  unread.begin(read, upTo);
  return unread;
};

test('joins, renames and own lines do not move it', () => {
  const entries = [
    said('bob', 'read', { id: 10 }),
    happened('joined', 'eve', { id: 20 }),
    happened('renamed', 'eve', { id: 30, now: 'eva' }),
    said('ada', 'mine', { id: 40, own: true }),
    said('bob', 'new', { id: 50 }),
    said('bob', 'newer', { id: 60 }),
  ];
  assert.deepEqual(line(10, 60).find(entries, false), { at: 4, isAbove: false });
});

test('lines that come while the place is in view get no line', () => {
  const entries = [said('bob', 'read', { id: 10 }), said('bob', 'live', { id: 20 })];
  assert.equal(line(10, 10).find(entries, false).at, -1);
});

test('it is above what is loaded if older lines may be unread', () => {
  const entries = [said('bob', 'x', { id: 50 })];
  assert.deepEqual(line(10, 60).find(entries, true), { at: -1, isAbove: true });
  assert.deepEqual(line(10, 60).find(entries, false), { at: 0, isAbove: false });
});

test('it stays where it is while the place is in view, and goes at the end', () => {
  const unread = line(10, 30);
  unread.begin(30, 99);
  assert.equal(unread.after, 10);
  unread.end();
  assert.equal(unread.find([said('bob', 'x', { id: 50 })], false).at, -1);
});

test('what a new connection brings came while hidden too', () => {
  const unread = line(10, 10);
  unread.extend(10, 40);
  const entries = [said('bob', 'missed', { id: 30 }), said('bob', 'live', { id: 50 })];
  assert.equal(unread.find(entries, false).at, 0);
});

test('news is counted after an id, and mentions and private lines among it', () => {
  const entries = [
    said('bob', 'ada', { id: 10 }),
    said('bob', 'hi ada', { id: 20 }),
    said('bob', 'x', { id: 30 }),
    said('ada', 'ada', { id: 40, own: true }),
    { ...said('bob', 'y', { id: 50 }), type: 'whispered' },
  ];
  assert.deepEqual(countAfter(entries, 10, 'ada'), { lines: 3, mentions: 2 });
});

test('a line that was seen is new when it begins again', () => {
  const unread = line(10, 20);
  assert.ok(!unread.wasSeen);
  unread.wasSeen = true;
  unread.end();
  unread.begin(30, 40);
  assert.ok(!unread.wasSeen);
});

test('the last line that came while hidden counts', () => {
  assert.equal(line(10, 20).find([said('bob', 'x', { id: 20 })], false).at, 0);
});

test('what comes after the place was loaded is no news, though it was shown before that', () => {
  const line = new UnreadLine();
  line.begin(1, Infinity);
  line.settle(5);
  line.settle(9);
  assert.equal(line.upTo, 5);
});
