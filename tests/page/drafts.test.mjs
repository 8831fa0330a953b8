// What is typed and not sent is kept place by place, and no password is kept.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Drafts } from '../../chatservice/doors/page/model/drafts.js';

test('a draft outlives a reload', () => {
  let kept = null;
  new Drafts(null, (texts) => {
    kept = texts;
  }).put('#lobby', 'half a');
  const drafts = new Drafts(JSON.parse(JSON.stringify(kept)), () => {});
  assert.equal(drafts.of('#lobby'), 'half a');
  assert.equal(drafts.of('#python'), '');
  assert.ok(!drafts.areEmpty);
});

test('a draft that may hold a password is here, and is kept nowhere', () => {
  let kept = null;
  const drafts = new Drafts(null, (texts) => {
    kept = texts;
  });
  drafts.put('#lobby', '/login hunter22');
  assert.deepEqual(kept, {});
  assert.equal(drafts.of('#lobby'), '/login hunter22');
});

test('spaces are no draft, and an empty draft is gone', () => {
  let kept = null;
  const drafts = new Drafts({ '#a': 'x' }, (texts) => {
    kept = texts;
  });
  drafts.put('#a', '');
  assert.deepEqual(kept, {});
  drafts.put('#a', '  ');
  assert.ok(drafts.areEmpty);
});
