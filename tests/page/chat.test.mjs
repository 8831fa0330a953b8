// Events change who is where, and what each place shows.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Chat } from '../../chatservice/doors/page/model/chat.js';
import { happened, said } from './doubles.mjs';

const ROOM = { topic: 'tea', members: ['ada', 'bob'], missed: false, read: 5 };
const chatOf = (rooms = { lobby: ROOM, python: ROOM }) => {
  const chat = new Chat();
  chat.welcome({ id: 10, nick: 'ada', rooms, read: 5, settings: {}, account: null });
  return chat;
};
const names = (places) => places.map((place) => place.name);

test('a welcome tells the rooms, and who is in them', () => {
  const chat = chatOf();
  assert.deepEqual(names(chat.rooms), ['lobby', 'python']);
  assert.equal(chat.room('lobby').topic, 'tea');
  assert.ok(chat.room('lobby').people.has('bob'));
  assert.equal(chat.room('lobby').read, 5);
});

test('a second welcome keeps what was said in a room, and tells which rooms are gone', () => {
  const chat = chatOf();
  chat.follow(said('bob', 'hi'));
  const lost = chat.welcome({
    id: 20,
    nick: 'ada',
    rooms: { lobby: { ...ROOM, members: ['ada'] } },
  });
  assert.deepEqual(names(lost), ['python']);
  assert.equal(chat.room('lobby').timeline.entries.length, 1);
  assert.ok(!chat.room('lobby').people.has('bob'));
});

test('who joins, parts and leaves is followed in the rooms concerned', () => {
  const chat = chatOf();
  assert.deepEqual(names(chat.follow(happened('joined', 'eve', { room: 'python' }))), ['python']);
  assert.ok(!chat.room('lobby').people.has('eve'));
  chat.follow(happened('parted', 'bob', { room: 'python' }));
  assert.ok(!chat.room('python').people.has('bob'));
  assert.deepEqual(names(chat.follow(happened('left', 'bob', { room: undefined }))), ['lobby']);
  assert.ok(!chat.room('lobby').people.has('bob'));
});

test('the person enters and leaves rooms', () => {
  const chat = chatOf({ lobby: ROOM });
  chat.follow(happened('joined', 'ada', { room: 'python', own: true }));
  assert.ok(chat.room('python').people.has('ada'));
  const rooms = { attic: { topic: 'dust', members: ['ada', 'eve'] } };
  chat.follow(happened('joined', 'ada', { room: 'attic', own: true, rooms }));
  assert.equal(chat.room('attic').topic, 'dust');
  chat.follow(happened('parted', 'ada', { room: 'attic', own: true }));
  assert.equal(chat.room('attic'), undefined);
});

test('a kick takes the target out, and the person out of the list of rooms', () => {
  const chat = chatOf();
  chat.follow(happened('kicked', 'eve', { room: 'python', target: 'bob' }));
  assert.ok(!chat.room('python').people.has('bob'));
  const shown = chat.follow(happened('kicked', 'eve', { room: 'python', target: 'ada' }));
  assert.equal(chat.room('python'), undefined);
  assert.deepEqual(names(shown), ['lobby']);
});

test('a new name is followed in rooms, in a conversation and for the person', () => {
  const chat = chatOf();
  chat.conversation('bob');
  chat.follow(happened('went_away', 'bob'));
  chat.follow(happened('renamed', 'bob', { now: 'rob', room: undefined }));
  assert.ok(chat.room('lobby').people.has('rob'));
  assert.deepEqual(names(chat.conversations), ['rob']);
  assert.ok(chat.away.has('rob'));
  chat.follow(happened('renamed', 'ada', { now: 'eda', own: true, room: undefined }));
  assert.equal(chat.nick, 'eda');
});

test('private messages go to the conversation with the other person', () => {
  const chat = chatOf();
  chat.follow(happened('whispered', 'bob', { to: 'ada', text: 'psst', room: undefined }));
  chat.follow(happened('whispered', 'ada', { to: 'eve', text: 'hm', own: true, room: undefined }));
  assert.deepEqual(names(chat.conversations), ['bob', 'eve']);
});

test('what programs tell each other is shown nowhere', () => {
  const chat = chatOf();
  const signalled = { room: 'lobby', tags: { '+typing': 'active' } };
  assert.deepEqual(chat.follow(happened('signalled', 'bob', signalled)), []);
  assert.deepEqual(names(chat.conversations), []);
});

test('private messages are read up to the first one that is not', () => {
  const chat = chatOf();
  chat.takePrivate([
    happened('whispered', 'bob', { id: 10, to: 'ada', text: 'a' }),
    happened('whispered', 'eve', { id: 20, to: 'ada', text: 'b' }),
    happened('whispered', 'bob', { id: 30, to: 'ada', text: 'c' }),
  ]);
  assert.equal(chat.readOfAll, 9);
  chat.conversation('bob').markRead(30);
  assert.equal(chat.readOfAll, 19);
  chat.conversation('eve').markRead(20);
  assert.equal(chat.readOfAll, 30);
});

test('what is read on another device is read in every conversation', () => {
  const chat = chatOf();
  chat.takePrivate([happened('whispered', 'bob', { id: 10, to: 'ada', text: 'a' })]);
  chat.readPrivately(10);
  assert.equal(chat.conversation('bob').unread('ada').lines, 0);
  assert.equal(chat.conversation('new').read, 10);
});

test('an event of a room where the person is not changes nothing', () => {
  const chat = chatOf();
  for (const type of ['said', 'joined', 'parted', 'topic_changed', 'kicked', 'opped']) {
    assert.deepEqual(chat.follow(happened(type, 'bob', { room: 'attic', text: 'x' })), []);
  }
});

test('an announcement is shown in every room', () => {
  assert.equal(
    chatOf().follow(happened('announced', 'eve', { room: undefined, text: 'x' })).length,
    2,
  );
});

test('a welcome tells who the person is, their settings, and what they have read', () => {
  const chat = new Chat();
  const welcome = { id: 10, nick: 'ada', rooms: {}, read: 7, account: 'ada', server: 'here' };
  chat.welcome({ ...welcome, settings: { quiet: true } });
  assert.deepEqual(
    [chat.nick, chat.account, chat.server, chat.settings, chat.privately.read],
    ['ada', 'ada', 'here', { quiet: true }, 7],
  );
});

test('private messages that come now are complete, unless history is missing', () => {
  const chat = chatOf();
  const whisper = (id) => happened('whispered', 'bob', { id, to: 'ada', text: 'x' });
  chat.follow(whisper(50));
  assert.equal(chat.privately.reach, 50);
  chat.privately.isFilling = true;
  chat.follow(whisper(60));
  assert.equal(chat.privately.reach, 50);
});

test('a conversation that was closed comes back with the next message', () => {
  const chat = chatOf();
  chat.close(chat.conversation('bob'));
  assert.deepEqual(chat.conversations, []);
  chat.follow(happened('whispered', 'bob', { to: 'ada', text: 'x', room: undefined }));
  assert.deepEqual(names(chat.conversations), ['bob']);
});

test('a conversation shows that its other person has left, and no one else', () => {
  const chat = chatOf({});
  chat.conversation('bob');
  chat.conversation('eve');
  assert.deepEqual(names(chat.follow(happened('left', 'bob', { room: undefined }))), ['bob']);
});

test('a reset leaves no place', () => {
  const chat = chatOf();
  chat.reset();
  assert.equal(chat.places.size, 0);
});
