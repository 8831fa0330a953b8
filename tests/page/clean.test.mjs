// A text is cleaned as the chat cleans it.

import assert from 'node:assert/strict';
import test from 'node:test';
import { bytesOf, clean, isSameLine, isSeen } from '../../chatservice/doors/page/model/clean.js';

test('escape sequences and control characters vanish, and line ends become spaces', () => {
  assert.equal(clean('a\u001b[31mb\u0007c\nd\t\te  '), 'abc d e');
});

test('half a surrogate pair becomes the replacement character', () => {
  assert.equal(clean('a\ud800b'), 'a\ufffdb');
});

test('a line whose marks the chat thinned out is the same line, and another text is not', () => {
  assert.ok(isSameLine(`Z${'\u0301'.repeat(20)}x`, `Z${'\u0301'.repeat(8)}x`));
  assert.ok(isSameLine('a\u202eb', 'ab'));
  assert.ok(!isSameLine('ab', 'ac'));
});

test('spaces and marks without a letter are not seen', () => {
  assert.ok(!isSeen(' \u200b\u0301\u2800'));
  assert.ok(isSeen(' x'));
});

test('the size of a text is counted in bytes of UTF-8', () => {
  assert.equal(bytesOf('a\u00e9\u65e5'), 6);
});
