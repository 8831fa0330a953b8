// Puts pages of history where they belong, so that what is here has no holes.

/**
 * Lists the history to ask for after a welcome: the newest page of a place that is new here, and
 * all that was missed of one that was here before.
 *
 * @param {import('./chat.js').Chat} chat
 * @param {object} welcome
 * @returns {import('./history.js').Want[]}
 */
export function wantedAfter(chat, welcome) {
  const wanted = [];
  for (const [name, state] of Object.entries(welcome.rooms)) {
    const place = chat.room(name);
    const want = wantOf(place, place, state.missed, welcome.id);
    if (want) wanted.push(want);
  }
  wanted.push(wantOf(chat.privately, null, true, welcome.id));
  return wanted;
}

function wantOf(known, place, isMissed, fence) {
  if (known.reach && !isMissed) {
    known.reach = Math.max(known.reach, fence);
    known.isFilling = false;
    return null;
  }
  known.isFilling = true;
  if (known.reach) return { why: 'gap', place, after: known.reach, before: fence };
  return { why: 'newest', place, before: fence };
}

/** Makes the want for a page before what is here; null if there is none. */
export function olderOf(chat, place) {
  const known = place.isRoom ? place.timeline : chat.privately;
  if (!known.hasOlder) return null;
  return { why: 'older', place: place.isRoom ? place : null, before: known.cursor };
}

/**
 * @param {import('./chat.js').Chat} chat
 * @param {import('./history.js').Want} want
 * @param {{events: object[], more: boolean, next?: number}} page
 * @returns {number} how many events are new here
 */
export function takePage(chat, want, page) {
  const known = want.place ? want.place.timeline : chat.privately;
  if (want.why === 'older' && want.before !== known.cursor) return 0;
  if (want.why === 'newest') cut(chat, want.place, page);
  const added = page.events.filter((event) => addTo(chat, want.place, event)).length;
  if (want.why === 'gap') takeGap(chat, want, page);
  else bound(chat, want.place, page);
  if (want.why === 'newest') complete(chat, want.place, want.before ?? 0);
  return added;
}

function addTo(chat, place, event) {
  const target = place ?? (event.type === 'whispered' ? chat.conversationOf(event) : null);
  return target ? target.timeline.add(event) : false;
}

function cut(chat, place, page) {
  if (!page.more) return;
  const from = Math.min(page.next ?? 0, page.events[0]?.id ?? Infinity);
  const places = place ? [place] : chat.conversations;
  for (const each of places) each.timeline.cutBelow(from);
}

function bound(chat, place, page) {
  const bounds = { hasOlder: page.more === true, cursor: page.more ? page.next : 0 };
  Object.assign(place ? place.timeline : chat.privately, bounds);
  if (place) {
    place.timeline.version += 1;
    return;
  }
  for (const each of chat.conversations) {
    each.timeline.hasOlder = bounds.hasOlder;
    each.timeline.version += 1;
  }
}

function takeGap(chat, want, page) {
  const known = want.place ?? chat.privately;
  if (page.more && page.next > want.after) known.reach = Math.max(known.reach, page.next);
  else complete(chat, want.place, want.before ?? 0);
}

function complete(chat, place, fence) {
  const known = place ?? chat.privately;
  known.isFilling = false;
  const places = place ? [place] : chat.conversations;
  const last = Math.max(0, ...places.map((each) => each.timeline.lastId));
  known.reach = Math.max(known.reach, fence, last);
  for (const each of places) each.unreadLine.settle(known.reach);
}
