// Draws what stands around the talk: where it is, what it is about, and who this person is.

import { byId, named, write } from './dom.js';

const STATES = {
  live: 'here',
  'catching up': 'here',
  joining: 'connecting',
  offline: 'not connected',
};

export class Heading {
  #shown = '';

  constructor(page) {
    this.page = page;
    byId('topic').addEventListener('click', (event) => {
      event.currentTarget.classList.toggle('whole');
    });
    byId('close-conversation').addEventListener('click', () => page.closeConversation());
  }

  draw() {
    const { chat, session, shown } = this.page;
    write(byId('own-name'), chat.nick || this.page.identity.nick);
    write(byId('own-state'), STATES[session.state] ?? '');
    write(byId('server-name'), chat.server && chat.server !== 'chatservice' ? chat.server : 'Chat');
    byId('app').classList.toggle('offline', !session.isJoined);
    byId('app').classList.toggle('placeless', !shown);
    if (shown) this.#drawPlace(shown);
  }

  #drawPlace(place) {
    const name = `${place.isRoom ? '#' : ''}${place.name}`;
    if (this.#shown !== name) byId('place-name').replaceChildren(named(name));
    if (this.#shown !== name) byId('topic').classList.remove('whole');
    this.#shown = name;
    const isAway = this.page.chat.away.has(place.name);
    write(byId('topic'), place.isRoom ? place.topic : isAway ? 'away' : 'Only the two of you');
    byId('topic').classList.toggle('said', place.isRoom);
    byId('app').dataset.kind = place.kind;
    byId('close-conversation').hidden = place.isRoom;
  }
}
