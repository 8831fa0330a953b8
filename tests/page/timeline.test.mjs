// A timeline has each event once, in the order of the ids.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Timeline } from '../../chatservice/doors/page/model/timeline.js';
import { said } from './doubles.mjs';

const ids = (timeline) => timeline.entries.map((entry) => entry.id);

test('an event that comes twice is there once', () => {
  const timeline = new Timeline();
  const event = said('ada', 'hi');
  assert.ok(timeline.add(event));
  assert.ok(!timeline.add(event));
  assert.equal(timeline.entries.length, 1);
});

test('a line that was missed goes between those that came before and after it', () => {
  const timeline = new Timeline();
  for (const id of [10, 40, 20, 30, 5]) timeline.add(said('ada', 'x', { id }));
  assert.deepEqual(ids(timeline), [5, 10, 20, 30, 40]);
  assert.equal(timeline.firstId, 5);
  assert.equal(timeline.lastId, 40);
});

test('sentences stay behind the event after which they came', () => {
  const timeline = new Timeline();
  timeline.add(said('ada', 'a', { id: 10 }));
  timeline.note({ lines: ['one'] });
  timeline.note({ lines: ['two'] });
  timeline.add(said('ada', 'b', { id: 20 }));
  assert.deepEqual(
    timeline.entries.map((entry) => entry.text ?? entry.lines[0]),
    ['a', 'one', 'two', 'b'],
  );
});

test('what is trimmed can be loaded again', () => {
  const timeline = new Timeline();
  for (const id of [10, 20, 30]) timeline.add(said('ada', 'x', { id }));
  timeline.trim(2);
  assert.deepEqual(ids(timeline), [20, 30]);
  assert.ok(timeline.hasOlder);
  assert.equal(timeline.cursor, 20);
  assert.ok(timeline.add(said('ada', 'x', { id: 10 })));
});

test('a cut removes what is below an id', () => {
  const timeline = new Timeline();
  for (const id of [10, 20, 30]) timeline.add(said('ada', 'x', { id }));
  timeline.cutBelow(20);
  assert.deepEqual(ids(timeline), [20, 30]);
  assert.ok(!timeline.has(10));
});

test('the version grows with every change, and with nothing else', () => {
  const timeline = new Timeline();
  timeline.add(said('ada', 'x', { id: 1 }));
  const before = timeline.version;
  timeline.add(said('ada', 'x', { id: 1 }));
  assert.equal(timeline.version, before);
  timeline.note({ lines: [] });
  assert.ok(timeline.version > before);
});

test('a timeline begins with nothing older, and a cut is a change', () => {
  const timeline = new Timeline();
  assert.ok(!timeline.hasOlder);
  timeline.add(said('ada', 'x', { id: 10 }));
  const { version } = timeline;
  timeline.cutBelow(20);
  assert.ok(timeline.version > version);
  timeline.add(said('ada', 'x', { id: 30 }));
  timeline.trim(1);
  assert.ok(!timeline.hasOlder);
});
