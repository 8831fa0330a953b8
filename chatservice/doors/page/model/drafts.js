// What is typed and not sent, place by place; it outlives a reload.

import { isSecret } from './typed.js';

export class Drafts {
  #texts;
  #keep;

  /**
   * @param {Record<string, string>} kept  from before a reload
   * @param {(texts: Record<string, string>) => void} keep
   */
  constructor(kept, keep) {
    this.#texts = new Map(Object.entries(kept ?? {}));
    this.#keep = keep;
  }

  of(place) {
    return this.#texts.get(place) ?? '';
  }

  get areEmpty() {
    return [...this.#texts.values()].every((text) => !text.trim());
  }

  put(place, text) {
    if (text) this.#texts.set(place, text);
    else this.#texts.delete(place);
    // A password is kept nowhere.
    this.#keep(Object.fromEntries([...this.#texts].filter(([, draft]) => !isSecret(draft))));
  }
}
