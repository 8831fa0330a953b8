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
    const { dataset } = document.documentElement;
    if (this.chosen === 'light' || this.chosen === 'dark') dataset.theme = this.chosen;
    else delete dataset.theme;
  }
}
