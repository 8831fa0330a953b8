// What the browser keeps: for this tab alone, or for this person on this device.

/** Values as JSON in a Storage; one that is full or forbidden keeps nothing. */
export class Memory {
  /** @param {() => Storage} storage  may throw */
  constructor(storage) {
    try {
      this.storage = storage();
    } catch {
      this.storage = null;
    }
  }

  get(name) {
    try {
      return JSON.parse(this.storage?.getItem(`chat.${name}`) ?? 'null');
    } catch {
      return null;
    }
  }

  put(name, value) {
    try {
      if (value === null) this.storage?.removeItem(`chat.${name}`);
      else this.storage?.setItem(`chat.${name}`, JSON.stringify(value));
    } catch {
      // It is then forgotten with the page.
    }
  }
}

/** Who the person was, remembered for longer only if they want it. */
export class Remembered {
  /** @param {Memory} tab @param {Memory} device */
  constructor(tab, device) {
    Object.assign(this, { tab, device });
  }

  /** @returns {{nick: string, token: string}} */
  get identity() {
    return this.tab.get('identity') ?? this.device.get('identity') ?? { nick: '', token: '' };
  }

  get isKept() {
    return this.device.get('identity') !== null;
  }

  keep({ nick, token }, isForLong) {
    this.tab.put('identity', { nick, token });
    this.device.put('identity', isForLong ? { nick, token } : null);
  }
}
