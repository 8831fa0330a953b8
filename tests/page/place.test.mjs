// A place knows what is here and what is read.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Place } from '../../chatservice/doors/page/model/place.js';
import { happened, said } from './doubles.mjs';

test('what comes is complete up to its id, unless history is missing', () => {
  const place = new Place('room', 'lobby');
  place.add(said('bob', 'x', { id: 10 }));
  assert.equal(place.reach, 0);
  place.reach = 10;
  place.add(said('bob', 'x', { id: 20 }));
  assert.equal(place.reach, 20);
  place.isFilling = true;
  place.add(said('bob', 'x', { id: 30 }));
  assert.equal(place.reach, 20);
});

test('a folded event is not shown', () => {
  const place = new Place('room', 'lobby');
  assert.ok(!place.add(happened('joined', 'bob', { folded: true })));
  assert.equal(place.timeline.entries.length, 0);
});

test('the marker of what is read only moves forward', () => {
  const place = new Place('room', 'lobby');
  assert.ok(place.markRead(20));
  assert.ok(!place.markRead(10));
  assert.equal(place.read, 20);
});

test('what comes is read at once while a terminal follows the room', () => {
  const place = new Place('room', 'lobby');
  place.isFollowed = true;
  place.add(said('bob', 'x', { id: 10 }));
  assert.equal(place.unread('ada').lines, 0);
});

test('the count follows new lines, the marker and the nickname', () => {
  const place = new Place('room', 'lobby');
  place.add(said('bob', 'ada', { id: 10 }));
  assert.deepEqual([place.unread('ada').lines, place.unread('ada').mentions], [1, 1]);
  assert.equal(place.unread('eve').mentions, 0);
  place.add(said('bob', 'x', { id: 20 }));
  assert.equal(place.unread('eve').lines, 2);
  place.markRead(10);
  assert.equal(place.unread('eve').lines, 1);
});

test('a room and a conversation of the same name are two places', () => {
  assert.notEqual(new Place('room', 'ada').key, new Place('person', 'ada').key);
});

test('an event is new once', () => {
  const place = new Place('room', 'lobby');
  const event = said('bob', 'x');
  assert.ok(place.add(event));
  assert.ok(!place.add(event));
});

test('a place has the name and the kind that it was given', () => {
  const place = new Place('person', 'bob');
  assert.deepEqual([place.name, place.isRoom, place.key], ['bob', false, '@bob']);
});
