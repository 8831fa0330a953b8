// Follows what happens to the page itself: it is hidden, shown, woken, connected, outdated.

import { Link } from '../model/link.js';
import { nextMidnight } from '../model/time.js';
import { judgeVersion } from '../model/version.js';

const JUST_WOKEN = 30_000; // ms in which a new connection still brings what came while hidden

export class Wakefulness {
  #cameAt = 0;
  #served = '';

  constructor(page) {
    this.page = page;
    this.own = document.querySelector('meta[name=version]').content;
    this.link = new Link({
      open: () => {
        const url = new URL('ws', location.href);
        url.protocol = url.protocol.replace('http', 'ws');
        url.hash = '';
        return new WebSocket(url);
      },
      clock: page.clock,
      random: Math.random,
      connected: (send) => page.session.connected(send),
      received: (object) => page.session.receive(object),
      lost: () => page.session.disconnected(),
      ping: () => page.session.ping(),
      changed: () => page.changed(),
    });
    this.#listen();
    this.#awaitMidnight();
  }

  #listen() {
    const { link, page } = this;
    let wasOpen = false;
    addEventListener('online', () => link.wake());
    addEventListener('pagehide', () => {
      wasOpen = link.state !== 'stopped';
      page.seen.flush();
      link.stop();
    });
    addEventListener('pageshow', () => {
      if (wasOpen) link.start();
      else link.wake();
    });
    addEventListener('popstate', () => page.openFragment());
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') {
        this.cameIntoView();
        link.wake();
      } else {
        page.shown?.unreadLine.end();
        page.seen.flush();
        // A frame that was awaited does not come any more.
        page.hidden();
      }
      page.changed();
    });
  }

  /** Puts the unread line into the place that is shown, as the person can see it from now on. */
  cameIntoView() {
    const { shown, session } = this.page;
    if (!shown || document.visibilityState !== 'visible') return;
    this.#cameAt = Date.now();
    // What is still being loaded is below the fence, or below what came by itself since.
    const last = Math.max(session.fence, shown.timeline.lastId);
    shown.unreadLine.begin(shown.read, session.isJoined ? last : Infinity);
  }

  welcomed(welcome, isFirst) {
    const { page } = this;
    const isJustHere = isFirst || Date.now() - this.#cameAt < JUST_WOKEN;
    if (isJustHere) page.shown?.unreadLine.extend(page.shown.read, welcome.id);
    this.#askVersion();
  }

  #awaitMidnight() {
    const { page } = this;
    page.clock.setTimeout(
      () => {
        page.changed();
        this.#awaitMidnight();
      },
      nextMidnight(Date.now()) - Date.now() + 50,
    );
  }

  async #askVersion() {
    try {
      const answer = await fetch('version.json', { cache: 'no-store' });
      this.#served = (await answer.json()).version ?? '';
    } catch {
      this.#served = '';
    }
    this.page.changed();
  }

  /** Reloads the page if it is of another version and nothing would be lost. */
  reloadIfOutdated() {
    const { page } = this;
    const verdict = judgeVersion(this.own, this.#served, {
      isTyped: page.isTyped,
      triedFor: page.tab.get('tried') ?? '',
    });
    if ((verdict === 'same') === page.isOutdated) {
      page.isOutdated = verdict !== 'same';
      page.changed();
    }
    if (verdict !== 'reload') return;
    page.tab.put('tried', this.#served);
    this.#served = '';
    page.reload();
  }
}
