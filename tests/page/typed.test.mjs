// What a person types is told apart as talk, action, private message and command.

import assert from 'node:assert/strict';
import test from 'node:test';
import { isSecret, readTyped, withoutSecret } from '../../chatservice/doors/page/model/typed.js';

for (const [typed, kind, text] of [
  ['hello', 'said', 'hello'],
  ['//hello', 'said', '/hello'],
  ['/me waves', 'acted', 'waves'],
  ['/ME waves', 'acted', 'waves'],
  ['/me', 'command', '/me'],
  ['/msg bob hi  there', 'whispered', 'hi  there'],
  ['/m bob', 'command', '/m bob'],
  ['/notice bob hi  there', 'whispered', 'hi  there'],
  ['/notice #python hi', 'noticed', 'hi'],
  ['/notice bob', 'command', '/notice bob'],
  ['  \u200b/join x', 'command', '/join x'],
  ['\uff0fjoin x', 'command', '\uff0fjoin x'],
  ['1/2', 'said', '1/2'],
  ['   ', 'nothing', ''],
]) {
  test(`${JSON.stringify(typed)} is ${kind}`, () => {
    const read = readTyped(typed);
    assert.equal(read.kind, kind);
    assert.equal(read.text, text);
  });
}

test('a private message names its recipient', () => {
  assert.equal(readTyped('/query bob hi').to, 'bob');
});

test('a notice names its room, or its recipient', () => {
  assert.equal(readTyped('/notice #Python hi').room, 'python');
  assert.equal(readTyped('/notice Lobby hi').room, 'lobby');
  assert.equal(readTyped('/notice bob hi').to, 'bob');
});

test('commands that hold a password are secret, and others are not', () => {
  const secret = ['/login x', ' /register pass word', '/join room pass', '/room password x'];
  for (const line of [...secret, '/oper ada x']) {
    assert.ok(isSecret(line), line);
  }
  for (const line of ['/join room', 'login x', '/room moderated on', '/me login x']) {
    assert.ok(!isSecret(line), line);
  }
});

test('a secret line is shown without its secret', () => {
  assert.ok(!withoutSecret('/login hunter22').includes('hunter22'));
  assert.equal(withoutSecret('/who'), '/who');
});
