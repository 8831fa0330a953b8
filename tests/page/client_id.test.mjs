// A tab keeps its name over a reload, and a duplicated tab gets one of its own.

import assert from 'node:assert/strict';
import test from 'node:test';
import { randomHex, settleClient } from '../../chatservice/doors/page/model/client_id.js';

/** Channels between which messages go at once, but never back to their sender. */
function channels() {
  const all = [];
  return () => {
    const channel = {
      postMessage: (data) => {
        for (const other of all) if (other !== channel) other.onmessage?.({ data });
      },
    };
    all.push(channel);
    return channel;
  };
}

function tab(make, kept, fresh) {
  const timers = [];
  const settled = settleClient(
    kept,
    make(),
    (then) => timers.push(then),
    () => fresh,
  );
  for (const then of timers) then();
  return settled;
}

test('a new tab gets a new name', async () => {
  assert.deepEqual(await tab(channels(), null, 'b-1'), { client: 'b-1', isCopy: false });
});

test('a reloaded tab keeps its name', async () => {
  assert.deepEqual(await tab(channels(), 'b-1', 'b-2'), { client: 'b-1', isCopy: false });
});

test('a duplicated tab gets another name, and the first one keeps its own', async () => {
  const make = channels();
  const first = await tab(make, null, 'b-1');
  assert.deepEqual(await tab(make, 'b-1', 'b-2'), { client: 'b-2', isCopy: true });
  assert.equal(first.client, 'b-1');
  assert.deepEqual(await tab(make, 'b-2', 'b-3'), { client: 'b-3', isCopy: true });
});

test('random bytes are spelled in hexadecimal digits', () => {
  assert.equal(
    randomHex((bytes) => bytes.fill(10), 3),
    '0a0a0a',
  );
});
