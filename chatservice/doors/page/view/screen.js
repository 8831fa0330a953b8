// What of the screen is shown: on a phone one part at a time, above the keyboard.

import { byId } from './dom.js';

export class Screen {
  constructor(page) {
    this.page = page;
    this.app = byId('app');
    byId('to-places').addEventListener('click', () => this.view('places'));
    byId('people-open').addEventListener('click', () => this.togglePeople());
    byId('people-close').addEventListener('click', () => {
      this.togglePeople();
      byId('people-open').focus();
    });
    window.visualViewport?.addEventListener('resize', () => this.#fit());
    window.visualViewport?.addEventListener('scroll', () => this.#fit());
    window.addEventListener('resize', () => this.page.changed());
  }

  /** Shows one of the three parts where there is room for one only. */
  view(name) {
    this.app.dataset.view = name;
    this.#tellPeople();
    this.page.changed();
  }

  get isTalkInView() {
    return byId('conversation').checkVisibility();
  }

  togglePeople() {
    const { dataset } = this.app;
    const isShown = byId('people').checkVisibility();
    dataset.view = isShown ? 'talk' : 'people';
    // Where there is room for all three parts, the people are there unless they were closed.
    const chosen = matchMedia('(width < 1080px)').matches ? 'open' : 'closed';
    dataset.people = dataset.people === chosen ? '' : chosen;
    this.#tellPeople();
    this.page.changed();
  }

  #tellPeople() {
    const isShown = byId('people').checkVisibility();
    byId('people-open').setAttribute('aria-expanded', String(isShown));
  }

  /** Follows the part of the screen that the keyboard leaves, in browsers that resize no page. */
  #fit() {
    const { height, offsetTop, scale } = window.visualViewport;
    const { style } = document.documentElement;
    if (scale !== 1) return;
    style.setProperty('--screen-height', `${height}px`);
    style.setProperty('--screen-top', `${offsetTop}px`);
  }
}
