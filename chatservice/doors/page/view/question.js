// Asks the person above the place where they type, and goes back there with the answer.

import { byId, make } from './dom.js';

export class Question {
  /** @param {() => void} answered  called after an answer, to bring the focus back */
  constructor(answered) {
    this.answered = answered;
    this.box = byId('ask');
    this.box.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      this.close();
      this.answered();
    });
  }

  /** @param {[string, () => void][]} choices  the first one is the most likely */
  open(title, told, choices) {
    const buttons = choices.map(([name, act], index) =>
      make(
        'button',
        {
          type: 'button',
          class: index ? 'quiet' : 'primary',
          click: () => {
            this.close();
            act();
            this.answered();
          },
        },
        name,
      ),
    );
    this.box.replaceChildren(
      make('p', {}, make('strong', { id: 'ask-title' }, title), ' ', told),
      make('div', { class: 'actions' }, ...buttons),
    );
    this.box.hidden = false;
    buttons[0].focus();
  }

  close() {
    this.box.hidden = true;
    this.box.replaceChildren();
  }
}
