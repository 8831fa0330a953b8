// What was typed stays until it is said, and is said once.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Outbox } from '../../chatservice/doors/page/model/outbox.js';

const line = (ref, more = {}) => ({
  ref,
  kind: 'said',
  text: `text ${ref}`,
  typed: `text ${ref}`,
  room: 'lobby',
  place: '#lobby',
  ...more,
});
const eventOf = (ref, more = {}) => ({
  type: 'said',
  id: 1,
  room: 'lobby',
  nick: 'ada',
  text: `text ${ref}`,
  ref,
  own: true,
  ...more,
});
const filled = (...lines) => {
  const outbox = new Outbox();
  for (const each of lines) outbox.add(each);
  return outbox;
};
const flushed = (outbox) => {
  const sent = [];
  outbox.flush((request) => sent.push(request));
  return sent;
};

test('lines are sent once, in their order', () => {
  const outbox = filled(line('1'), line('2'));
  assert.deepEqual(
    flushed(outbox).map((request) => request.ref),
    ['1', '2'],
  );
  assert.deepEqual(flushed(outbox), []);
});

test('talk is a say, and what has a command is one', () => {
  const outbox = filled(
    line('1'),
    line('2', { kind: 'acted', text: 'waves', line: '/me waves' }),
    line('3', { kind: 'whispered', text: 'hi', to: 'bob', line: '/msg bob hi', room: '' }),
  );
  assert.deepEqual(flushed(outbox), [
    { type: 'say', room: 'lobby', text: 'text 1', ref: '1' },
    { type: 'command', line: '/me waves', room: 'lobby', ref: '2' },
    { type: 'command', line: '/msg bob hi', ref: '3' },
  ]);
});

test('the own event with the ref, room and text takes a line off, and nothing else does', () => {
  const outbox = filled(line('1'));
  for (const wrong of [
    { own: undefined },
    { ref: '2' },
    { room: 'python' },
    { text: 'other' },
    { type: 'acted' },
  ]) {
    assert.equal(outbox.acknowledge(eventOf('1', wrong)), undefined);
  }
  assert.equal(outbox.acknowledge(eventOf('1')).ref, '1');
  assert.equal(outbox.lines.length, 0);
});

test('a private line is known by its recipient, in whatever capitals', () => {
  const outbox = filled(line('1', { kind: 'whispered', to: 'Bob', room: '' }));
  assert.equal(outbox.acknowledge(eventOf('1', { type: 'whispered', to: 'eve' })), undefined);
  assert.ok(outbox.acknowledge(eventOf('1', { type: 'whispered', to: 'bob' })));
});

test('a refused line stays with the reason, and goes again with another ref', () => {
  const outbox = filled(line('1'));
  flushed(outbox);
  outbox.refuse('1', 'you are muted');
  assert.equal(outbox.lines[0].reason, 'you are muted');
  assert.deepEqual(flushed(outbox), []);
  outbox.again('1', '9');
  assert.deepEqual(
    flushed(outbox).map((request) => request.ref),
    ['9'],
  );
});

test('after a lost connection talk is sent again with its ref, before what was typed since', () => {
  const outbox = filled(line('1'));
  flushed(outbox);
  outbox.lost();
  outbox.add(line('2'));
  assert.deepEqual(
    flushed(outbox).map((request) => request.ref),
    ['1', '2'],
  );
});

test('a command that was sent is not sent again, but one that waited is', () => {
  const outbox = filled(line('1', { kind: 'command', line: '/topic tea' }));
  flushed(outbox);
  outbox.add(line('2', { kind: 'command', line: '/topic milk' }));
  outbox.lost();
  assert.equal(outbox.get('1').state, 'failed');
  assert.match(outbox.get('1').reason, /may or may not/);
  assert.deepEqual(
    flushed(outbox).map((request) => request.ref),
    ['2'],
  );
});

test('lines outlive a reload, but no line with a password does', () => {
  const outbox = filled(
    line('1'),
    line('2', { kind: 'command', line: '/login x', isSecret: true }),
  );
  flushed(outbox);
  const next = new Outbox();
  next.restore(JSON.parse(JSON.stringify(outbox.kept)));
  assert.deepEqual(
    flushed(next).map((request) => request.ref),
    ['1'],
  );
});

test('what was kept by something else is ignored', () => {
  const outbox = new Outbox();
  outbox.restore({ no: 'list' });
  outbox.restore([null, { ref: 7 }]);
  assert.deepEqual(outbox.lines, []);
});

test('no more than 16 lines are on their way at once', () => {
  const outbox = filled(...Array.from({ length: 20 }, (_, at) => line(String(at))));
  assert.equal(flushed(outbox).length, 16);
  outbox.acknowledge(eventOf('0'));
  assert.equal(flushed(outbox).length, 1);
});

test('every change is told, so that it can be kept', () => {
  let changes = 0;
  const outbox = new Outbox(() => {
    changes += 1;
  });
  const each = [
    () => outbox.add(line('1')),
    () => outbox.flush(() => {}),
    () => outbox.lost(),
    () => outbox.refuse('1', 'no'),
    () => outbox.again('1', '2'),
    () => outbox.remove('2'),
  ];
  for (const change of each) {
    const before = changes;
    change();
    assert.ok(changes > before, String(change));
  }
});
