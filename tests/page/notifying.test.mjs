// A notification is for a mention or a private line, while the page is hidden.

import assert from 'node:assert/strict';
import test from 'node:test';
import { notificationOf } from '../../chatservice/doors/page/model/notifying.js';
import { happened, said } from './doubles.mjs';

const reader = { isHidden: true, isAllowed: true, nick: 'ada' };
const mention = said('bob', 'ada: tea?');

test('a mention is worth one, with its room', () => {
  assert.deepEqual(notificationOf(mention, reader), {
    who: 'bob',
    where: '#lobby',
    text: 'ada: tea?',
  });
});

test('a private line is worth one', () => {
  const event = happened('whispered', 'bob', { to: 'ada', text: 'psst', room: undefined });
  assert.deepEqual(notificationOf(event, reader), { who: 'bob', where: '', text: 'psst' });
});

test('nothing else is', () => {
  assert.equal(notificationOf(said('bob', 'adam: tea?'), reader), null);
  assert.equal(notificationOf({ ...mention, own: true }, reader), null);
  assert.equal(notificationOf(happened('topic_changed', 'bob', { topic: 'ada' }), reader), null);
});

test('nothing is while the page is seen, or if the person did not ask', () => {
  assert.equal(notificationOf(mention, { ...reader, isHidden: false }), null);
  assert.equal(notificationOf(mention, { ...reader, isAllowed: false }), null);
});
