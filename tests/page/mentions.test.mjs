// A nickname is mentioned where it is a word of its own.

import assert from 'node:assert/strict';
import test from 'node:test';
import { isMentioned } from '../../chatservice/doors/page/model/mentions.js';

for (const [nick, text, expected] of [
  ['ada', 'ada: hi', true],
  ['ada', 'hi @Ada', true],
  ['ada', "ada's", true],
  ['ada', 'ada-lovelace', true],
  ['ada', 'adam', false],
  ['ada', 'Canada', false],
  ['ada', 'a d a', false],
  ['[bob]', 'hi "[bob]..."', true],
  ['[bob]', 'x[bob]', false],
  ['a.c|', 'a.c|: yes', true],
  ['a.c|', 'abc|', false],
  ['a.c|', 'a.c|d', false],
  ['L\u00e9o', 'LE\u0301O!', true],
  ['\u65e5', '\u65e5\u672c', false],
  ['', 'anything', false],
]) {
  test(`${JSON.stringify(text)} ${expected ? 'mentions' : 'does not mention'} ${nick}`, () => {
    assert.equal(isMentioned(nick, text), expected);
  });
}
