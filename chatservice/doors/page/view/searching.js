// Finds lines in the rooms that the person is in, and leads to them.

import { whenOf } from '../model/time.js';
import { arrange, byId, make, named, said, write } from './dom.js';

export class Searching {
  constructor(page) {
    this.page = page;
    this.panel = byId('search');
    this.words = byId('search-words');
    this.results = byId('search-results');
    this.more = byId('search-more');
    byId('search-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#search();
    });
    byId('search-open').addEventListener('click', () => this.toggle(!this.isOpen));
    byId('search-close').addEventListener('click', () => this.toggle(false));
    this.more.addEventListener('click', () => this.#ask('/search more'));
    this.panel.addEventListener('keydown', (event) => {
      if (event.key === 'Escape') this.toggle(false);
    });
  }

  get isOpen() {
    return !this.panel.hidden;
  }

  toggle(isOpen) {
    const wasOpen = this.isOpen;
    this.panel.hidden = !isOpen;
    byId('stage').hidden = isOpen;
    byId('composer').hidden = isOpen;
    byId('search-open').setAttribute('aria-expanded', String(isOpen));
    if (isOpen) {
      this.words.focus();
      this.words.select();
      if (!this.results.children.length) {
        write(
          byId('search-told'),
          'All the words must be in a line. ' + 'Add from:ada or in:#python to look there alone.',
        );
      }
    } else if (wasOpen) {
      byId('search-open').focus();
      this.page.settled();
    }
  }

  #search() {
    const words = this.words.value.trim();
    if (!words) return;
    this.results.replaceChildren();
    this.#ask(`/search ${words === 'more' ? '"more"' : words}`);
  }

  #ask(line) {
    this.more.hidden = true;
    write(byId('search-told'), 'Searching');
    this.page.session.ask(
      line,
      (answer) => this.#show(answer),
      (error) => {
        write(byId('search-told'), error.text);
      },
    );
  }

  #show(answer) {
    const events = (answer.events ?? []).toReversed();
    arrange(this.results, [...this.results.children, ...events.map((each) => this.#itemOf(each))]);
    const count = this.results.children.length;
    const none = answer.lines?.at(-1) ?? 'Nothing was found.';
    write(byId('search-told'), count ? countOf(count) : none);
    const goesOn = answer.lines?.some((line) => line.includes('/search more'));
    this.more.hidden = !goesOn;
  }

  #itemOf(event) {
    const { calendar, chat } = this.page;
    const place = event.room ? chat.room(event.room) : chat.conversationOf(event);
    const item = make(
      'button',
      { type: 'button', click: () => this.#open(place, event) },
      make(
        'span',
        { class: 'byline' },
        named(event.nick, { class: 'who' }),
        make('span', { class: 'where' }, named(event.room ? `#${event.room}` : 'in private')),
        make('time', {}, calendar.brief(whenOf(event), Date.now())),
      ),
      said(event.text ?? event.topic ?? '', 'span', { class: 'text' }),
    );
    return make('li', {}, item);
  }

  #open(place, event) {
    if (!place) return;
    this.toggle(false);
    this.page.show(place);
    this.page.talk.toLine(place, event.id);
  }
}

function countOf(count) {
  return count === 1 ? '1 line, the newest first' : `${count} lines, the newest first`;
}
