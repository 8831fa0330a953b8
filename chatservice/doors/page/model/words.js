// The sentences that describe events, as chatservice/protocol/wording.py has them.
//
// A sentence is a list of parts: our own words are strings, and what people chose is an object,
// so that the page can keep each name and text apart from what is around it.

const person = (nick) => ({ nick });
const doer = (e) => (e.own ? 'You' : person(e.nick));
const is = (e) => (e.own ? ' are' : ' is');
const room = (name) => ({ room: name });
const words = (text) => ({ text });
const because = (text) => (text ? [': ', words(text)] : []);
const place = (act) => (act.room ? room(act.room) : 'the chat');

/** Words for the events that are sentences. Those that somebody said are no sentences. */
const SENTENCES = {
  __proto__: null,
  topic_changed: (e) => [
    doer(e),
    e.topic || e.hidden ? ' changed the topic' : ' cleared the topic',
    ...because(e.topic),
  ],
  joined: (e) => [doer(e), ' joined'],
  parted: (e) => [doer(e), ' left the room', ...because(e.why)],
  left: (e) => [
    doer(e),
    ' left the chat',
    ...(e.goodbye ? because(e.why) : [' (', words(e.why ?? ''), ')']),
  ],
  renamed: (e) => [doer(e), is(e), ' now ', person(e.now)],
  introduced: () => [],
  went_away: (e) => [doer(e), is(e), ' away', ...because(e.why)],
  came_back: (e) => [doer(e), is(e), ' back'],
  came_and_went: (e) => [counts(e)],
  watched: (e) => [person(e.nick), e.here ? ' is here' : ' is gone'],
  kicked: (e, to) => [doer(e), ' kicked ', to.whom, ' from ', place(e), ...because(e.text)],
  banned: (e, to) => [
    doer(e),
    ' banned ',
    to.whom,
    ' from ',
    place(e),
    ending(e, to),
    ...because(e.text),
  ],
  unbanned: (e, to) => [doer(e), ' unbanned ', to.whom, ' from ', place(e), ...because(e.text)],
  muted: (e, to) => [
    doer(e),
    ' muted ',
    to.whom,
    ' in ',
    place(e),
    ending(e, to),
    ...because(e.text),
  ],
  unmuted: (e, to) => [doer(e), ' unmuted ', to.whom, ' in ', place(e), ...because(e.text)],
  founded: (e) => [doer(e), is(e), ' the owner of ', place(e)],
  opped: (e, to) => [doer(e), ' made ', to.whom, ' an operator of ', place(e)],
  deopped: (e, to) => [doer(e), ' removed ', to.whom, ' as an operator of ', place(e)],
  voiced: (e, to) => [doer(e), ' gave ', to.whom, ' a voice in ', place(e)],
  devoiced: (e, to) => [doer(e), ' took the voice in ', place(e), ' from ', to.whom],
  invited: (e, to) => [doer(e), ' invited ', to.whom, ' to ', place(e)],
  uninvited: (e, to) => [
    doer(e),
    e.own ? ' no longer invite ' : ' no longer invites ',
    to.whom,
    ' to ',
    place(e),
  ],
  room_set: (e) => [doer(e), ' set ', words(e.target), ' of ', place(e), ' to ', words(valueOf(e))],
  announced: (e) => [doer(e), e.own ? ' announce: ' : ' announces: ', words(e.text)],
  locked_down: (e) => [
    doer(e),
    e.text === 'on'
      ? ' locked the chat down: only registered names may join now'
      : ' ended the lockdown: anybody may join again',
  ],
};

/** Tells whether there is a sentence for an event. */
export function isTold(event) {
  return event.type in SENTENCES;
}

/**
 * @param {object} event
 * @param {string} nick  the reader's nickname
 * @param {(micros: number) => string} moment  spells a time
 * @returns {(string | {nick: string} | {room: string} | {text: string})[]}
 */
export function sentenceOf(event, nick = '', moment = String) {
  const yours = event.own ? 'yourself' : 'you';
  const whom = event.target && event.target === nick ? yours : person(event.target);
  return SENTENCES[event.type](event, { whom, moment }).filter((part) => part !== '');
}

/** Makes plain text of a sentence, for a screen reader or a notification. */
export function plain(parts) {
  return parts
    .map((part) => {
      if (typeof part === 'string') return part;
      return part.nick ?? part.text ?? `#${part.room}`;
    })
    .join('');
}

function counts(event) {
  const number = (count, verb) => (count ? [`${count.toLocaleString('en')} ${verb}`] : []);
  return [...number(event.came, 'came'), ...number(event.went, 'went')].join(' and ');
}

function ending(act, { moment }) {
  return act.until ? ` until ${moment(act.until)}` : ' until an operator ends it';
}

function valueOf(act) {
  if (act.text === '' || act.text === '0') return 'off';
  return act.target === 'keep' && /^[1-9]\d*$/.test(act.text) ? `${act.text} seconds` : act.text;
}
