// What the page does when the session tells that something has happened.

import { whenOf } from '../model/time.js';
import { isTalk } from '../model/timeline.js';
import { isTold, plain, sentenceOf } from '../model/words.js';

/** @returns {import('../model/session.js').Listener} */
export function listenerOf(page) {
  return {
    changed: () => page.changed(),
    identified: () => page.remembered.keep(page.identity, page.isRemembered),
    welcomed: (welcome, isFirst) => welcomed(page, welcome, isFirst),
    refused: (error) => {
      page.link.stop();
      page.joining.ask(page.identity.nick, error);
    },
    ended: (error) => {
      page.link.stop();
      page.joining.tellEnd(error);
    },
    warned: (error) => {
      if (page.joining.isOpen) page.joining.tellWaiting(error.text);
      else page.warn(error.text);
    },
    told: (answer, line) => told(page, answer, line),
    happened: (event, places, line) => happened(page, event, places, line),
    recalled: (place, count) => {
      if (!place || place === page.shown) page.log.history(count);
      page.pursue();
    },
    entered: (room) => page.show(page.chat.room(room)),
  };
}

function welcomed(page, welcome, isFirst) {
  page.link.joined();
  const wasCovered = page.joining.isOpen;
  page.joining.showChat();
  page.warning = '';
  if (isFirst || !page.shown) {
    const fragment = location.hash;
    page.showAny();
    page.openFragment(fragment);
    page.tell(welcome.motd, { about: '' });
  } else {
    page.showAny();
  }
  page.waking.welcomed(welcome, isFirst);
  if (wasCovered && matchMedia('(hover: hover)').matches) page.composer.focus();
}

function told(page, answer, line) {
  const place = page.chat.places.get(line?.place ?? '') ?? page.shown;
  const about = line?.typed ?? '';
  const events = line ? (answer.events ?? []).map((event) => lineOf(page, event)) : [];
  page.tell([...events, ...(answer.lines ?? [])], { times: answer.times, about, place });
}

/** Spells an event of the past in a line, with its time. */
function lineOf(page, event) {
  const time = page.calendar.brief(whenOf(event), Date.now());
  const room = event.room ? `#${event.room} ` : '';
  if (isTalk(event)) {
    const to = event.to ? ` to ${event.to}` : '';
    return `${time}  ${room}${event.nick}${to}: ${event.text}`;
  }
  return isTold(event) ? `${time}  ${room}${plain(sentenceOf(event, page.chat.nick))}` : '';
}

function happened(page, event, places, line) {
  if (places.includes(page.shown) && page.isInView) page.log.event(event, page.chat.nick);
  for (const place of places) page.notifications.consider(event, place);
  // A private message that was typed in a room is shown where it belongs.
  if (line?.kind === 'whispered' && line.place === page.shown?.key) {
    page.show(page.chat.conversationOf(event));
  }
}
