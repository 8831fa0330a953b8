// Who came and went is told in one short sentence.

import assert from 'node:assert/strict';
import test from 'node:test';
import { foldedSentence, isPresence } from '../../chatservice/doors/page/model/folding.js';
import { plain } from '../../chatservice/doors/page/model/words.js';
import { happened, said } from './doubles.mjs';

const fold = (...events) => plain(foldedSentence(events));
const joined = (...nicks) => nicks.map((nick) => happened('joined', nick));

test('a few are named, and the others counted', () => {
  assert.equal(fold(...joined('ada', 'bob')), 'ada and bob joined');
  assert.equal(fold(...joined('ada', 'bob', 'eve')), 'ada, bob and eve joined');
  assert.equal(fold(...joined('ada', 'bob', 'eve', 'zoe')), 'ada, bob and 2 more joined');
});

test('somebody who came and went again counts as neither', () => {
  assert.equal(fold(...joined('ada', 'bob'), happened('parted', 'bob')), 'ada joined');
  assert.equal(fold(...joined('bob'), happened('left', 'bob')), 'Some people came and went');
});

test('sums of the chat are added', () => {
  assert.equal(
    fold(happened('came_and_went', '', { came: 37, went: 1 })),
    '37 people joined, 1 person left',
  );
  assert.equal(
    fold(...joined('ada'), happened('came_and_went', '', { came: 36, went: 0 })),
    'ada and 36 more joined',
  );
});

test('renames are counted, and whoever joined is called by the new name', () => {
  assert.equal(
    fold(...joined('bob'), happened('renamed', 'bob', { now: 'rob' })),
    'rob joined, 1 other change',
  );
});

test('only what tells who is here is folded', () => {
  assert.ok(isPresence(happened('left', 'ada')));
  assert.ok(!isPresence(said('ada', 'x')));
  assert.ok(!isPresence(happened('kicked', 'ada')));
});
