// A paste of lines is asked about, and one of too many is refused.

import assert from 'node:assert/strict';
import test from 'node:test';
import { LINES_MOST, judgePaste, linesOf } from '../../chatservice/doors/page/model/paste.js';

test('a paste of one line is a paste, even with an end', () => {
  assert.equal(judgePaste('', 'one\n', '').kind, 'plain');
  assert.equal(judgePaste('a\nb', 'one', '').kind, 'plain');
});

test('a paste of lines is asked about, with what is typed around it', () => {
  assert.deepEqual(judgePaste('say: ', 'one\r\n\r\ntwo', '!'), {
    kind: 'ask',
    lines: ['say: one', 'two!'],
  });
});

test('twenty lines are asked about, and twenty-one refused', () => {
  const lines = (count) => Array.from({ length: count }, (_, at) => `line ${at}`).join('\n');
  assert.equal(judgePaste('', lines(LINES_MOST), '').kind, 'ask');
  assert.equal(judgePaste('', lines(LINES_MOST + 1), '').kind, 'refuse');
  assert.equal(LINES_MOST, 20);
});

test('every kind of line end counts, and blank lines do not', () => {
  assert.deepEqual(linesOf('a\nb\rc\r\nd\u2028e\n \n'), ['a', 'b', 'c', 'd', 'e']);
});
