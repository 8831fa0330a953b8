// Shows notifications, once the person has asked for them.

import { notificationOf } from '../model/notifying.js';
import { byId, write } from './dom.js';

export class Notifications {
  constructor(page, device) {
    Object.assign(this, { page, device });
  }

  get isPossible() {
    return 'Notification' in window && window.isSecureContext;
  }

  get isAllowed() {
    return (
      this.isPossible && Notification.permission === 'granted' && this.device.get('notify') === true
    );
  }

  /** Asks the browser for permission, or ends the notifications. */
  async ask() {
    const isWanted = !this.isAllowed;
    this.device.put('notify', isWanted);
    if (isWanted && this.isPossible) await Notification.requestPermission();
    this.draw();
  }

  draw() {
    const isDenied = this.isPossible && Notification.permission === 'denied';
    const told = !this.isPossible
      ? 'Notifications need a page that came by https.'
      : isDenied
        ? 'Your browser forbids this page to notify you.'
        : '';
    byId('notify').disabled = Boolean(told);
    write(byId('notify'), this.isAllowed ? 'Stop notifying me' : 'Notify me when I am mentioned');
    byId('notify-told').hidden = !told;
    write(byId('notify-told'), told);
  }

  /** Notifies the person of an event that happens now, if it is worth that. */
  consider(event, place) {
    // Whether it is allowed takes the browser long to say.
    const isHidden = document.visibilityState === 'hidden';
    const told = notificationOf(event, {
      isHidden,
      isAllowed: isHidden && this.isAllowed,
      nick: this.page.chat.nick,
    });
    if (!told) return;
    const title = told.where ? `${told.who} in ${told.where}` : told.who;
    try {
      const shown = new Notification(title, { body: told.text, tag: place.key, icon: 'icon.png' });
      shown.onclick = () => {
        window.focus();
        this.page.show(place);
        shown.close();
      };
    } catch {
      // Some phones allow notifications to service workers alone.
    }
  }
}
