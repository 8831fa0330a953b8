// Starts the page: finds out who this tab is, and hands the browser's own things to the parts.

import { randomHex, settleClient } from './model/client_id.js';
import { Memory, Remembered } from './model/memory.js';
import { Page } from './view/page.js';

const ANSWERING = 150; // ms that another tab has to say that it has the same name

const random = (bytes) => randomHex((array) => crypto.getRandomValues(array), bytes);
const tab = new Memory(() => sessionStorage);
const device = new Memory(() => localStorage);
const remembered = new Remembered(tab, device);

const { client, isCopy } = await settleClient(
  tab.get('client'),
  new BroadcastChannel('chat.clients'),
  (then) => setTimeout(then, ANSWERING),
  () => `browser-${random(8)}`,
);
tab.put('client', client);
if (isCopy) {
  // What the other tab has typed stays there.
  tab.put('outbox', null);
  tab.put('drafts', null);
}

// The browser may do something else between the two.
await new Promise((then) => setTimeout(then));
const page = new Page({
  tab,
  device,
  remembered,
  clock: {
    setTimeout: (act, ms) => setTimeout(act, ms),
    clearTimeout: (timer) => clearTimeout(timer),
    now: () => Date.now(),
  },
  newRef: () => random(16),
  identity: { ...remembered.identity, password: '', client },
});
await new Promise((then) => setTimeout(then));
page.start();
