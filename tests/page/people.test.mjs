// The people of a room stay in order while they come and go.

import assert from 'node:assert/strict';
import test from 'node:test';
import { People } from '../../chatservice/doors/page/model/people.js';

test('people are in alphabetical order whatever their capitals', () => {
  assert.deepEqual(new People(['bob', 'Ada', 'eve']).slice(0, 9), ['Ada', 'bob', 'eve']);
});

test('whoever comes, goes or is renamed later has the right place', () => {
  const people = new People(['bob', 'ada', 'eve']);
  people.slice(0, 1);
  assert.ok(people.add('Carol'));
  assert.ok(!people.add('Carol'));
  assert.ok(people.remove('ada'));
  assert.ok(!people.remove('ada'));
  assert.ok(people.rename('bob', 'zoe'));
  assert.ok(!people.rename('nobody', 'x'));
  assert.deepEqual(people.slice(0, 9), ['Carol', 'eve', 'zoe']);
  assert.equal(people.size, 3);
  assert.ok(people.has('zoe') && !people.has('bob'));
});

test('after a thousand changes the order is that of a list sorted anew', () => {
  const people = new People(Array.from({ length: 500 }, (_, at) => `n${(at * 7919) % 500}`));
  people.slice(0, 1);
  for (let at = 0; at < 500; at += 1) {
    people.remove(`n${(at * 31) % 500}`);
    people.add(`m${(at * 17) % 500}`);
  }
  assert.deepEqual(people.slice(0, 9999), new People([...people]).slice(0, 9999));
});

test('names that begin with what is looked for come before those that contain it', () => {
  assert.deepEqual(new People(['Canada', 'ada', 'bob']).matching('AD'), ['ada', 'Canada']);
});

test('a name that is decomposed is found by its composed form', () => {
  assert.deepEqual(new People(['Le\u0301o']).matching('l\u00e9'), ['Le\u0301o']);
});
