// Pages of history go where they belong, and leave no hole.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Chat } from '../../chatservice/doors/page/model/chat.js';
import { olderOf, takePage, wantedAfter } from '../../chatservice/doors/page/model/pages.js';
import { happened, said } from './doubles.mjs';

const welcomeOf = (id, missed) => ({
  id,
  nick: 'ada',
  read: 0,
  rooms: { lobby: { members: ['ada'], missed } },
});
const start = (id = 100, missed = true) => {
  const chat = new Chat();
  const welcome = welcomeOf(id, missed);
  chat.welcome(welcome);
  return { chat, room: chat.room('lobby'), wanted: wantedAfter(chat, welcome) };
};
const line = (id) => said('bob', `line ${id}`, { id });
const ids = (place) => place.timeline.entries.map((entry) => entry.id);

test('a new room wants its newest page, and so do private messages', () => {
  const { wanted } = start();
  assert.deepEqual(
    wanted.map((want) => [want.why, want.place?.name, want.before]),
    [
      ['newest', 'lobby', 100],
      ['newest', undefined, 100],
    ],
  );
});

test('a room in which nothing was missed wants no page, and is complete', () => {
  const {
    chat,
    room,
    wanted: [first],
  } = start();
  takePage(chat, first, { events: [line(90)], more: false });
  const welcome = welcomeOf(200, false);
  chat.welcome(welcome);
  assert.deepEqual(
    wantedAfter(chat, welcome).map((want) => want.place),
    [null],
  );
  assert.equal(room.reach, 200);
});

test('after the newest page the room is complete up to the fence', () => {
  const {
    chat,
    room,
    wanted: [want],
  } = start();
  room.add(line(120));
  assert.equal(takePage(chat, want, { events: [line(80), line(90)], more: true, next: 80 }), 2);
  assert.deepEqual(ids(room), [80, 90, 120]);
  assert.equal(room.reach, 120);
  assert.ok(!room.isFilling);
  assert.deepEqual(olderOf(chat, room), { why: 'older', place: room, before: 80 });
});

test('a room that was here before wants all that was missed, in place and once', () => {
  const {
    chat,
    room,
    wanted: [first],
  } = start();
  takePage(chat, first, { events: [line(90)], more: false });
  const welcome = welcomeOf(200, true);
  chat.welcome(welcome);
  const [gap] = wantedAfter(chat, welcome);
  assert.deepEqual([gap.why, gap.after, gap.before], ['gap', 100, 200]);
  room.add(line(210));
  assert.equal(room.reach, 100);
  takePage(chat, gap, { events: [line(90), line(110), line(120)], more: true, next: 120 });
  assert.equal(room.reach, 120);
  takePage(chat, { ...gap, after: 120 }, { events: [line(150)], more: false });
  assert.deepEqual(ids(room), [90, 110, 120, 150, 210]);
  assert.equal(room.reach, 210);
});

test('what is older than the newest page has a hole before it, and goes', () => {
  const {
    chat,
    room,
    wanted: [want],
  } = start();
  room.add(line(10));
  takePage(chat, want, { events: [line(80)], more: true, next: 80 });
  assert.deepEqual(ids(room), [80]);
});

test('older pages go on until there is no more', () => {
  const {
    chat,
    room,
    wanted: [want],
  } = start();
  takePage(chat, want, { events: [line(80)], more: true, next: 80 });
  takePage(chat, olderOf(chat, room), { events: [line(70)], more: true, next: 65 });
  assert.equal(olderOf(chat, room).before, 65);
  takePage(chat, olderOf(chat, room), { events: [], more: false });
  assert.equal(olderOf(chat, room), null);
});

test('an older page that comes after a trim is not taken', () => {
  const {
    chat,
    room,
    wanted: [want],
  } = start();
  takePage(chat, want, { events: [line(70), line(80), line(90)], more: true, next: 70 });
  const older = olderOf(chat, room);
  room.timeline.trim(1);
  assert.equal(takePage(chat, older, { events: [line(60)], more: false }), 0);
  assert.deepEqual(ids(room), [90]);
});

test('private history goes to each conversation, and all know whether there is more', () => {
  const { chat, wanted } = start();
  const events = [
    happened('whispered', 'bob', { id: 50, to: 'ada', text: 'a' }),
    happened('whispered', 'ada', { id: 60, to: 'eve', text: 'b', own: true }),
  ];
  takePage(chat, wanted[1], { events, more: true, next: 50 });
  assert.deepEqual(
    chat.conversations.map((place) => place.name),
    ['bob', 'eve'],
  );
  assert.ok(chat.conversation('eve').timeline.hasOlder);
  assert.equal(chat.privately.reach, 100);
  assert.deepEqual(olderOf(chat, chat.conversation('bob')), {
    why: 'older',
    place: null,
    before: 50,
  });
});

test('a room in which nothing was missed is not waiting for history', () => {
  const { chat, room } = start();
  room.reach = 50;
  room.isFilling = true;
  wantedAfter(chat, welcomeOf(200, false));
  assert.ok(!room.isFilling);
});

test('a page whose events the person ignores moves the edges all the same', () => {
  const { chat, room, wanted } = start();
  room.add(line(60));
  takePage(chat, wanted[0], { events: [line(80)], more: true, next: 40 });
  assert.deepEqual(ids(room), [60, 80]);
  assert.equal(room.timeline.cursor, 40);
});

test('only private messages are taken from private history', () => {
  const { chat, wanted } = start();
  assert.equal(takePage(chat, wanted[1], { events: [line(80)], more: false }), 0);
  assert.deepEqual(chat.conversations, []);
});
