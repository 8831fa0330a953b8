// Tab completes a name, the last speaker's first, or moves on.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Completion, namesBeginning } from '../../chatservice/doors/page/model/completion.js';
import { People } from '../../chatservice/doors/page/model/people.js';
import { said } from './doubles.mjs';

const among =
  (...names) =>
  (start) =>
    names.filter((name) => name.startsWith(start));

test('a name at the beginning is addressed, and one within a line is not', () => {
  const completion = new Completion();
  assert.deepEqual(completion.press('ad', 2, among('ada')), { text: 'ada: ', caret: 5 });
  assert.deepEqual(completion.press('hi ad!', 5, among('ada')), { text: 'hi ada !', caret: 7 });
});

test('Tab again takes the next name, and comes round', () => {
  const completion = new Completion();
  const names = among('ada', 'adam');
  let at = { text: 'a', caret: 1 };
  const seen = [];
  for (let press = 0; press < 3; press += 1) {
    at = completion.press(at.text, at.caret, names);
    seen.push(at.text);
  }
  assert.deepEqual(seen, ['ada: ', 'adam: ', 'ada: ']);
});

test('Tab moves on where nothing is typed, and where no name begins so', () => {
  const completion = new Completion();
  assert.equal(completion.press('', 0, among('ada')), null);
  assert.equal(completion.press('hi ', 3, among('ada')), null);
  assert.equal(completion.press('zz', 2, among('ada')), null);
  assert.equal(completion.press('@', 1, among('ada')), null);
});

test('typing between two Tabs begins anew', () => {
  const completion = new Completion();
  completion.press('a', 1, among('ada', 'adam'));
  assert.equal(completion.press('ada: b', 6, among('bob')).text, 'ada: bob ');
});

test('an at sign before a name, and a room, are completed too', () => {
  const completion = new Completion();
  assert.equal(completion.press('@ad', 3, among('ada')).text, 'ada: ');
  assert.equal(completion.press('#py', 3, among('#python')).text, '#python ');
});

test('who spoke last comes first, then the others in order, and never oneself', () => {
  const entries = [
    said('adam', 'x'),
    said('ada', 'x'),
    said('adam', 'y'),
    said('Adele', 'z', {}),
    { type: 'joined', nick: 'adrian' },
  ];
  const people = new People(['ada', 'adam', 'Adele', 'adrian', 'bob', 'admin']);
  assert.deepEqual(namesBeginning('AD', entries, people, 'admin'), [
    'Adele',
    'adam',
    'ada',
    'adrian',
  ]);
});
