// What a screen reader hears: a log of its own, as the lines in view also come and go by scrolling.

import { Announcer } from '../model/announcing.js';
import { isTalk } from '../model/timeline.js';
import { isTold, plain, sentenceOf } from '../model/words.js';
import { isPresence } from '../model/folding.js';
import { byId, said } from './dom.js';

const KEPT = 20;

export class Log {
  constructor(clock) {
    this.box = byId('log');
    this.announcer = new Announcer(clock, (sentence) => this.#say(sentence));
  }

  /** Says what happens now in the place that is shown. */
  event(event, nick) {
    if (event.own || event.folded || isPresence(event)) return;
    if (isTalk(event)) this.announcer.line(event.nick, `${event.nick}: ${event.text}`);
    else if (isTold(event)) this.announcer.line('', plain(sentenceOf(event, nick)));
  }

  note(lines) {
    this.announcer.line(
      '',
      lines.length > 3 ? `${lines[0]} and ${lines.length - 1} more lines` : lines.join(' '),
    );
  }

  history(count) {
    this.announcer.history(count);
  }

  #say(sentence) {
    this.box.append(said(sentence, 'p'));
    while (this.box.children.length > KEPT) this.box.firstElementChild.remove();
  }
}
