// A page of another version says so, and reloads if nothing would be lost.

import assert from 'node:assert/strict';
import test from 'node:test';
import { judgeVersion } from '../../chatservice/doors/page/model/version.js';

const idle = { isTyped: false, triedFor: '' };

test('the same version is the same, and so is an unknown one', () => {
  assert.equal(judgeVersion('a', 'a', idle), 'same');
  assert.equal(judgeVersion('a', '', idle), 'same');
  assert.equal(judgeVersion('@VERSION@', 'b', idle), 'same');
});

test('another version reloads the page, unless something is typed', () => {
  assert.equal(judgeVersion('a', 'b', idle), 'reload');
  assert.equal(judgeVersion('a', 'b', { ...idle, isTyped: true }), 'tell');
});

test('a page that reloaded for a version does not do so again', () => {
  assert.equal(judgeVersion('a', 'b', { ...idle, triedFor: 'b' }), 'tell');
  assert.equal(judgeVersion('a', 'c', { ...idle, triedFor: 'b' }), 'reload');
});
