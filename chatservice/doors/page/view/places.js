// The list of rooms and conversations, with what is unread in each.

import { arrange, byId, make, named, write } from './dom.js';

export class Places {
  /** @type {Map<object, HTMLLIElement>} */
  #items = new Map();

  constructor(page) {
    this.page = page;
    this.rooms = byId('rooms');
    this.conversations = byId('conversations');
  }

  draw() {
    const { chat } = this.page;
    const byName = (one, other) => one.name.localeCompare(other.name);
    const rooms = chat.rooms.sort(byName);
    const conversations = chat.conversations.sort((one, other) => lastOf(other) - lastOf(one));
    arrange(
      this.rooms,
      rooms.map((place) => this.#itemOf(place)),
    );
    arrange(
      this.conversations,
      conversations.map((place) => this.#itemOf(place)),
    );
    byId('no-conversations').hidden = conversations.length > 0;
    for (const place of this.#items.keys()) {
      if (!chat.places.has(place.key)) this.#items.delete(place);
    }
    this.#drawTotals();
  }

  #itemOf(place) {
    const item = this.#items.get(place) ?? this.#make(place);
    const { lines, mentions } = place.unread(this.page.chat.nick);
    const isShown = place === this.page.shown;
    write(item.name, (place.isRoom ? '#' : '') + place.name);
    const count = isShown && this.page.isInView ? 0 : lines;
    const more = place.timeline.hasOlder && place.read < place.timeline.firstId ? '+' : '';
    write(item.badge, count ? `${place.isRoom && mentions ? mentions : count}${more}` : '');
    write(item.heard, count ? toldOf(count, mentions, place.isRoom) : '');
    item.classList.toggle('unread', count > 0);
    item.classList.toggle('mentioned', count > 0 && mentions > 0);
    item.classList.toggle('away', !place.isRoom && this.page.chat.away.has(place.name));
    if (isShown) item.button.setAttribute('aria-current', 'page');
    else item.button.removeAttribute('aria-current');
    return item;
  }

  #make(place) {
    const name = named('');
    const badge = make('span', { class: 'badge', 'aria-hidden': 'true' });
    const heard = make('span', { class: 'heard' });
    const button = make(
      'button',
      {
        type: 'button',
        click: (event) => this.page.show(place, event),
      },
      name,
      ' ',
      heard,
      badge,
    );
    const item = make('li', { 'data-kind': place.kind }, button);
    Object.assign(item, { name, badge, heard, button });
    this.#items.set(place, item);
    return item;
  }

  /** Shows on the way back, and in the title, that there is something elsewhere. */
  #drawTotals() {
    const { chat, shown, isInView } = this.page;
    let [lines, mentions] = [0, 0];
    for (const place of chat.places.values()) {
      if (place === shown && isInView) continue;
      const unread = place.unread(chat.nick);
      lines += unread.lines;
      mentions += unread.mentions;
    }
    const badge = byId('elsewhere');
    badge.hidden = !lines;
    badge.classList.toggle('dot', !mentions);
    write(badge, mentions ? String(mentions) : '');
    const news = mentions ? `: ${mentions} for you` : lines ? ': something new' : '';
    badge.parentElement.setAttribute('aria-label', `Rooms${news}`);
    // A name in another direction must not turn the rest round (UAX #9, 2.4).
    const where = shown
      ? `\u2068${shown.isRoom ? '#' : ''}${shown.name}\u2069 \u2013 Chat`
      : 'Chat';
    const title = mentions ? `(${mentions}) ${where}` : lines ? `\u2022 ${where}` : where;
    if (document.title !== title) document.title = title;
  }
}

function lastOf(place) {
  return place.timeline.lastId;
}

function toldOf(lines, mentions, isRoom) {
  const told = `, ${lines} unread`;
  if (!isRoom || !mentions) return told;
  return `${told}, ${mentions} of them ${mentions === 1 ? 'mentions' : 'mention'} you`;
}
