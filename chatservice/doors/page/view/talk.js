// Shows what is said in one place: at the bottom it follows, elsewhere it stays where it is.

import { Span } from '../model/span.js';
import { rowsOf } from '../model/rows.js';
import { arrange, byId, make, named, write } from './dom.js';
import { drawRow } from './row.js';
import { Standing } from './standing.js';

const NEAR = 500; // px from an end at which more is shown
const FAR = 1200; // px above the end at which a button leads down

export class Talk {
  /** @type {import('../model/rows.js').Row[]} */
  rows = [];
  place = null;
  #span = new Span();
  /** The elements of the rows shown, by key. */
  #drawn = new Map();
  #signature = '';
  #unread = { at: -1, isAbove: false };

  /** @param {object} page  see main.js */
  constructor(page) {
    this.page = page;
    this.scroller = byId('talk');
    this.list = byId('lines');
    this.standing = new Standing(this.scroller, this.list);
    this.scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    byId('newer').addEventListener('click', () => this.toEnd());
    byId('unread-above').addEventListener('click', () => this.toUnread());
    this.list.addEventListener('pointerover', (event) => this.#tellDay(event.target));
    this.list.addEventListener('click', (event) => this.#personChosen(event));
  }

  get isFollowing() {
    return this.standing.isFollowing;
  }

  show(place) {
    this.place = place;
    this.#drawn.clear();
    this.#signature = '';
    this.list.replaceChildren();
    this.#span = new Span();
    this.standing.follow();
    this.draw();
  }

  /** Draws what has changed since it was last drawn. */
  draw() {
    if (!this.place) return;
    const signature = this.#sign();
    if (signature !== this.#signature) {
      this.#signature = signature;
      if (this.isFollowing && this.place.isRoom) this.place.trim();
      this.#makeRows();
      this.#span.keep(this.rows, (row) => row.key, this.isFollowing);
      this.#patch();
      // At the very top there is nothing to scroll, by which the reader could ask for more.
      if (!this.isFollowing && this.scroller.scrollTop < NEAR) this.#goBack();
    }
    this.#drawEdges();
  }

  /** Goes down to the newest line. */
  toEnd() {
    this.#span.showEnd(this.rows);
    this.standing.follow();
    this.#patch();
    this.#drawEdges();
  }

  /** Goes up to the unread line, and loads what is between it and here. */
  toUnread() {
    const { after } = this.place.unreadLine;
    this.page.loadUntil(this.place, after, () => this.#goTo((row) => row.kind === 'unread'));
  }

  /** Goes to a line, and marks it for a moment. */
  toLine(place, id) {
    this.page.loadUntil(place, id - 1, () => this.#goTo((row) => row.id === id, true));
  }

  /** Gives the id up to which a reader has seen the lines that are in view. */
  get seen() {
    const last = this.isFollowing ? this.list.lastElementChild : this.standing.lastInView();
    let seen = 0;
    for (let item = last; item && !seen; item = item.previousElementSibling) {
      seen = item.row?.id ?? 0;
    }
    return seen;
  }

  #sign() {
    const { page, place } = this;
    return [
      place.timeline.version,
      place.unreadLine.after,
      page.outboxVersion,
      page.day,
      page.chat.nick,
      page.chat.settings.quiet,
      page.session.isJoined,
    ].join();
  }

  #makeRows() {
    const { page, place } = this;
    this.#unread = place.unreadLine.find(place.timeline.entries, place.timeline.hasOlder);
    const isOffline = !page.session.isJoined;
    const pending = page.outbox.of(place.key).map((line) => ({ ...line, isOffline }));
    this.rows = rowsOf({
      entries: place.timeline.entries,
      pending,
      unreadAt: this.#unread.at,
      calendar: page.calendar,
      now: Date.now(),
      nick: page.chat.nick,
      isQuiet: page.chat.settings.quiet === true,
    });
  }

  #patch() {
    this.standing.hold();
    const shown = this.rows.slice(this.#span.from, this.#span.to);
    const elements = shown.map((row) => this.#elementOf(row));
    arrange(this.list, elements);
    this.#drawn = new Map(shown.map((row, index) => [row.key, elements[index]]));
    this.standing.settle();
  }

  #elementOf(row) {
    const known = this.#drawn.get(row.key);
    if (known && known.row.sign === row.sign) {
      known.row = row;
      return known;
    }
    const element = drawRow(row, this.page.tools);
    element.row = row;
    if (known?.querySelector('details')?.open) element.querySelector('details').open = true;
    if (known) this.standing.replace(known, element);
    return element;
  }

  #scrolled() {
    const { scroller } = this;
    const isAtEnd = this.#span.to >= this.rows.length;
    this.standing.moved(isAtEnd);
    if (scroller.scrollTop < NEAR) this.#goBack();
    const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    if (below < NEAR && this.#span.forth(this.rows)) this.#patch();
    this.page.scrolled();
  }

  #goBack() {
    if (this.#span.back(this.rows)) this.#patch();
    else if (!this.isFollowing) this.page.session.loadOlder(this.place);
  }

  #goTo(isWanted, isMarked = false) {
    this.draw();
    const index = this.rows.findIndex(isWanted);
    if (index < 0) return;
    this.#span.around(this.rows, index);
    this.standing.leave();
    this.#patch();
    const element = this.#drawn.get(this.rows[index].key);
    this.standing.goTo(element);
    if (isMarked) {
      element.classList.add('found');
      setTimeout(() => element.classList.remove('found'), 2500);
    }
    this.page.changed();
  }

  #personChosen(event) {
    const who = event.target.closest('button.person');
    if (who) this.page.personMenu.open(who.textContent, who);
  }

  /** Tells whoever points to an hour the day as well. */
  #tellDay(target) {
    if (target.localName !== 'time') return;
    target.title ||= this.page.calendar.moment(Date.parse(target.dateTime));
  }

  // What is around the lines

  #drawEdges() {
    const { timeline } = this.place;
    const isLoading = this.page.session.isLoading(this.place);
    // A place whose lines do not fill the screen cannot be scrolled for more.
    if (timeline.hasOlder && !this.standing.isFull) {
      this.page.session.loadOlder(this.place);
    }
    this.#drawBeginning(timeline, isLoading);
    this.#drawNewer();
    this.#drawUnreadAbove();
  }

  #drawBeginning(timeline, isLoading) {
    const isEmpty = !this.rows.some((row) => row.kind === 'line' || row.kind === 'pending');
    const beginning = byId('beginning');
    const told = isLoading
      ? 'Loading earlier lines'
      : timeline.hasOlder || isEmpty || this.#span.from
        ? ''
        : 'This is the beginning';
    beginning.hidden = !told;
    write(beginning, told);
    this.#drawEmpty(isEmpty && !isLoading && !timeline.hasOlder);
  }

  #drawEmpty(isEmpty) {
    const empty = byId('empty');
    empty.hidden = !isEmpty;
    this.scroller.classList.toggle('bare', isEmpty);
    if (!isEmpty || empty.place === this.place.key) return;
    empty.place = this.place.key;
    const { name, isRoom } = this.place;
    const first = isRoom
      ? ['Nobody has said anything in ', named(`#${name}`), ' yet.']
      : ['You and ', named(name), ' have not written to each other yet.'];
    empty.replaceChildren(
      make('p', { class: 'big' }, ...first),
      make(
        'p',
        {},
        isRoom
          ? 'Say hello, and whoever comes will read it.'
          : 'What you write here, only the two of you can read.',
      ),
    );
  }

  #drawNewer() {
    const newer = byId('newer');
    const { lines } = this.place.unread(this.page.chat.nick);
    const isFar = this.standing.below > FAR;
    newer.hidden = this.isFollowing || (!lines && !isFar);
    newer.classList.toggle('news', lines > 0);
    if (!newer.hidden) write(newer.querySelector('span'), lines ? `${lines} new` : 'Latest');
  }

  #drawUnreadAbove() {
    const button = byId('unread-above');
    const { unreadLine, timeline } = this.place;
    const line = this.#drawn.get('unread');
    if (line && this.standing.isBelowTop(line)) unreadLine.wasSeen = true;
    const isThere = this.#unread.isAbove || this.#unread.at >= 0;
    button.hidden = !isThere || unreadLine.wasSeen || this.page.isSearching;
    if (button.hidden) return;
    const count = timeline.entries.filter(
      (entry) => entry.id > unreadLine.after && entry.text && !entry.own,
    ).length;
    write(button.querySelector('span'), `${count}${this.#unread.isAbove ? '+' : ''} new above`);
  }
}
