// The name of this tab among the person's devices: the same after a reload, another one in a
// tab that was duplicated with all that it kept.

/** @param {(bytes: Uint8Array) => Uint8Array} fill  fills it with random bytes */
export function randomHex(fill, bytes) {
  return [...fill(new Uint8Array(bytes))]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('');
}

/**
 * Finds out whether another tab has the name that this one has kept, by asking them all.
 *
 * @param {string | null} kept
 * @param {BroadcastChannel} channel
 * @param {(then: () => void) => void} later  calls after a short while
 * @param {() => string} fresh  makes a name
 * @returns {Promise<{client: string, isCopy: boolean}>}
 */
export function settleClient(kept, channel, later, fresh) {
  let client = kept ?? fresh();
  let settle = null;
  channel.onmessage = ({ data }) => {
    if (data.client !== client) return;
    if (data.type === 'asks' && settle === null) channel.postMessage({ type: 'has', client });
    if (data.type === 'has' && settle) {
      client = fresh();
      settle(true);
    }
  };
  if (!kept) return Promise.resolve({ client, isCopy: false });
  return new Promise((resolve) => {
    settle = (isCopy) => {
      settle = null;
      resolve({ client, isCopy });
    };
    channel.postMessage({ type: 'asks', client });
    later(() => settle?.(false));
  });
}
