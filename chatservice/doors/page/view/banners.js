// What stands above the talk: that there is no connection, or that the page has another version.

import { byId, make, said } from './dom.js';

export class Banners {
  #shown = '';

  constructor(page) {
    this.page = page;
    this.box = byId('banners');
    this.seconds = make('span', { 'aria-hidden': 'true' });
  }

  draw() {
    const { page } = this;
    const { link } = page;
    const kind = this.#kind();
    this.#tick();
    if (kind === this.#shown) return;
    this.#shown = kind;
    const banner = {
      connecting: () => bannerOf('Connecting'),
      waiting: () =>
        bannerOf(
          'No connection. What you write is sent when it is back.',
          this.seconds,
          make('button', { type: 'button', click: () => link.wake() }, 'Try now'),
        ),
      version: () =>
        bannerOf(
          'This page has a newer version.',
          make('button', { type: 'button', click: () => page.reload() }, 'Reload'),
        ),
      warned: () =>
        bannerOf(
          said(page.warning),
          make('button', { type: 'button', click: () => page.warn('') }, 'Dismiss'),
        ),
    }[kind];
    this.box.replaceChildren(...(banner ? [banner()] : []));
    this.box.firstElementChild?.setAttribute('data-banner', kind.replace(/:.*/, ''));
  }

  #kind() {
    const { link, session, isOutdated, warning } = this.page;
    if (link.state === 'waiting') return 'waiting';
    if (link.state === 'connecting' || !session.isJoined) return 'connecting';
    if (isOutdated) return 'version';
    return warning ? 'warned' : '';
  }

  /** Counts the seconds until the next attempt. */
  #tick() {
    const left = Math.ceil((this.page.link.retryAt - Date.now()) / 1000);
    this.seconds.textContent = left > 0 ? `Trying again in ${left} s` : '';
    if (this.page.link.state === 'waiting') {
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.#tick(), 500);
    }
  }
}

function bannerOf(...children) {
  return make('div', { class: 'banner' }, ...children);
}
