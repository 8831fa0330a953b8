// Folds a run of events about who comes and goes into one short sentence.

const FOLDED = new Set([
  'joined',
  'parted',
  'left',
  'renamed',
  'went_away',
  'came_back',
  'came_and_went',
]);
const NAMED = 3;

/** Tells whether an event tells only who is here. */
export function isPresence(event) {
  return FOLDED.has(event.type);
}

/**
 * Describes a run: "ada and bob joined, 3 people left". Somebody who came and went again counts
 * as neither.
 *
 * @returns {(string | {nick: string})[]} the parts of a sentence, as in words.js
 */
export function foldedSentence(events) {
  const { came, went, others, cameMore, wentMore } = tally(events);
  const clauses = [
    ...clause(came, cameMore, ' joined'),
    ...clause(went, wentMore, ' left'),
    ...(others
      ? [[`${others.toLocaleString('en')} other ${others === 1 ? 'change' : 'changes'}`]]
      : []),
  ];
  if (!clauses.length) return ['Some people came and went'];
  return clauses.flatMap((parts, index) => (index ? [', ', ...parts] : parts));
}

function tally(events) {
  const [came, went] = [new Set(), new Set()];
  let [others, cameMore, wentMore] = [0, 0, 0];
  for (const event of events) {
    if (event.type === 'joined') {
      if (!went.delete(event.nick)) came.add(event.nick);
    } else if (event.type === 'parted' || event.type === 'left') {
      if (!came.delete(event.nick)) went.add(event.nick);
    } else if (event.type === 'came_and_went') {
      cameMore += event.came ?? 0;
      wentMore += event.went ?? 0;
    } else {
      others += 1;
      renameIn(came, event);
    }
  }
  return { came, went, others, cameMore, wentMore };
}

function renameIn(names, event) {
  if (event.type === 'renamed' && names.delete(event.nick)) names.add(event.now);
}

function clause(names, more, verb) {
  if (!names.size && !more) return [];
  const shown = [...names].slice(0, names.size + more <= NAMED ? NAMED : NAMED - 1);
  const rest = names.size - shown.length + more;
  const counted = `${rest.toLocaleString('en')} ${shown.length ? 'more' : people(rest)}`;
  const items = [...shown.map((nick) => ({ nick })), ...(rest ? [counted] : [])];
  const listed = items.flatMap((item, index) => {
    if (!index) return [item];
    return [index === items.length - 1 ? ' and ' : ', ', item];
  });
  return [[...listed, verb]];
}

function people(count) {
  return count === 1 ? 'person' : 'people';
}
