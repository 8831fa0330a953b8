// Two menus: one for the person and this page, one for somebody else.

import { byId, named, write } from './dom.js';

export class OwnMenu {
  constructor(page) {
    this.page = page;
    this.box = byId('menu');
    this.box.addEventListener('beforetoggle', () => this.draw());
    byId('leave').addEventListener('click', () => this.#do(() => page.command('/quit')));
    byId('leave-room').addEventListener('click', () =>
      this.#do(() => page.command(`/part #${page.shown.name}`)),
    );
    byId('show-presence').addEventListener('change', (event) => {
      page.session.ask(
        `/set quiet ${event.target.checked ? 'off' : 'on'}`,
        () => {},
        () => {},
      );
    });
    byId('keep-me').addEventListener('change', (event) => page.remember(event.target.checked));
    byId('notify').addEventListener('click', () => page.notifications.ask());
    for (const radio of this.box.querySelectorAll('[name=theme]')) {
      radio.addEventListener('change', () => page.appearance.choose(radio.value));
    }
  }

  draw() {
    const { chat, shown, appearance, isRemembered, notifications } = this.page;
    byId('account-told').replaceChildren(
      named(chat.nick),
      chat.account ? ', a registered nickname' : ', a guest',
    );
    byId('show-presence').checked = chat.settings.quiet !== true;
    byId('keep-me').checked = isRemembered;
    byId('leave-room').hidden = !shown?.isRoom;
    for (const radio of this.box.querySelectorAll('[name=theme]')) {
      radio.checked = radio.value === appearance.chosen;
    }
    notifications.draw();
  }

  #do(act) {
    this.box.hidePopover();
    act();
  }
}

export class PersonMenu {
  #nick = '';

  constructor(page) {
    this.page = page;
    this.box = byId('person');
    const on = (id, act) =>
      byId(id).addEventListener('click', () => {
        this.box.hidePopover();
        act(this.#nick);
      });
    on('person-write', (nick) => page.write(nick));
    on('person-mention', (nick) => page.mention(nick));
    on('person-whois', (nick) => page.command(`/whois ${nick}`));
    on('person-ignore', (nick) => page.command(`/ignore ${nick}`));
  }

  /** @param {HTMLElement} button  beside which the menu opens */
  open(nick, button) {
    this.#nick = nick;
    const isSelf = nick === this.page.chat.nick;
    write(byId('person-name'), nick);
    byId('person-self').hidden = !isSelf;
    for (const id of ['person-write', 'person-mention', 'person-ignore']) byId(id).hidden = isSelf;
    byId('person-mention').hidden ||= !this.page.shown?.isRoom;
    this.box.showPopover();
    this.#stand(button.getBoundingClientRect());
    this.box.querySelector('button:not([hidden])').focus();
  }

  #stand(beside) {
    const { offsetWidth, offsetHeight, style } = this.box;
    const space = 8;
    const most = (size, whole) => Math.max(space, whole - size - space);
    style.left = `${Math.min(beside.left, most(offsetWidth, innerWidth))}px`;
    style.top = `${Math.min(beside.bottom + 4, most(offsetHeight, innerHeight))}px`;
  }
}
