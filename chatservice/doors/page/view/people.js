// The list of people in a room; of 10,000 only those in view are in the page.

import { arrange, byId, make, named, write } from './dom.js';

const SPARE = 8; // rows drawn above and below those in view

export class PeopleList {
  /** @type {Map<string, HTMLElement>} */
  #drawn = new Map();
  #focused = 0;
  // To ask for these while drawing would make the browser lay out everything at once.
  #height = 32;
  #room = 0;
  #top = 0;

  constructor(page) {
    this.page = page;
    this.scroller = byId('people-scroll');
    this.list = byId('people-list');
    this.filter = byId('people-filter');
    this.scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    this.filter.addEventListener('input', () => this.#begin());
    this.list.addEventListener('click', (event) => this.#chosen(event));
    this.list.addEventListener('keydown', (event) => this.#keyPressed(event));
    new ResizeObserver(() => this.#measure()).observe(this.scroller);
  }

  show() {
    this.filter.value = '';
    this.#begin();
  }

  draw() {
    const place = this.page.shown;
    if (!place) return;
    this.#drawCount(place);
    if (!this.#room) return;
    const wanted = this.filter.value.trim();
    const found = wanted ? place.people.matching(wanted) : null;
    const count = found ? found.length : place.people.size;
    byId('nobody').hidden = count > 0 || !wanted;
    const first = Math.max(0, Math.floor(this.#top / this.#height) - SPARE);
    const fit = Math.ceil(this.#room / this.#height) + 2 * SPARE;
    const names = found ? found.slice(first, first + fit) : place.people.slice(first, first + fit);
    const height = `${count * this.#height}px`;
    if (this.list.style.height !== height) this.list.style.height = height;
    this.#patch(names, first, count);
  }

  /** Follows the height of the view, and of a row, which is another one on a phone. */
  #measure() {
    const height = parseFloat(getComputedStyle(this.list).lineHeight);
    this.#room = this.scroller.clientHeight;
    this.#top = this.scroller.scrollTop;
    if (height !== this.#height) this.#drawn.clear();
    this.#height = height;
    this.page.changed();
  }

  #scrolled() {
    this.#top = this.scroller.scrollTop;
    this.page.changed();
  }

  #begin() {
    this.#focused = 0;
    this.#top = 0;
    this.scroller.scrollTop = 0;
    this.page.changed();
  }

  #drawCount(place) {
    const count = place.people.size.toLocaleString();
    write(byId('people-count'), count);
    write(byId('people-number'), count);
  }

  #patch(names, first, count) {
    const items = names.map((name, index) => this.#itemOf(name, first + index, count));
    arrange(this.list, items);
    this.#drawn = new Map(names.map((name, index) => [name, items[index]]));
    const within = Math.min(Math.max(this.#focused, first), first + names.length - 1);
    items.forEach((item, index) => {
      const tabIndex = first + index === within ? 0 : -1;
      if (item.firstElementChild.tabIndex !== tabIndex) item.firstElementChild.tabIndex = tabIndex;
    });
  }

  #itemOf(name, index, count) {
    const item =
      this.#drawn.get(name) ??
      make(
        'div',
        { role: 'listitem', class: 'one' },
        make('button', { type: 'button', class: 'person' }, named(name)),
      );
    if (item.index !== index) {
      item.index = index;
      item.style.transform = `translateY(${index * this.#height}px)`;
      item.setAttribute('aria-posinset', String(index + 1));
    }
    if (item.count !== count) {
      item.count = count;
      item.setAttribute('aria-setsize', String(count));
    }
    item.classList.toggle('away', this.page.chat.away.has(name));
    item.classList.toggle('own', name === this.page.chat.nick);
    return item;
  }

  #chosen(event) {
    const button = event.target.closest('button');
    if (!button) return;
    this.#focused = button.parentElement.index;
    this.page.personMenu.open(button.textContent, button);
  }

  #keyPressed(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -1e9, End: 1e9 };
    const step = steps[event.key];
    const item = event.target.closest('.one');
    if (!step || !item) return;
    event.preventDefault();
    this.#focused = Math.min(Math.max(item.index + step, 0), item.count - 1);
    this.#reveal();
    this.draw();
    this.list.querySelector('[tabindex="0"]')?.focus({ preventScroll: true });
  }

  #reveal() {
    const top = this.#focused * this.#height;
    const lowest = top + this.#height - this.#room;
    if (top < this.#top) this.#top = top;
    else if (lowest > this.#top) this.#top = lowest;
    this.scroller.scrollTop = this.#top;
  }
}
