// Pages of history are asked for one at a time.

import assert from 'node:assert/strict';
import test from 'node:test';
import { History } from '../../chatservice/doors/page/model/history.js';
import { Place } from '../../chatservice/doors/page/model/place.js';

const room = (name) => new Place('room', name);

test('the next page is asked for when the answer to the one before has come', () => {
  const history = new History();
  history.add({ why: 'newest', place: room('a'), before: 9 });
  history.add({ why: 'newest', place: null, before: 9 });
  assert.deepEqual(history.next('1'), {
    type: 'history',
    limit: 100,
    ref: '1',
    room: 'a',
    before: 9,
  });
  assert.equal(history.next('2'), null);
  assert.equal(history.take({ ref: 'other' }), null);
  assert.equal(history.take({ ref: '1' }).why, 'newest');
  assert.deepEqual(history.next('3'), { type: 'history', limit: 100, ref: '3', before: 9 });
});

test('a gap goes on from next until there is no more', () => {
  const history = new History();
  history.add({ why: 'gap', place: room('a'), after: 5, before: 50 });
  history.next('1');
  history.take({ ref: '1', more: true, next: 20 });
  assert.ok(history.hasGaps);
  const { after, before } = history.next('2');
  assert.deepEqual([after, before], [20, 50]);
  history.take({ ref: '2', more: false });
  assert.ok(!history.hasGaps);
  assert.equal(history.next('3'), null);
});

test('a chat that never gets on is not asked for ever', () => {
  const history = new History();
  history.add({ why: 'gap', place: null, after: 5, before: 50 });
  history.next('1');
  history.take({ ref: '1', more: true, next: 5 });
  assert.equal(history.next('2'), null);
});

test('the same page is wanted once', () => {
  const history = new History();
  const place = room('a');
  history.add({ why: 'older', place, before: 5 });
  history.next('1');
  history.add({ why: 'older', place, before: 5 });
  history.take({ ref: '1' });
  assert.equal(history.next('2'), null);
});

test('what was missed comes first, and then the place that is shown', () => {
  const history = new History();
  const [a, b] = [room('a'), room('b')];
  history.add({ why: 'newest', place: a });
  history.add({ why: 'newest', place: b });
  history.add({ why: 'gap', place: a, after: 1 });
  history.hurry(b);
  const order = [];
  for (let ref = 1; ref < 4; ref += 1) {
    history.next(String(ref));
    const want = history.take({ ref: String(ref) });
    order.push(`${want.why} ${want.place.name}`);
  }
  assert.deepEqual(order, ['gap a', 'newest b', 'newest a']);
});
