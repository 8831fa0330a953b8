// Reads what a person typed: talk, an action, a private message, or a command.

import { clean } from './clean.js';

const BEFORE_SLASH =
  /^[\s\u0085\u2800\ufff9-\ufffb\ufffd\p{M}\p{Default_Ignorable_Code_Point}]+(?=[/\uff0f])/u;
const COMMAND = /^[/\uff0f](\S+)(?:\s+(.*))?$/su;
const WHISPERS = new Set(['msg', 'm', 'query']);
const SECRETS = new Set([
  'login', 'oper', 'register', 'password', 'unregister', 'forget', 'resume',
]);
const QUITS = new Set(['quit', 'bye', 'exit', 'q', 'signoff']);

/**
 * @typedef {object} Typed
 * @property {'nothing'|'said'|'acted'|'noticed'|'whispered'|'command'} kind
 * @property {string} text  the words that others will see
 * @property {string} [to]  to whom they are said in private
 * @property {string} [room]  the room that they are for, if they name it
 * @property {string} [line]  the command as it must be sent
 * @property {string} [name]  the command's name
 */

/** @returns {Typed} */
export function readTyped(typed) {
  const line = clean(typed).replace(BEFORE_SLASH, '');
  if (!line.trim()) return { kind: 'nothing', text: '' };
  if (/^[/\uff0f]{2}/u.test(line)) return { kind: 'said', text: line.slice(1) };
  const command = COMMAND.exec(line);
  if (!command) return { kind: 'said', text: line };
  return commandOf(line, command[1].toLowerCase(), command[2] ?? '');
}

function commandOf(line, name, rest) {
  if (name === 'me' && rest) return { kind: 'acted', text: rest, line, name };
  if (WHISPERS.has(name)) {
    const [, to, text] = /^(\S+)\s+(.*)$/su.exec(rest) ?? [];
    if (text) return { kind: 'whispered', to, text, line, name };
  }
  if (name === 'notice') {
    const [, to, text] = /^(\S+)\s+(.*)$/su.exec(rest) ?? [];
    if (text) return { ...addressed(to), text, line, name };
  }
  return { kind: 'command', text: line, line, name: QUITS.has(name) ? 'quit' : name };
}

/** Tells a room, as the chat spells its name, from a person. */
function addressed(to) {
  const room = to.normalize('NFKC').toLowerCase();
  if (room === 'lobby' || room.startsWith('#')) {
    return { kind: 'noticed', room: room.replace(/^#/, '') };
  }
  return { kind: 'whispered', to };
}

/** Tells whether a line may hold a password, so that it must be neither kept nor shown. */
export function isSecret(typed) {
  const command = COMMAND.exec(typed.trim());
  if (!command) return false;
  const [name, words] = [command[1].toLowerCase(), (command[2] ?? '').trim().split(/\s+/)];
  if (SECRETS.has(name)) return true;
  if (name === 'join' || name === 'j') return words.length > 1;
  return name === 'room' && words[0] === 'password';
}

/** Makes a line that may be shown: a secret one without its secret. */
export function withoutSecret(line) {
  return isSecret(line) ? `${line.trim().split(/\s+/)[0]} \u2022\u2022\u2022\u2022` : line;
}
