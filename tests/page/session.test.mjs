// A session joins, catches up, says lines once, and knows when it must not come back.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Chat } from '../../chatservice/doors/page/model/chat.js';
import { Outbox } from '../../chatservice/doors/page/model/outbox.js';
import { Session } from '../../chatservice/doors/page/model/session.js';
import { happened, said } from './doubles.mjs';

const KEPT = ['welcomed', 'refused', 'ended', 'warned', 'told', 'happened', 'recalled', 'entered'];

function listening(calls) {
  const listener = { changed: () => {}, identified: () => {} };
  for (const name of KEPT) listener[name] = (...values) => calls.push([name, ...values]);
  return listener;
}

function world() {
  const calls = [];
  let refs = 0;
  const session = new Session({
    chat: new Chat(),
    outbox: new Outbox(),
    listener: listening(calls),
    identity: { nick: 'ada', token: '', password: 'secret99', client: 'browser-1' },
    newRef: () => `r${(refs += 1)}`,
  });
  const made = { session, calls, sent: [] };
  made.connect = () => {
    made.sent = [];
    session.connected((request) => made.sent.push(request));
  };
  made.welcome = (more = {}) =>
    session.receive({
      type: 'welcome',
      id: 100,
      nick: 'ada',
      token: 't'.repeat(22),
      account: null,
      settings: {},
      read: 0,
      motd: [],
      rooms: { lobby: { topic: '', members: ['ada'], missed: false, read: 0 } },
      ...more,
    });
  made.of = (type) => made.sent.filter((request) => request.type === type);
  made.answer = (more = {}) =>
    session.receive({
      type: 'history',
      events: [],
      more: false,
      ref: made.of('history').at(-1).ref,
      ...more,
    });
  made.called = (name) => calls.filter((call) => call[0] === name);
  return made;
}
const live = () => {
  const made = world();
  made.connect();
  made.welcome();
  made.answer({ room: 'lobby' });
  made.answer();
  return made;
};
const line = (text, more = {}) => ({
  kind: 'said',
  text,
  typed: text,
  room: 'lobby',
  place: '#lobby',
  ...more,
});

test('the first hello names no rooms, so the chat chooses those of last time', () => {
  const made = world();
  made.connect();
  assert.deepEqual(made.sent, [
    { type: 'hello', client: 'browser-1', nick: 'ada', password: 'secret99' },
  ]);
});

test('a password is used once, and the token from then on', () => {
  const made = live();
  made.session.disconnected();
  made.connect();
  assert.equal(made.sent[0].password, undefined);
  assert.equal(made.sent[0].token, 't'.repeat(22));
});

test('the next hello names the rooms, each with the last id that is complete', () => {
  const made = live();
  made.session.receive(said('bob', 'hi', { id: 150 }));
  made.session.disconnected();
  made.connect();
  assert.deepEqual(made.sent[0].rooms, { lobby: 150 });
});

test('lines wait until what was missed is known, and then go in their order', () => {
  const made = live();
  made.session.say(line('one'));
  made.session.disconnected();
  made.session.say(line('two'));
  made.connect();
  made.welcome({ id: 200, rooms: { lobby: { members: ['ada'], missed: true } } });
  assert.deepEqual(made.of('say'), []);
  made.answer({ room: 'lobby' });
  made.answer();
  assert.deepEqual(
    made.of('say').map((request) => request.text),
    ['one', 'two'],
  );
});

test('a line that was said before the loss is found in history, and not sent again', () => {
  const made = live();
  made.session.say(line('one'));
  const [{ ref }] = made.of('say');
  made.session.disconnected();
  made.connect();
  made.welcome({ id: 200, rooms: { lobby: { members: ['ada'], missed: true } } });
  made.answer({ room: 'lobby', events: [said('ada', 'one', { id: 120, ref, own: true })] });
  made.answer();
  assert.deepEqual(made.of('say'), []);
  assert.equal(made.session.outbox.lines.length, 0);
});

test('a refused line stays, with what the chat said', () => {
  const made = live();
  made.session.say(line('one'));
  made.session.receive({
    type: 'error',
    code: 'muted',
    text: 'you are muted',
    ref: made.of('say')[0].ref,
  });
  assert.equal(made.session.outbox.lines[0].reason, 'you are muted');
});

test('the answer to a command goes to where it was typed', () => {
  const made = live();
  made.session.say(line('/names', { kind: 'command', line: '/names' }));
  const [{ ref }] = made.of('command');
  made.session.receive({ type: 'ok', ref, lines: ['ada'], more: true });
  made.session.receive({ type: 'ok', ref, lines: ['bob'] });
  assert.deepEqual(
    made.called('told').map(([, answer, typed]) => [answer.lines[0], typed.place]),
    [
      ['ada', '#lobby'],
      ['bob', '#lobby'],
    ],
  );
  assert.equal(made.session.outbox.lines.length, 0);
});

test('a room that the person entered here is opened, and its newest page asked for', () => {
  const made = live();
  made.session.say(line('/join python', { kind: 'command', line: '/join python' }));
  const [{ ref }] = made.of('command');
  made.session.receive(happened('joined', 'ada', { room: 'python', own: true }));
  made.session.receive({
    type: 'ok',
    ref,
    lines: [],
    rooms: { python: { topic: 'snakes', members: ['ada', 'bob'], missed: false, read: 0 } },
  });
  assert.deepEqual(made.called('entered'), [['entered', 'python']]);
  assert.equal(made.of('history').at(-1).room, 'python');
});

test('a room that was entered on another device is there, and is not opened', () => {
  const made = live();
  const rooms = { python: { topic: '', members: ['ada'], missed: false } };
  made.session.receive(happened('joined', 'ada', { id: 300, room: 'python', own: true, rooms }));
  assert.ok(made.session.chat.room('python'));
  assert.deepEqual(made.called('entered'), []);
  made.answer({ room: 'python' });
  assert.equal(made.session.chat.room('python').reach, 300);
});

test('what is read on another device is read here', () => {
  const made = live();
  made.session.receive(said('bob', 'hi', { id: 150 }));
  made.session.receive({ type: 'seen', room: 'lobby', id: 150 });
  assert.equal(made.session.chat.room('lobby').unread('ada').lines, 0);
  made.session.receive({ type: 'seen', room: 'lobby', id: 150, following: true });
  made.session.receive(said('bob', 'hi', { id: 160 }));
  assert.equal(made.session.chat.room('lobby').unread('ada').lines, 0);
  made.session.receive({ type: 'seen', id: 170 });
  assert.equal(made.session.chat.privately.read, 170);
});

test('whoever was taken over or said goodbye does not come back', () => {
  for (const code of ['taken-over', 'goodbye']) {
    const made = live();
    made.session.receive({ type: 'error', code, text: 'x' });
    made.session.disconnected();
    assert.equal(made.called('ended').length, 1);
    assert.equal(made.session.state, 'ended');
  }
});

test('a connection that ends after /quit does not come back', () => {
  const made = live();
  made.session.say(line('/quit', { kind: 'command', line: '/quit', name: 'quit' }));
  made.session.disconnected();
  assert.equal(made.called('ended').length, 1);
  assert.equal(made.session.state, 'ended');
  assert.deepEqual(made.session.outbox.lines, []);
});

test('other ends are told, and the connection may come back', () => {
  const made = live();
  made.session.receive({ type: 'error', code: 'closing', text: 'the chat is shutting down' });
  made.session.disconnected();
  assert.equal(made.called('warned').length, 1);
  assert.equal(made.session.state, 'offline');
});

test('a refused hello asks the person, and forgets a token that is not valid', () => {
  const made = world();
  made.session.identity.token = 'old';
  made.connect();
  made.session.receive({ type: 'error', code: 'not-joined', text: 'x' });
  assert.equal(made.called('refused').length, 1);
  assert.equal(made.session.identity.token, '');
  assert.equal(made.session.state, 'refused');
});

test('another welcome on the same connection begins anew', () => {
  const made = live();
  made.session.receive(said('bob', 'hi', { id: 150 }));
  made.session.receive(happened('whispered', 'bob', { to: 'ada', text: 'x', room: undefined }));
  made.welcome({ id: 300, nick: 'grace' });
  assert.equal(made.session.chat.nick, 'grace');
  assert.deepEqual(made.session.chat.conversations, []);
  assert.equal(made.session.chat.room('lobby').timeline.entries.length, 0);
});

test('a new token, account and settings are taken over from wherever they come', () => {
  const made = live();
  made.session.receive({
    type: 'notice',
    lines: [],
    token: 'new',
    account: 'ada',
    settings: { quiet: true },
  });
  assert.equal(made.session.identity.token, 'new');
  assert.equal(made.session.chat.account, 'ada');
  assert.deepEqual(made.session.chat.settings, { quiet: true });
});

test('the chat gets a pong when it asks, and a ping only from somebody who has joined', () => {
  const made = world();
  made.connect();
  assert.ok(!made.session.ping());
  made.welcome();
  assert.ok(made.session.ping());
  made.session.receive({ type: 'ping' });
  assert.deepEqual(made.sent.slice(-2), [{ type: 'ping' }, { type: 'pong' }]);
});

test('whoever asks for data gets the answer, the error, or that the connection is lost', () => {
  const made = live();
  const heard = [];
  const ask = () =>
    made.session.ask(
      '/list',
      (answer) => heard.push(answer.list),
      (error) => heard.push(error.text),
    );
  ask();
  made.session.receive({ type: 'ok', ref: made.of('command').at(-1).ref, list: ['x'] });
  ask();
  made.session.receive({
    type: 'error',
    code: 'usage',
    ref: made.of('command').at(-1).ref,
    text: 'no',
  });
  ask();
  made.session.disconnected();
  ask();
  assert.deepEqual(heard[0], ['x']);
  assert.equal(heard[1], 'no');
  assert.match(heard[2], /lost/);
  assert.match(heard[3], /no connection/);
});

test('history that cannot be had does not hold up the rest', () => {
  const made = world();
  made.connect();
  made.welcome({ rooms: { lobby: { members: ['ada'], missed: true } } });
  made.session.receive({
    type: 'error',
    code: 'failed',
    text: 'x',
    ref: made.of('history')[0].ref,
  });
  assert.equal(made.of('history').length, 2);
});

test('the counts of what was missed, which follow a first hello, are not told twice', () => {
  const made = world();
  made.connect();
  made.welcome();
  const events = [happened('whispered', 'bob', { to: 'ada', text: 'psst', room: undefined })];
  made.session.receive({ type: 'notice', lines: ['5 new lines in lobby: /catchup'], events });
  assert.deepEqual(made.called('told'), []);
  assert.equal(made.session.chat.conversations.length, 1);
  made.answer({ room: 'lobby' });
  made.session.receive({ type: 'notice', lines: ['you are banned in #python'] });
  assert.equal(made.called('told').length, 1);
});

test('unknown types are ignored', () => {
  const made = live();
  made.session.receive({ type: 'novelty' });
  made.session.receive({ type: 'novelty', id: 5 });
  made.session.receive({ type: 'constructor', id: 6 });
  assert.equal(made.session.state, 'live');
});

test('a line that was refused can be sent again, with another ref', () => {
  const made = live();
  made.session.say(line('one'));
  const [{ ref }] = made.of('say');
  made.session.receive({ type: 'error', code: 'muted', text: 'no', ref });
  made.session.again(ref);
  assert.equal(made.of('say').length, 2);
  assert.notEqual(made.of('say')[1].ref, ref);
});

test('a line that has come back makes way for those that wait', () => {
  const made = live();
  for (let at = 0; at < 17; at += 1) made.session.say(line(`line ${at}`));
  assert.equal(made.of('say').length, 16);
  const { ref, text } = made.of('say')[0];
  made.session.receive(said('ada', text, { ref, own: true }));
  assert.equal(made.of('say').length, 17);
  const refused = made.of('say')[1];
  made.session.say(line('one more'));
  made.session.receive({ type: 'error', code: 'muted', text: 'no', ref: refused.ref });
  assert.equal(made.of('say').length, 18);
});

test('the page learns of a welcome, of what happens, and of how much history came', () => {
  const made = live();
  assert.deepEqual(
    made.called('welcomed').map(([, welcome, isFirst]) => [welcome.id, isFirst]),
    [[100, true]],
  );
  const event = said('bob', 'hi', { id: 150 });
  made.session.receive(event);
  assert.deepEqual(made.called('happened'), [
    ['happened', event, [made.session.chat.room('lobby')], undefined],
  ]);
  made.session.disconnected();
  made.connect();
  made.welcome({ id: 200, rooms: { lobby: { members: ['ada'], missed: true } } });
  made.answer({ room: 'lobby', events: [said('bob', 'missed', { id: 180 })] });
  assert.equal(made.called('welcomed')[1][2], false);
  assert.equal(made.called('recalled').at(-1)[2], 0);
});

test('the page learns how much older history came, and only on request', () => {
  const made = world();
  made.connect();
  made.welcome({ rooms: { lobby: { members: ['ada'], missed: true } } });
  const page = { room: 'lobby', events: [said('bob', 'a', { id: 80 })], more: true, next: 80 };
  made.answer(page);
  made.answer();
  const room = made.session.chat.room('lobby');
  assert.ok(!made.session.isLoading(room));
  made.session.loadOlder(room);
  assert.ok(made.session.isLoading(room));
  assert.equal(made.of('history').at(-1).before, 80);
  made.answer({ room: 'lobby', events: [said('bob', 'b', { id: 70 })] });
  assert.deepEqual(made.called('recalled').at(-1).slice(1), [room, 1]);
  made.session.loadOlder(room);
  assert.equal(made.of('history').length, 3);
});

test('a request whose connection was lost is answered once', () => {
  const made = live();
  let lost = 0;
  made.session.ask(
    '/list',
    () => {},
    () => {
      lost += 1;
    },
  );
  made.session.disconnected();
  made.session.disconnected();
  assert.equal(lost, 1);
});

test('rooms that a new welcome leaves out are told', () => {
  const made = live();
  made.session.disconnected();
  made.connect();
  made.welcome({ id: 200, rooms: {} });
  assert.match(made.called('told')[0][1].lines[0], /no longer in #lobby/);
});

test('a chat that is full may have room later, so the page tries again and says so', () => {
  const made = world();
  made.connect();
  made.session.receive({ type: 'error', code: 'closing', cause: 'full', text: 'the chat is full' });
  assert.equal(made.called('warned').length, 1);
  assert.deepEqual(made.called('refused'), []);
});

test('a new name that the chat gave is followed, whoever asked for it', () => {
  const made = live();
  made.session.receive(happened('renamed', 'ada', { now: 'guest1', room: undefined }));
  assert.equal(made.session.chat.nick, 'guest1');
});
