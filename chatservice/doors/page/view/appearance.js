// Light or dark, as the system has it or as the person has chosen.

export class Appearance {
  /** @param {import('../model/memory.js').Memory} device */
  constructor(device) {
    this.device = device;
    this.chosen = device.get('theme') ?? '';
    this.#apply();
  }

  choose(theme) {
    this.chosen = theme;
    this.device.put('theme', theme || null);
    this.#apply();
  }

  #apply() {
    const root = document.documentElement;
    const isChosen = this.chosen === 'light' || this.chosen === 'dark';
    if (isChosen) root.setAttribute('data-theme', this.chosen);
    else if (root.hasAttribute('data-theme')) root.removeAttribute('data-theme');
  }
}
