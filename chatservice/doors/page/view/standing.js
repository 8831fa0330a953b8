// Keeps the place where somebody reads: the end while it is in view, or else the first line.

const AT_END = 8; // px within which a reader is at the end
const SPARE = 6; // lines below the first one that take its place if it goes

export class Standing {
  isFollowing = true;
  /** The size of the view and of what it shows, when the lines were last put in place. */
  #size = '';
  /** How much of the talk is below the view, and whether it fills the view, as last seen. */
  below = 0;
  isFull = false;
  /** The first lines in view, and how far below the top each stands. */
  #anchors = [];

  /** @param {HTMLElement} scroller @param {HTMLElement} list */
  constructor(scroller, list) {
    Object.assign(this, { scroller, list });
    const observer = new ResizeObserver(() => this.settle());
    observer.observe(scroller);
    observer.observe(list);
  }

  follow() {
    this.isFollowing = true;
    this.#anchors = [];
    this.settle();
  }

  leave() {
    this.isFollowing = false;
    this.#anchors = [];
  }

  /** Notes where the reader went. */
  moved(isAtEnd) {
    const { scroller } = this;
    // A view that has another size is scrolled by the browser, not by the reader.
    if (this.#measure() !== this.#size) {
      this.settle();
      return;
    }
    const below = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight;
    this.isFollowing = isAtEnd && below <= AT_END;
    this.below = below;
    this.hold();
  }

  /** Notes where the lines stand, before they change. */
  hold() {
    if (this.isFollowing) return;
    const top = this.scroller.getBoundingClientRect().top;
    const first = this.#firstBelow(top);
    // The heading of a day moves up to earlier lines that come, and so must not be the measure.
    const items = [...this.list.children].slice(first, first + 2 * SPARE)
      .filter((item) => item.row.id).slice(0, SPARE);
    this.#anchors = items.map((item) => ({ item, top: item.getBoundingClientRect().top - top }));
  }

  /** Puts the lines back to where they stood, after they have changed. */
  settle() {
    this.#size = this.#measure();
    if (this.isFollowing) {
      this.#toEnd();
      return;
    }
    const anchor = this.#anchors.find(({ item }) => item.isConnected);
    if (!anchor) return;
    const top = this.scroller.getBoundingClientRect().top;
    const moved = anchor.item.getBoundingClientRect().top - top - anchor.top;
    if (Math.abs(moved) >= 0.5) this.scroller.scrollTop += moved;
  }

  /** Lets a line take the place of one that is drawn again. */
  replace(old, item) {
    for (const anchor of this.#anchors) if (anchor.item === old) anchor.item = item;
  }

  /** Brings a line into the upper part of the view. */
  goTo(item) {
    const top = this.scroller.getBoundingClientRect().top;
    const third = this.scroller.clientHeight / 4;
    this.scroller.scrollTop += item.getBoundingClientRect().top - top - third;
    this.hold();
  }

  isBelowTop(item) {
    return item.getBoundingClientRect().bottom > this.scroller.getBoundingClientRect().top;
  }

  /** Gives the last line that is in view as a whole. */
  lastInView() {
    const { bottom } = this.scroller.getBoundingClientRect();
    const at = this.#firstBelow(bottom + 1);
    return this.list.children[at - 1] ?? null;
  }

  #measure() {
    const { clientHeight, clientWidth, scrollHeight } = this.scroller;
    this.isFull = scrollHeight > clientHeight;
    return `${clientWidth} ${clientHeight} ${scrollHeight}`;
  }

  #toEnd() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /** Finds the index of the first line that ends below a height. */
  #firstBelow(height) {
    const items = this.list.children;
    let [low, high] = [0, items.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (items[middle].getBoundingClientRect().bottom > height) high = middle;
      else low = middle + 1;
    }
    return low;
  }
}
