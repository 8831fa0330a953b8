// Days and hours in the zone of the person who reads.

/** When an event happened, in milliseconds since the epoch. */
export function whenOf(event) {
  return (event.time ?? event.id) / 1000;
}

/** The beginning of the local day that follows, in milliseconds since the epoch. */
export function nextMidnight(now) {
  const date = new Date(now);
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + 1).getTime();
}

/** Replaces the times in a sentence of the chat, which are in UTC, by local ones. */
export function inLocalTime(sentence, times, calendar) {
  let told = sentence;
  for (const [spelled, micros] of Object.entries(times ?? {})) {
    told = told.replaceAll(spelled, calendar.moment(micros / 1000));
  }
  return told;
}

const FORMATS = {
  clock: { hour: '2-digit', minute: '2-digit' },
  day: { day: 'numeric', month: 'long', year: 'numeric' },
  weekday: { weekday: 'long', day: 'numeric', month: 'long' },
  moment: { dateStyle: 'medium', timeStyle: 'short' },
};

/** Words for times, with formats that are made once. */
export class Calendar {
  #formats = new Map();
  #known = { from: 1, to: 0, day: 0 };

  /** @param {string} [locale] the browser's own if missing */
  constructor(locale) {
    this.locale = locale;
  }

  /** The beginning of a moment's local day: equal for moments of the same day. */
  dayOf(when) {
    if (when < this.#known.from || when >= this.#known.to) {
      const date = new Date(when);
      const day = new Date(date.getFullYear(), date.getMonth(), date.getDate()).getTime();
      this.#known = { from: day, to: nextMidnight(when), day };
    }
    return this.#known.day;
  }

  /** Names a day as a person would who says it now. */
  dayName(day, now) {
    const today = new Date(this.dayOf(now));
    const daysAgo = Math.round((today.getTime() - day) / 86_400_000);
    if (daysAgo === 0) return 'Today';
    if (daysAgo === 1) return 'Yesterday';
    const isThisYear = new Date(day).getFullYear() === today.getFullYear();
    return this.#format(isThisYear ? 'weekday' : 'day', day);
  }

  clock(when) {
    return this.#format('clock', when);
  }

  /** Names a moment in full, with its day. */
  moment(when) {
    return this.#format('moment', when);
  }

  /** Names a moment of today by the clock alone. */
  brief(when, now) {
    return this.dayOf(when) === this.dayOf(now) ? this.clock(when) : this.moment(when);
  }

  /** Formats a moment; to make a format takes long, so each is made when it is needed. */
  #format(name, when) {
    if (!this.#formats.has(name)) {
      this.#formats.set(name, new Intl.DateTimeFormat(this.locale, FORMATS[name]));
    }
    return this.#formats.get(name).format(when);
  }
}
