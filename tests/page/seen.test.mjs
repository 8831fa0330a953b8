// The chat learns how far the person has read, once every few seconds at most.

import assert from 'node:assert/strict';
import test from 'node:test';
import { SeenMarks } from '../../chatservice/doors/page/model/seen.js';
import { FakeClock } from './doubles.mjs';

function marking() {
  const world = { clock: new FakeClock(), sent: [], isOnline: true };
  world.seen = new SeenMarks(world.clock, (request) => {
    if (world.isOnline) world.sent.push(request);
    return world.isOnline;
  });
  return world;
}

test('many lines in a few seconds make one mark, with the last id', () => {
  const { seen, clock, sent } = marking();
  for (let id = 1; id <= 5; id += 1) seen.note('lobby', id);
  clock.advance(500);
  assert.deepEqual(sent, [{ type: 'seen', id: 5, room: 'lobby' }]);
  seen.note('lobby', 6);
  clock.advance(1000);
  assert.equal(sent.length, 1);
  clock.advance(2100);
  assert.equal(sent.length, 2);
});

test('each room has its mark, and private messages have one without a room', () => {
  const { seen, clock, sent } = marking();
  seen.note('lobby', 1);
  seen.note(undefined, 2);
  clock.advance(500);
  assert.deepEqual(sent, [
    { type: 'seen', id: 1, room: 'lobby' },
    { type: 'seen', id: 2 },
  ]);
});

test('a mark that could not be sent is sent later', () => {
  const world = marking();
  world.isOnline = false;
  world.seen.note('lobby', 1);
  world.clock.advance(500);
  world.isOnline = true;
  world.clock.advance(3000);
  assert.equal(world.sent.length, 1);
});

test('nothing is sent twice', () => {
  const { seen, clock, sent } = marking();
  seen.note('lobby', 1);
  seen.flush();
  clock.advance(10_000);
  assert.equal(sent.length, 1);
  assert.equal(clock.waiting, 0);
});
