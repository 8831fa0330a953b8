// The chat as this person sees it: who they are, the rooms and conversations, what happens there.

import { People } from './people.js';
import { Place, keyOf } from './place.js';
import { isTalk } from './timeline.js';

/** @typedef {import('./timeline.js').Event} Event */

const NOTHING = { reach: 0, read: 0, hasOlder: false, cursor: 0, isFilling: false };

export class Chat {
  nick = '';
  account = null;
  settings = {};
  server = '';
  /** @type {Map<string, Place>} by key, in the order in which they were entered */
  places = new Map();
  /** The people who said that they are away. */
  away = new Set();
  /** How much of all private messages together is here, as in a Place. */
  privately = { ...NOTHING };

  room(name) {
    return this.places.get(keyOf('room', name));
  }

  get rooms() {
    return [...this.places.values()].filter((place) => place.isRoom);
  }

  get conversations() {
    return [...this.places.values()].filter((place) => !place.isRoom);
  }

  /** Gives the conversation with somebody, a new one if there is none. */
  conversation(nick) {
    return this.places.get(keyOf('person', nick)) ?? this.#begin('person', nick);
  }

  /** Forgets everything that belongs to the person who was here before. */
  reset() {
    this.places.clear();
    this.away.clear();
    this.privately = { ...NOTHING };
  }

  /** Follows a welcome. @returns {Place[]} the rooms that this person is no longer in */
  welcome(welcome) {
    this.nick = welcome.nick;
    this.account = welcome.account ?? null;
    this.settings = welcome.settings ?? {};
    this.server = welcome.server ?? '';
    this.away.clear();
    const lost = this.rooms.filter((place) => !Object.hasOwn(welcome.rooms, place.name));
    for (const place of lost) this.places.delete(place.key);
    for (const [name, state] of Object.entries(welcome.rooms)) this.arrive(name, state);
    this.readPrivately(welcome.read ?? 0);
    return lost;
  }

  /** Follows the state of a room that this person is in. @returns {Place} */
  arrive(name, state) {
    const place = this.room(name) ?? this.#begin('room', name);
    place.people = new People(state.members ?? []);
    place.topic = state.topic ?? '';
    place.markRead(state.read ?? 0);
    return place;
  }

  /** Marks all private messages up to an id as read. */
  readPrivately(id) {
    this.privately.read = Math.max(this.privately.read, id);
    for (const place of this.conversations) place.markRead(id);
  }

  /** Gives the id up to which every private message, in whatever conversation, is read. */
  get readOfAll() {
    let [first, last] = [Infinity, 0];
    for (const place of this.conversations) {
      const { entries } = place.timeline;
      const unread = entries.find((entry) => entry.id > place.read && isTalk(entry) && !entry.own);
      if (unread) first = Math.min(first, unread.id);
      last = Math.max(last, entries.findLast(isTalk)?.id ?? 0);
    }
    return first === Infinity ? last : first - 1;
  }

  /** Follows an event that happens now. @returns {Place[]} the places that show it */
  follow(event) {
    const follow = FOLLOWED[event.type];
    const places = follow ? follow(this, event) : this.#concerned(event);
    return places.filter((place) => place.add(event));
  }

  /** Takes private messages that were said earlier. */
  takePrivate(events) {
    for (const event of events) this.conversationOf(event).timeline.add(event);
  }

  /** Gives the conversation that a private message belongs to. */
  conversationOf(event) {
    return this.conversation(event.own ? event.to : event.nick);
  }

  /** Leaves a room. */
  leave(name) {
    this.places.delete(keyOf('room', name));
  }

  /** Forgets a conversation; the next message brings it back. */
  close(place) {
    this.places.delete(place.key);
  }

  /** Gives the places in which somebody is, a conversation with them among them. */
  whereIs(nick) {
    const here = (place) => (place.isRoom ? place.people.has(nick) : place.name === nick);
    return [...this.places.values()].filter(here);
  }

  /** Gives a conversation its new name. */
  renameConversation(nick, now) {
    const place = this.places.get(keyOf('person', nick));
    if (!place || this.places.has(keyOf('person', now))) return;
    this.places.delete(place.key);
    place.name = now;
    this.places.set(place.key, place);
  }

  #begin(kind, name) {
    const place = new Place(kind, name);
    if (kind === 'person') {
      place.read = this.privately.read;
      place.timeline.hasOlder = this.privately.hasOlder;
    }
    this.places.set(place.key, place);
    return place;
  }

  /** Gives the rooms that an operator's act or another event concerns. */
  #concerned(event) {
    if (event.room) return [this.room(event.room)].filter(Boolean);
    return this.rooms;
  }
}

/** What the events that change more than a timeline do; each gives the places that show it. */
const FOLLOWED = {
  __proto__: null,
  whispered: (chat, event) => {
    const place = chat.conversationOf(event);
    const { privately } = chat;
    if (!privately.isFilling) privately.reach = Math.max(privately.reach, event.id);
    return [place];
  },
  signalled: () => [],
  topic_changed: (chat, event) => {
    const place = chat.room(event.room);
    if (!place) return [];
    place.topic = event.topic ?? '';
    return [place];
  },
  joined: (chat, event) => {
    const state = event.own && event.rooms?.[event.room];
    if (state) return [chat.arrive(event.room, state)];
    const place =
      chat.room(event.room) ??
      (event.own ? chat.arrive(event.room, { members: [event.nick] }) : undefined);
    place?.people.add(event.nick);
    return place ? [place] : [];
  },
  parted: (chat, event) => {
    if (event.own) chat.leave(event.room);
    chat.room(event.room)?.people.remove(event.nick);
    return [chat.room(event.room)].filter(Boolean);
  },
  left: (chat, event) => {
    const places = chat.whereIs(event.nick);
    for (const place of places) place.people.remove(event.nick);
    chat.away.delete(event.nick);
    return places;
  },
  renamed: (chat, event) => {
    const places = chat.whereIs(event.nick);
    for (const place of places) place.people.rename(event.nick, event.now);
    if (event.own || event.nick === chat.nick) chat.nick = event.now;
    if (chat.away.delete(event.nick)) chat.away.add(event.now);
    chat.renameConversation(event.nick, event.now);
    return places;
  },
  went_away: (chat, event) => {
    chat.away.add(event.nick);
    return chat.whereIs(event.nick);
  },
  came_back: (chat, event) => {
    chat.away.delete(event.nick);
    return chat.whereIs(event.nick);
  },
  watched: (chat, event) => (event.folded ? [] : chat.rooms),
  kicked: (chat, event) => {
    const places = event.room ? [chat.room(event.room)].filter(Boolean) : chat.rooms;
    if (event.room) for (const place of places) place.people.remove(event.target);
    if (event.room && event.target === chat.nick) {
      chat.leave(event.room);
      return chat.rooms.slice(0, 1);
    }
    return places;
  },
};
