// The browser keeps who the person was: for the tab, or for longer if they want it.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Memory, Remembered } from '../../chatservice/doors/page/model/memory.js';
import { FakeStorage } from './doubles.mjs';

const memory = () => {
  const storage = new FakeStorage();
  return new Memory(() => storage);
};

test('values are kept, and null forgets them', () => {
  const kept = memory();
  kept.put('x', { a: [1] });
  assert.deepEqual(kept.get('x'), { a: [1] });
  kept.put('x', null);
  assert.equal(kept.get('x'), null);
});

test('a storage that is forbidden, full or damaged keeps nothing and hurts nobody', () => {
  const forbidden = new Memory(() => {
    throw new Error('SecurityError');
  });
  forbidden.put('x', 1);
  assert.equal(forbidden.get('x'), null);
  const full = new Memory(() => ({
    getItem: () => '{',
    setItem: () => {
      throw new Error('full');
    },
  }));
  full.put('x', 1);
  assert.equal(full.get('x'), null);
});

test('a person is remembered for the tab, and for longer only if they want it', () => {
  const [tab, device] = [memory(), memory()];
  const remembered = new Remembered(tab, device);
  assert.deepEqual(remembered.identity, { nick: '', token: '' });
  remembered.keep({ nick: 'ada', token: 't', password: 'secret99' }, false);
  assert.ok(!remembered.isKept);
  assert.deepEqual(remembered.identity, { nick: 'ada', token: 't' });
  assert.equal(new Remembered(memory(), device).identity.nick, '');
  remembered.keep({ nick: 'ada', token: 't' }, true);
  assert.deepEqual(new Remembered(memory(), device).identity, { nick: 'ada', token: 't' });
  remembered.keep({ nick: 'ada', token: 't' }, false);
  assert.equal(device.get('identity'), null);
});
