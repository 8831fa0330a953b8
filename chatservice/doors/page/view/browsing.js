// Lists all rooms, and everybody who is in the chat.

import { byId, make, named, said, write } from './dom.js';

export class Browsing {
  constructor(page) {
    this.page = page;
    this.dialog = byId('browse');
    this.list = byId('browse-list');
    this.more = byId('browse-more');
    byId('browse-open').addEventListener('click', () => this.open());
    byId('browse-close').addEventListener('click', () => this.dialog.close());
    byId('enter-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#enter(byId('enter-room').value);
    });
    for (const radio of this.dialog.querySelectorAll('[name=browsed]')) {
      radio.addEventListener('change', () => this.#begin());
    }
    this.more.addEventListener('click', () => this.#ask(`/${this.#what} more`));
    this.dialog.addEventListener('click', (event) => {
      if (event.target === this.dialog) this.dialog.close();
    });
  }

  get #what() {
    return this.dialog.querySelector('[name=browsed]:checked').value;
  }

  open() {
    this.dialog.showModal();
    this.#begin();
  }

  #begin() {
    this.list.replaceChildren();
    this.#ask(`/${this.#what}`);
  }

  #enter(name) {
    const room = name.trim().replace(/^#+/, '');
    if (!room) return;
    this.dialog.close();
    byId('enter-room').value = '';
    this.page.enterRoom(room);
  }

  #ask(line) {
    const what = this.#what;
    this.more.hidden = true;
    write(byId('browse-told'), 'Loading');
    this.page.session.ask(
      line,
      (answer) => {
        if (what === this.#what) this.#show(answer, what);
      },
      (error) => write(byId('browse-told'), error.text),
    );
  }

  #show(answer, what) {
    const rows = answer[what] ?? [];
    this.list.append(...rows.map((row) => (what === 'list' ? this.#room(row) : this.#person(row))));
    const left = answer.left ?? 0;
    this.more.hidden = !left;
    write(this.more, `Show more (${left.toLocaleString()} left)`);
    const none = what === 'list' ? 'There is no room yet: make one.' : 'Nobody is here.';
    write(byId('browse-told'), this.list.children.length ? '' : none);
  }

  #room({ room, here, topic }) {
    const isIn = this.page.chat.room(room);
    const told = `${here.toLocaleString()} here${isIn ? ', and you' : ''}`;
    return make(
      'li',
      {},
      make(
        'button',
        { type: 'button', click: () => this.#enter(room) },
        make(
          'span',
          { class: 'byline' },
          named(`#${room}`, { class: 'who' }),
          make('span', { class: 'where' }, told),
        ),
        topic ? said(topic, 'span', { class: 'text' }) : null,
      ),
    );
  }

  #person({ nick, rooms }) {
    const open = () => {
      this.dialog.close();
      this.page.write(nick);
    };
    const names = rooms.flatMap((room, index) => [index ? ', ' : '', named(`#${room}`)]);
    return make(
      'li',
      {},
      make(
        'button',
        { type: 'button', click: open },
        make(
          'span',
          { class: 'byline' },
          named(nick, { class: 'who' }),
          make('span', { class: 'where' }, ...names),
        ),
      ),
    );
  }
}
