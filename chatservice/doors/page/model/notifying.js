// Decides which events are worth a notification.

import { isMentioned } from './mentions.js';
import { isNews } from './unread.js';

/**
 * @param {object} event  that happens now; history is never worth one
 * @param {{isHidden: boolean, isAllowed: boolean, nick: string}} reader
 * @returns {{who: string, where: string, text: string} | null}
 */
export function notificationOf(event, reader) {
  if (!reader.isHidden || !reader.isAllowed || !isNews(event)) return null;
  const isPrivate = event.type === 'whispered';
  if (!isPrivate && !isMentioned(reader.nick, event.text)) return null;
  return { who: event.nick, where: isPrivate ? '' : `#${event.room}`, text: event.text };
}
