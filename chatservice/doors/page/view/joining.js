// Asks who the person is, and shows that they have left.

import { byId, write } from './dom.js';

const ABOUT_PASSWORD = new Set(['password-needed', 'wrong-password', 'registered']);

export class Joining {
  /**
   * @param {{join: (who: {nick: string, password: string}, isKept: boolean) => void,
   *   comeBack: () => void}} page
   */
  constructor(page) {
    this.page = page;
    this.nick = byId('nick');
    this.password = byId('password');
    byId('join-form').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit();
    });
    byId('return').addEventListener('click', () => page.comeBack());
    byId('other-name').addEventListener('click', () => this.ask(page.identity.nick));
  }

  get isOpen() {
    return !byId('join').hidden;
  }

  /** Asks for a name, and says why. */
  ask(nick, error = null) {
    this.#show('join');
    if (!this.nick.value) this.nick.value = nick;
    byId('remember').checked = this.page.isRemembered;
    this.busy(false);
    this.#tell(error);
    const needsPassword = error && ABOUT_PASSWORD.has(error.code) && error.code !== 'registered';
    (needsPassword ? this.password : this.nick).focus();
  }

  /** Shows that the connection has ended for good. */
  tellEnd(error) {
    this.#show('ended');
    const isElsewhere = error.code === 'taken-over';
    write(byId('ended-title'), isElsewhere ? 'You are here somewhere else' : 'You have left');
    write(byId('ended-reason'), error.text);
    write(byId('return'), isElsewhere ? 'Chat here instead' : 'Come back');
    byId('return').focus();
  }

  showChat() {
    this.password.value = '';
    this.#show('app');
  }

  busy(isBusy) {
    byId('join-button').disabled = isBusy;
    write(byId('join-button'), isBusy ? 'Joining' : 'Join');
  }

  /** Says what is in the way while the person waits to join. */
  tellWaiting(sentence) {
    this.#tell(sentence ? { code: '', text: sentence } : null);
  }

  #submit() {
    const nick = this.nick.value.trim();
    if (!nick) {
      this.#tell({ code: 'bad-nick', text: 'Choose a nickname first.' });
      this.nick.focus();
      return;
    }
    this.busy(true);
    this.#tell(null);
    this.page.join({ nick, password: this.password.value }, byId('remember').checked);
  }

  #tell(error) {
    const told = byId('join-error');
    told.hidden = !error;
    write(told, error ? sentence(error.text) : '');
    const isPassword = error && ABOUT_PASSWORD.has(error.code);
    byId('password-part').classList.toggle('wanted', Boolean(isPassword));
    this.nick.setAttribute('aria-invalid', String(Boolean(error && error.code && !isPassword)));
    this.password.setAttribute('aria-invalid', String(Boolean(isPassword)));
  }

  #show(id) {
    for (const part of ['join', 'ended', 'app']) byId(part).hidden = part !== id;
  }
}

/** Makes a sentence of what the chat says, which has no full stop. */
export function sentence(text) {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
