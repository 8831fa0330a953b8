"""Scripts that pretend something to a page, before its own scripts run."""

from __future__ import annotations

CHAT = """
window.requests = [];
window.WebSocket = class {
  constructor() {
    window.chat = this;
    setTimeout(() => this.onopen?.({}));
  }
  send(data) {
    const request = JSON.parse(data);
    requests.push(request);
    if (request.type === 'hello') this.feed(window.welcome);
    if (request.type === 'history') {
      const events = request.room ? window.past ?? [] : [];
      this.feed({ type: 'history', ref: request.ref, room: request.room, events, more: false });
    }
    if (request.type === 'ping') this.feed({ type: 'pong' });
  }
  close() { }
  feed(object) {
    setTimeout(() => this.onmessage?.({ data: JSON.stringify(object) }));
  }
};
window.welcomeWith = (members, id) => ({
  type: 'welcome', id, nick: 'ada', resumed: false, server: 'chatservice', motd: [], read: id,
  rooms: { lobby: { topic: '', members, missed: true, read: id } },
  token: 'aaaaaaaaaaaaaaaaaaaaaa', account: null, settings: {},
});
window.welcome = welcomeWith(['ada', 'bob'], 1);
"""
"""A chat without a server: a test feeds its events."""

CLOCK = """
window.shift = 0;
window.timers = [];
{
  const Real = Date;
  window.Date = class extends Real {
    constructor(...parts) {
      if (parts.length) super(...parts);
      else super(Real.now() + window.shift);
    }
    static now() { return Real.now() + window.shift; }
  };
  const later = setTimeout;
  window.setTimeout = (act, ms, ...rest) => {
    if (ms > 60000) timers.push({ act, ms });
    return later(act, ms, ...rest);
  };
}
"""
"""A clock that a test sets by C{shift}, and the C{timers} for more than a minute."""

NOTIFICATION = """
window.notified = [];
window.asked = 0;
window.Notification = class {
  static permission = sessionStorage.getItem('permission') ?? 'default';
  static async requestPermission() {
    asked += 1;
    Notification.permission = 'granted';
    sessionStorage.setItem('permission', 'granted');
    return 'granted';
  }
  constructor(title, { body }) { notified.push(`${title}: ${body}`); }
  close() { }
};
"""
"""Notifications that a test reads."""

VERSION = """
{
  const real = fetch;
  window.fetch = (url, ...rest) => (window.served && String(url).includes('version.json')
    ? Promise.resolve({ ok: true, json: async () => ({ version: window.served }) })
    : real(url, ...rest));
}
"""
"""A server that says that its page has the version C{served}."""
