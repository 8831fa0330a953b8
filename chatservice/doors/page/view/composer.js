// Where a person types: what is typed there is sent, kept as a draft, completed, or asked about.

import { MOST_BYTES, bytesOf } from '../model/clean.js';
import { Completion, namesBeginning } from '../model/completion.js';
import { LINES_MOST, judgePaste, linesOf } from '../model/paste.js';
import { isSecret, readTyped } from '../model/typed.js';
import { byId, named, write } from './dom.js';
import { Question } from './question.js';

const NEARLY_FULL = MOST_BYTES - 500;

export class Composer {
  #completion = new Completion();
  #isComposing = false;
  #place = null;

  constructor(page) {
    this.page = page;
    this.input = byId('input');
    this.note = byId('composer-note');
    this.question = new Question(() => this.input.focus());
    const { input } = this;
    byId('composer').addEventListener('submit', (event) => {
      event.preventDefault();
      this.send();
    });
    // The button must not take the focus, or the keyboard of a phone would close.
    byId('send').addEventListener('pointerdown', (event) => event.preventDefault());
    input.addEventListener('keydown', (event) => this.#keyPressed(event));
    input.addEventListener('compositionstart', () => {
      this.#isComposing = true;
    });
    input.addEventListener('compositionend', () => {
      this.#isComposing = false;
    });
    input.addEventListener('paste', (event) => this.#pasted(event));
    input.addEventListener('input', () => this.#changed());
  }

  get isEmpty() {
    return !this.input.value.trim();
  }

  show(place) {
    this.#place = place;
    this.question.close();
    this.#put(this.page.drafts.of(place.key));
    const whom = named(`${place.isRoom ? '#' : ''}${place.name}`);
    byId('input-label').replaceChildren('Message to ', whom);
    this.tell('');
  }

  focus() {
    this.input.focus({ preventScroll: true });
  }

  /** Puts a text where the caret is. */
  insert(text) {
    const { selectionStart, selectionEnd } = this.input;
    this.input.setRangeText(text, selectionStart, selectionEnd, 'end');
    this.#changed();
    this.focus();
  }

  /** Lets the person change a line that was refused; what is typed already stays below it. */
  edit(text) {
    const rest = this.input.value.trim();
    this.#put(rest ? `${text}\n${rest}` : text);
    this.#keep();
    this.focus();
  }

  tell(sentence) {
    this.note.hidden = !sentence;
    write(this.note, sentence);
  }

  /** Sends what is typed, unless that must be asked first. */
  send() {
    const lines = linesOf(this.input.value);
    if (!lines.length) return;
    if (lines.length > LINES_MOST) this.#refuseLines(lines.length);
    else if (lines.length > 1) this.#ask(lines);
    else this.#sendAll(lines);
  }

  #sendAll(lines) {
    const place = this.#place;
    const wrong = lines.map((line) => problemWith(line, place)).find(Boolean);
    if (wrong) {
      this.tell(wrong);
      return;
    }
    this.#put('');
    this.#keep();
    for (const line of lines) this.page.say(place, line, isSecret(line));
    this.focus();
  }

  #ask(lines) {
    this.question.open(`Send ${lines.length} lines?`, 'Each becomes a line of its own.', [
      [`Send ${lines.length} lines`, () => this.#sendAll(lines)],
      ['Send as one line', () => this.#sendAll([lines.join(' ')])],
      ['Cancel', () => {}],
    ]);
  }

  #pasted(event) {
    const pasted = event.clipboardData?.getData('text/plain') ?? '';
    const { value, selectionStart, selectionEnd } = this.input;
    const { kind, lines } = judgePaste(
      value.slice(0, selectionStart),
      pasted,
      value.slice(selectionEnd),
    );
    if (kind === 'plain') return;
    event.preventDefault();
    if (kind === 'refuse') this.#refuseLines(lines.length);
    else this.#ask(lines);
  }

  #refuseLines(count) {
    this.tell(`Those are ${count} lines, and you can send ${LINES_MOST} at once at most.`);
  }

  #keyPressed(event) {
    // 229 is the key of an input method, in browsers that end the composition before the key.
    if (event.isComposing || this.#isComposing || event.keyCode === 229) return;
    if (event.key === 'Enter' && !event.shiftKey && !event.altKey) {
      event.preventDefault();
      this.send();
    } else if (event.key === 'Tab' && !event.shiftKey && !event.ctrlKey && !event.altKey) {
      this.#complete(event);
    } else if (event.key === 'PageUp' || event.key === 'PageDown') {
      event.preventDefault();
      this.page.scrollTalk(event.key === 'PageUp' ? -1 : 1);
    }
  }

  #complete(event) {
    const { value, selectionStart, selectionEnd } = this.input;
    if (selectionStart !== selectionEnd) return;
    const done = this.#completion.press(value, selectionStart, (start) => this.#names(start));
    if (!done) return;
    event.preventDefault();
    this.input.value = done.text;
    this.input.setSelectionRange(done.caret, done.caret);
    this.#changed();
  }

  #names(start) {
    const { chat } = this.page;
    if (start.startsWith('#')) {
      return chat.rooms.map((room) => `#${room.name}`).filter((name) => name.startsWith(start));
    }
    const { timeline, people, isRoom, name } = this.#place;
    const names = namesBeginning(start, timeline.entries, people, chat.nick);
    const isThem = !isRoom && name.toLowerCase().startsWith(start.toLowerCase());
    return isThem && !names.includes(name) ? [name, ...names] : names;
  }

  #changed() {
    this.#fit();
    this.#keep();
    this.#tellSize();
  }

  #tellSize() {
    const left = MOST_BYTES - bytesOf(this.input.value);
    if (left < 0) this.tell(`This is ${(-left).toLocaleString()} bytes too long for one line.`);
    else if (left < MOST_BYTES - NEARLY_FULL) this.tell(`${left} bytes are left.`);
    else this.tell('');
  }

  #keep() {
    if (this.#place) this.page.drafts.put(this.#place.key, this.input.value);
    this.page.changed();
  }

  #put(text) {
    this.input.value = text;
    this.#fit();
  }

  #fit() {
    const { input } = this;
    input.style.height = 'auto';
    input.style.height = `${input.scrollHeight}px`;
    byId('composer').classList.toggle('typed', !this.isEmpty);
  }
}

/** Says why a line cannot be sent as it is; '' if it can. */
function problemWith(typed, place) {
  const line = readTyped(typed);
  if (line.kind === 'acted' && !place.isRoom) {
    return '/me is for rooms. Write what you do in words of your own.';
  }
  const tooLong = bytesOf(line.text) - MOST_BYTES;
  return tooLong > 0 ? `This is ${tooLong.toLocaleString()} bytes too long for one line.` : '';
}
