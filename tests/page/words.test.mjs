// Events have the sentences that the terminal has.

import assert from 'node:assert/strict';
import test from 'node:test';
import { isTold, plain, sentenceOf } from '../../chatservice/doors/page/model/words.js';
import { happened, said } from './doubles.mjs';

const told = (type, more = {}) => plain(sentenceOf(happened(type, 'eve', more), 'ada'));

for (const [type, more, expected] of [
  ['topic_changed', { topic: 'tea' }, 'eve changed the topic: tea'],
  ['topic_changed', { topic: '' }, 'eve cleared the topic'],
  ['topic_changed', { topic: '', hidden: true }, 'eve changed the topic'],
  ['parted', {}, 'eve left the room'],
  ['parted', { why: 'tea' }, 'eve left the room: tea'],
  ['left', { goodbye: true, why: 'tea' }, 'eve left the chat: tea'],
  ['left', { why: 'connection lost' }, 'eve left the chat (connection lost)'],
  ['renamed', { now: 'eva' }, 'eve is now eva'],
  ['renamed', { now: 'eva', own: true }, 'You are now eva'],
  ['went_away', { why: 'lunch' }, 'eve is away: lunch'],
  ['came_and_went', { came: 1037, went: 12 }, '1,037 came and 12 went'],
  ['watched', { here: true }, 'eve is here'],
  ['watched', { here: false }, 'eve is gone'],
  ['kicked', { target: 'ada', text: 'spam' }, 'eve kicked you from #lobby: spam'],
  ['kicked', { target: 'bob', room: '' }, 'eve kicked bob from the chat'],
  ['banned', { target: 'bob', until: 7 }, 'eve banned bob from #lobby until 7'],
  ['muted', { target: 'bob' }, 'eve muted bob in #lobby until an operator ends it'],
  ['opped', { target: 'ada', own: true }, 'You made yourself an operator of #lobby'],
  ['uninvited', { target: 'ada' }, 'eve no longer invites you to #lobby'],
  ['uninvited', { target: 'bob', own: true }, 'You no longer invite bob to #lobby'],
  ['room_set', { target: 'keep', text: '60' }, 'eve set keep of #lobby to 60 seconds'],
  ['room_set', { target: 'topic', text: '60' }, 'eve set topic of #lobby to 60'],
  ['room_set', { target: 'moderated', text: '' }, 'eve set moderated of #lobby to off'],
  ['announced', { text: 'tea' }, 'eve announces: tea'],
  ['locked_down', { text: 'off' }, 'eve ended the lockdown: anybody may join again'],
]) {
  test(`${type}: ${expected}`, () => assert.equal(told(type, more), expected));
}

test('what people chose is never part of our own words', () => {
  for (const part of sentenceOf(happened('kicked', 'eve', { target: 'bob', text: 'x' }))) {
    if (typeof part === 'string') assert.doesNotMatch(part, /eve|bob|x$/);
  }
});

test('talk has no sentence, and nothing unknown has one', () => {
  assert.ok(!isTold(said('ada', 'x')));
  assert.ok(!isTold(happened('something_new', 'ada')));
});
