// The fragment of the URL names a room or a conversation.

import assert from 'node:assert/strict';
import test from 'node:test';
import { fragmentOf, placeIn } from '../../chatservice/doors/page/model/address.js';
import { Place } from '../../chatservice/doors/page/model/place.js';

test('a room is named with or without its sign, in whatever capitals', () => {
  for (const fragment of ['#python', '##Python', '#%23python']) {
    assert.deepEqual(placeIn(fragment), { kind: 'room', name: 'python' });
  }
});

test('a nickname keeps its capitals', () => {
  assert.deepEqual(placeIn('#@Ada'), { kind: 'person', name: 'Ada' });
});

test('what names nothing is ignored', () => {
  for (const fragment of ['', '#', '#@', '#%', '#a%20b', '#a%0Ab'])
    assert.equal(placeIn(fragment), null);
});

test('a fragment leads back to its place', () => {
  for (const place of [new Place('room', '\u65e5\u672c'), new Place('person', 'a|b')]) {
    assert.deepEqual(placeIn(fragmentOf(place)), { kind: place.kind, name: place.name });
  }
});
