// The connection is made again when it is lost, and at once when the page is woken.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Link, pauseBefore } from '../../chatservice/doors/page/model/link.js';
import { FakeClock, FakeSocket } from './doubles.mjs';

function linked({ canPing = true } = {}) {
  const world = { clock: new FakeClock(), sockets: [], heard: [], lost: 0, pings: 0 };
  world.link = new Link({
    open: () => {
      world.sockets.push(new FakeSocket());
      return world.sockets.at(-1);
    },
    clock: world.clock,
    random: () => 1,
    connected: (send) => {
      world.send = send;
    },
    received: (object) => world.heard.push(object),
    lost: () => {
      world.lost += 1;
      world.whenLost?.();
    },
    ping: () => {
      world.pings += 1;
      return canPing;
    },
    changed: () => {},
  });
  world.link.start();
  return world;
}
const opened = (options) => {
  const world = linked(options);
  world.sockets[0].open();
  return world;
};

test('pauses grow from half a second to thirty seconds, and are random in part', () => {
  for (let attempt = 0; attempt < 40; attempt += 1) {
    for (const chance of [0, 0.5, 0.999]) {
      const pause = pauseBefore(attempt, () => chance);
      assert.ok(pause >= 500 && pause <= 30_000, `${attempt}: ${pause}`);
    }
  }
  assert.ok(pauseBefore(0, () => 0.9) < pauseBefore(3, () => 0.9));
  assert.notEqual(
    pauseBefore(5, () => 0),
    pauseBefore(5, () => 0.9),
  );
});

test('a connection that closes is made again after a pause', () => {
  const world = opened();
  world.sockets[0].onclose({});
  assert.equal(world.link.state, 'waiting');
  assert.equal(world.lost, 1);
  world.clock.advance(1001);
  assert.equal(world.sockets.length, 2);
});

test('pauses are short again once the chat has let the person in', () => {
  const world = opened();
  for (let at = 0; at < 5; at += 1) {
    world.sockets.at(-1).onclose({});
    world.clock.advance(30_000);
  }
  world.link.joined();
  world.sockets.at(-1).onclose({});
  assert.ok(world.link.retryAt - world.clock.now() <= 1000);
});

test('waking connects at once', () => {
  const world = opened();
  world.sockets[0].onclose({});
  world.link.wake();
  assert.equal(world.sockets.length, 2);
});

test('on waking a connection that is being made has five seconds more', () => {
  const world = linked();
  world.clock.advance(1000);
  world.link.wake();
  world.clock.advance(5000);
  assert.ok(world.sockets[0].isClosed);
});

test('on waking a ping decides in five seconds whether the connection lives', () => {
  const dead = opened();
  dead.link.wake();
  dead.clock.advance(5000);
  assert.ok(dead.sockets[0].isClosed);
  const living = opened();
  living.link.wake();
  living.clock.advance(4000);
  living.sockets[0].say({ type: 'pong' });
  living.clock.advance(4000);
  assert.ok(!living.sockets[0].isClosed);
});

test('a silent connection is asked, and ended if nothing comes', () => {
  const world = opened();
  world.clock.advance(45_000);
  assert.equal(world.pings, 1);
  world.clock.advance(10_000);
  assert.ok(world.sockets[0].isClosed);
  assert.equal(world.link.state, 'waiting');
});

test('a connection that is never made is given up', () => {
  const world = linked();
  world.clock.advance(20_000);
  assert.ok(world.sockets[0].isClosed);
  assert.equal(world.link.state, 'waiting');
});

test('whoever stops makes no other connection, and hears nothing of the old one', () => {
  const world = opened();
  const [socket] = world.sockets;
  world.link.stop();
  socket.say({ type: 'pong' });
  socket.onclose({});
  world.clock.advance(100_000);
  world.link.wake();
  assert.equal(world.sockets.length, 1);
  assert.deepEqual(world.heard, []);
  assert.equal(world.clock.waiting, 0);
  world.link.start();
  assert.equal(world.sockets.length, 2);
});

test('whoever stops on learning of a loss makes no other connection', () => {
  const world = opened();
  world.whenLost = () => world.link.stop();
  world.sockets[0].onclose({});
  world.clock.advance(100_000);
  assert.equal(world.sockets.length, 1);
  assert.equal(world.link.state, 'stopped');
});

test('what is no object with a type is ignored', () => {
  const world = opened();
  world.sockets[0].onmessage({ data: 'no json' });
  world.sockets[0].onmessage({ data: '[1]' });
  world.sockets[0].say({ type: 'pong' });
  assert.deepEqual(world.heard, [{ type: 'pong' }]);
});

test('a socket that cannot be made counts as an attempt', () => {
  const clock = new FakeClock();
  const link = new Link({
    open: () => {
      throw new Error('no');
    },
    clock,
    random: () => 0,
    changed: () => {},
  });
  link.start();
  assert.equal(link.state, 'waiting');
});
