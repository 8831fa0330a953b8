// The page as a whole: it holds the parts together, and does what the person asks for.

import { fragmentOf, placeIn } from '../model/address.js';
import { Chat } from '../model/chat.js';
import { Drafts } from '../model/drafts.js';
import { Outbox } from '../model/outbox.js';
import { SeenMarks } from '../model/seen.js';
import { Session } from '../model/session.js';
import { Calendar } from '../model/time.js';
import { readTyped } from '../model/typed.js';
import { Appearance } from './appearance.js';
import { Banners } from './banners.js';
import { Browsing } from './browsing.js';
import { Composer } from './composer.js';
import { Heading } from './heading.js';
import { Joining } from './joining.js';
import { listenerOf } from './listening.js';
import { Log } from './log.js';
import { OwnMenu, PersonMenu } from './menus.js';
import { Notifications } from './notifications.js';
import { PeopleList } from './people.js';
import { Places } from './places.js';
import { Screen } from './screen.js';
import { Searching } from './searching.js';
import { Talk } from './talk.js';
import { Wakefulness } from './waking.js';

const FRAME = 16; // ms
const REST = 8; // times as long as a drawing took until the next one
const LONGEST_PAUSE = 250; // ms
const PAGES_MOST = 40; // of history that are loaded on the way to one line

export class Page {
  /** @type {import('../model/place.js').Place | null} */
  shown = null;
  outboxVersion = 0;
  day = 0;
  warning = '';
  isOutdated = false;
  #isScheduled = false;
  #drawnAt = 0;
  #cost = 0;
  /** A line that is looked for in history: where, how far, and what then. */
  #goal = null;

  /**
   * @param {object} parts
   * @param {import('../model/memory.js').Memory} parts.tab
   * @param {import('../model/memory.js').Memory} parts.device
   * @param {import('../model/memory.js').Remembered} parts.remembered
   * @param {object} parts.clock
   * @param {() => string} parts.newRef
   * @param {object} parts.identity
   */
  constructor(parts) {
    Object.assign(this, parts);
    this.isRemembered = this.remembered.isKept;
    this.chat = new Chat();
    this.calendar = new Calendar();
    this.outbox = new Outbox(() => this.#outboxChanged());
    this.outbox.restore(this.tab.get('outbox'));
    this.drafts = new Drafts(this.tab.get('drafts'), (texts) => this.tab.put('drafts', texts));
    this.session = new Session({
      chat: this.chat,
      outbox: this.outbox,
      identity: this.identity,
      newRef: this.newRef,
      listener: listenerOf(this),
    });
    this.seen = new SeenMarks(this.clock, (request) => this.session.request(request));
    this.#makeViews();
    this.waking = new Wakefulness(this);
    this.link = this.waking.link;
  }

  #makeViews() {
    this.tools = {
      calendar: this.calendar,
      again: (ref) => {
        this.session.again(ref);
        this.composer.focus();
      },
      edit: (ref) => this.composer.edit(this.outbox.remove(ref)?.typed ?? ''),
      drop: (ref) => {
        this.outbox.remove(ref);
        this.composer.focus();
      },
    };
    this.appearance = new Appearance(this.device);
    this.notifications = new Notifications(this, this.device);
    this.joining = new Joining(this);
    this.log = new Log(this.clock);
    this.talk = new Talk(this);
    this.composer = new Composer(this);
    this.searching = new Searching(this);
    this.personMenu = new PersonMenu(this);
    this.ownMenu = new OwnMenu(this);
    this.browsing = new Browsing(this);
    this.screen = new Screen(this);
    this.peopleList = new PeopleList(this);
    this.views = [new Heading(this), new Places(this), this.talk, new Banners(this)];
  }

  start() {
    if (this.identity.token) {
      this.joining.showChat();
      this.link.start();
    } else {
      this.joining.ask(this.identity.nick);
    }
    this.changed();
  }

  get isSearching() {
    return this.searching.isOpen;
  }

  /** Whether the person can see what is said in the place that is shown. */
  get isInView() {
    return (
      document.visibilityState === 'visible' &&
      !this.isSearching &&
      !this.joining.isOpen &&
      this.screen.isTalkInView
    );
  }

  get isTyped() {
    return !this.drafts.areEmpty || this.outbox.lines.length > 0;
  }

  // Drawing, once a frame at most

  changed() {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    // In a flood most of the time is left to the person, and one drawing shows many events.
    const pause = this.#drawnAt + Math.min(LONGEST_PAUSE, REST * this.#cost) - performance.now();
    const frame = () => requestAnimationFrame(() => this.#drawScheduled());
    if (document.visibilityState === 'hidden') this.hidden();
    else if (pause > FRAME) setTimeout(frame, pause - FRAME);
    else frame();
  }

  /** Draws without a frame: a hidden page has none, but its title shows what is unread. */
  hidden() {
    setTimeout(() => this.#drawScheduled(), LONGEST_PAUSE);
  }

  #drawScheduled() {
    if (!this.#isScheduled) return;
    const begun = performance.now();
    this.#isScheduled = false;
    this.#draw();
    this.#drawnAt = performance.now();
    this.#cost = this.#drawnAt - begun;
  }

  #draw() {
    this.day = this.calendar.dayOf(Date.now());
    this.tools.nick = this.chat.nick;
    if (this.shown && this.chat.places.get(this.shown.key) !== this.shown) this.showAny();
    this.#markRead();
    for (const view of this.views) view.draw();
    // 10,000 people are put in order in a task of their own.
    setTimeout(() => this.peopleList.draw());
    this.#markRead();
    if (this.joining.isOpen && this.link.state === 'waiting') {
      this.joining.tellWaiting('The chat does not answer. Trying again');
    }
    this.waking.reloadIfOutdated();
  }

  scrolled() {
    this.changed();
  }

  /** Notes that the layout has changed, and the talk may be in view again. */
  settled() {
    this.talk.standing.settle();
    this.changed();
  }

  #markRead() {
    const place = this.shown;
    if (!place || !this.isInView || place.isFilling || !this.session.isJoined) return;
    if (!place.markRead(this.talk.seen)) return;
    if (place.isRoom) {
      this.seen.note(place.name, place.read);
    } else if (this.chat.readOfAll > this.chat.privately.read) {
      this.chat.privately.read = this.chat.readOfAll;
      this.seen.note(undefined, this.chat.privately.read);
    }
    this.changed();
  }

  #outboxChanged() {
    this.outboxVersion += 1;
    this.tab.put('outbox', this.outbox.kept);
    this.changed();
  }

  // Places

  /** @param {UIEvent} [event]  by which the person chose it */
  show(place, event) {
    if (this.shown !== place) {
      this.shown?.unreadLine.end();
      this.shown = place;
      this.tab.put('place', place.key);
      if (this.isSearching) this.searching.toggle(false);
      this.composer.show(place);
      this.#goal = null;
      this.screen.view('talk');
      this.waking.cameIntoView();
      this.talk.show(place);
      this.peopleList.show();
    }
    this.screen.view('talk');
    const fragment = fragmentOf(place);
    if (location.hash !== fragment) history.pushState(null, '', fragment);
    if (event?.detail && matchMedia('(hover: hover)').matches) this.composer.focus();
    if (this.session.isJoined) this.session.history.hurry(place.isRoom ? place : null);
    this.changed();
  }

  /** Shows the place in the URL, or where the person was last, or any room. */
  showAny() {
    const { places, rooms } = this.chat;
    const place = places.get(this.shown?.key) ?? places.get(this.tab.get('place')) ?? rooms[0];
    if (place) this.show(place);
    else this.shown = null;
  }

  /** Opens what the URL's fragment names. @returns {boolean} whether it names anything */
  openFragment(fragment = location.hash) {
    const named = placeIn(fragment);
    if (!named) return false;
    if (named.kind === 'person') this.show(this.chat.conversation(named.name));
    else this.enterRoom(named.name);
    return true;
  }

  enterRoom(name) {
    const room = this.chat.room(name.toLowerCase());
    if (room) {
      this.show(room);
      return;
    }
    this.session.ask(
      `/join #${name}`,
      (answer) => this.tell(answer.lines),
      (error) => this.warn(`#${name}: ${error.text}`),
    );
  }

  write(nick) {
    this.show(this.chat.conversation(nick));
    this.composer.focus();
  }

  mention(nick) {
    this.screen.view('talk');
    this.composer.insert(`${nick}${this.composer.isEmpty ? ':' : ''} `);
  }

  closeConversation() {
    this.chat.close(this.shown);
    this.tab.put('place', null);
    this.shown = null;
    this.showAny();
  }

  /** Loads history until an event's id, and then goes on. */
  loadUntil(place, id, then) {
    this.#goal = { place, id, then, left: PAGES_MOST };
    this.pursue();
  }

  /** Goes on loading history on the way to a line. */
  pursue() {
    const goal = this.#goal;
    if (!goal) return;
    const { timeline } = goal.place;
    const isThere = timeline.entries.length > 0 && timeline.firstId <= goal.id;
    if (isThere || !timeline.hasOlder || !goal.left) {
      this.#goal = null;
      goal.then();
      return;
    }
    goal.left -= 1;
    this.session.loadOlder(goal.place);
  }

  scrollTalk(direction) {
    const { scroller } = this.talk;
    scroller.scrollBy({ top: direction * scroller.clientHeight * 0.85 });
  }

  // Saying something

  say(place, typed, isSecret) {
    const read = readTyped(typed);
    if (read.kind === 'nothing') return;
    const room = read.room ?? this.#roomOf(place);
    const line = { ...read, typed, isSecret, place: place.key, room };
    if (read.kind === 'whispered') line.room = '';
    if (read.kind === 'said' && !place.isRoom) {
      const text = read.text.trimStart();
      Object.assign(line, {
        kind: 'whispered',
        text,
        to: place.name,
        room: '',
        line: `/msg ${place.name} ${text}`,
      });
    }
    place.unreadLine.end();
    this.session.say(line);
    if (place === this.shown) {
      this.talk.draw();
      this.talk.toEnd();
    }
  }

  /** Gives a command for the person, as if they had typed it here. */
  command(line) {
    if (this.shown) this.say(this.shown, line, false);
  }

  #roomOf(place) {
    return place.isRoom ? place.name : (this.chat.rooms[0]?.name ?? '');
  }

  /** Shows sentences in the place that is in view. */
  tell(lines, { times, about = '', place = this.shown, isError = false } = {}) {
    if (!lines?.length) return;
    if (!place) {
      this.warn(lines.join(' '));
      return;
    }
    place.timeline.note({ lines, times, about, isError, when: Date.now() });
    this.log.note(lines);
    this.changed();
  }

  warn(sentence) {
    this.warning = sentence;
    this.changed();
  }

  // Coming and going

  join({ nick, password }, isKept) {
    if (nick !== this.identity.nick) {
      this.identity.token = '';
      for (const place of this.chat.conversations) this.chat.close(place);
      this.chat.privately.reach = 0;
    }
    Object.assign(this.identity, { nick, password });
    this.isRemembered = isKept;
    this.link.stop();
    this.link.start();
  }

  comeBack() {
    this.joining.showChat();
    this.link.start();
  }

  remember(isKept) {
    this.isRemembered = isKept;
    this.remembered.keep(this.identity, isKept);
  }

  reload() {
    location.reload();
  }
}
