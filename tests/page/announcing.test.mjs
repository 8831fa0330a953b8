// A screen reader hears each new line, and one sentence for many.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Announcer } from '../../chatservice/doors/page/model/announcing.js';
import { FakeClock } from './doubles.mjs';

function announcing() {
  const clock = new FakeClock();
  const heard = [];
  return { clock, heard, announcer: new Announcer(clock, (sentence) => heard.push(sentence)) };
}

test('a few lines are read one by one', () => {
  const { clock, heard, announcer } = announcing();
  announcer.line('bob', 'bob: hi');
  announcer.line('eve', 'eve: hello');
  clock.advance(1000);
  assert.deepEqual(heard, ['bob: hi', 'eve: hello']);
});

test('a burst is one sentence', () => {
  const { clock, heard, announcer } = announcing();
  for (let at = 0; at < 30; at += 1) announcer.line(at % 2 ? 'bob' : 'eve', `line ${at}`);
  clock.advance(1000);
  assert.deepEqual(heard, ['30 new lines from eve, bob']);
});

test('a burst of many people counts them', () => {
  const { clock, heard, announcer } = announcing();
  for (let at = 0; at < 9; at += 1) announcer.line(`n${at}`, 'x');
  clock.advance(1000);
  assert.deepEqual(heard, ['9 new lines from 9 people']);
});

test('history is one sentence, and none if nothing came', () => {
  const { heard, announcer } = announcing();
  announcer.history(50);
  announcer.history(0);
  announcer.history(1);
  assert.deepEqual(heard, ['50 earlier lines', '1 earlier line']);
});

test('three people are named', () => {
  const { clock, heard, announcer } = announcing();
  for (const who of ['a', 'b', 'c', 'a']) announcer.line(who, 'x');
  clock.advance(1000);
  assert.deepEqual(heard, ['4 new lines from a, b, c']);
});
