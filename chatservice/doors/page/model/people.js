// The people in a room, in alphabetical order: 10,000 of them, of whom 50 a second come and go.

/** A set of nicknames that is sorted once, when somebody looks, and kept in order from then on. */
export class People {
  #names;
  /** @type {{key: string, name: string}[] | null} */
  #sorted = null;

  /** @param {Iterable<string>} names */
  constructor(names = []) {
    this.#names = new Set(names);
  }

  get size() {
    return this.#names.size;
  }

  has(name) {
    return this.#names.has(name);
  }

  /** @returns {boolean} whether the name is new here */
  add(name) {
    if (this.#names.has(name)) return false;
    this.#names.add(name);
    if (this.#sorted) {
      const row = rowOf(name);
      this.#sorted.splice(this.#placeOf(row), 0, row);
    }
    return true;
  }

  /** @returns {boolean} whether the name was here */
  remove(name) {
    if (!this.#names.delete(name)) return false;
    this.#sorted?.splice(this.#placeOf(rowOf(name)), 1);
    return true;
  }

  /** @returns {boolean} whether somebody here had the name */
  rename(name, now) {
    if (!this.remove(name)) return false;
    this.add(now);
    return true;
  }

  /** Gives the names from one index of the order up to another. */
  slice(from, to) {
    return this.#inOrder()
      .slice(from, to)
      .map((row) => row.name);
  }

  /** Gives the names that begin with or contain a text, those that begin with it first. */
  matching(text) {
    const wanted = keyOf(text);
    const found = this.#inOrder().filter((row) => row.key.includes(wanted));
    const first = found.filter((row) => row.key.startsWith(wanted));
    const others = found.filter((row) => !row.key.startsWith(wanted));
    return [...first, ...others].map((row) => row.name);
  }

  [Symbol.iterator]() {
    return this.#names[Symbol.iterator]();
  }

  #inOrder() {
    this.#sorted ??= [...this.#names].map(rowOf).sort(compare);
    return this.#sorted;
  }

  #placeOf(row) {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (compare(this.#sorted[middle], row) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

function keyOf(name) {
  return name.normalize('NFC').toLowerCase();
}

function rowOf(name) {
  return { key: keyOf(name), name };
}

// A collator would take 100 ms for 10,000 names.
function compare(one, other) {
  if (one.key !== other.key) return one.key < other.key ? -1 : 1;
  if (one.name === other.name) return 0;
  return one.name < other.name ? -1 : 1;
}
