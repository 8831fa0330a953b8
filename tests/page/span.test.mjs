// Of a long talk only the rows around the reader are in the page.

import assert from 'node:assert/strict';
import test from 'node:test';
import { Span } from '../../chatservice/doors/page/model/span.js';

const rowsOf = (from, to) =>
  Array.from({ length: to - from }, (_, at) => ({ key: `k${from + at}` }));
const keyOf = (row) => row.key;
const shown = (span, rows) => [rows[span.from]?.key, rows[span.to - 1]?.key];

test('the end is shown first', () => {
  const span = new Span();
  const rows = rowsOf(0, 1000);
  span.showEnd(rows);
  assert.deepEqual(shown(span, rows), ['k940', 'k999']);
});

test('whoever follows sees new rows, and never more than 400 are in the page', () => {
  const span = new Span();
  for (let count = 0; count < 2000; count += 7) span.keep(rowsOf(0, count), keyOf, true);
  const rows = rowsOf(0, 2000);
  span.keep(rows, keyOf, true);
  assert.equal(span.to, 2000);
  assert.ok(span.to - span.from <= 400);
});

test('whoever reads further up keeps the same rows when older ones come', () => {
  const span = new Span();
  span.showEnd(rowsOf(500, 1000));
  span.back(rowsOf(500, 1000));
  const before = shown(span, rowsOf(500, 1000));
  const rows = rowsOf(0, 1000);
  span.keep(rows, keyOf, false);
  assert.deepEqual(shown(span, rows).slice(0, 1), before.slice(0, 1));
});

test('new rows do not push away those that are read', () => {
  const span = new Span();
  span.showEnd(rowsOf(0, 500));
  for (let at = 0; at < 4; at += 1) span.back(rowsOf(0, 500));
  const [first] = shown(span, rowsOf(0, 500));
  for (let count = 501; count < 1500; count += 13) span.keep(rowsOf(0, count), keyOf, false);
  const rows = rowsOf(0, 1500);
  span.keep(rows, keyOf, false);
  assert.equal(shown(span, rows)[0], first);
  assert.ok(span.to - span.from <= 500);
});

test('going back and forth reaches both ends, with 400 rows at most', () => {
  const span = new Span();
  const rows = rowsOf(0, 1000);
  span.showEnd(rows);
  while (span.back(rows)) assert.ok(span.to - span.from <= 400);
  assert.equal(span.from, 0);
  while (span.forth(rows)) assert.ok(span.to - span.from <= 400);
  assert.equal(span.to, 1000);
});

test('what is around a row can be shown', () => {
  const span = new Span();
  span.around(rowsOf(0, 1000), 300);
  assert.ok(span.from <= 300 && span.to > 300);
});

test('a first row that is gone does not lose the place', () => {
  const span = new Span();
  span.showEnd(rowsOf(0, 300));
  span.keep(rowsOf(250, 320), keyOf, false);
  assert.ok(span.from >= 0 && span.to <= 70 && span.to > span.from);
});

test('a step shows a hundred rows more, and stays within the list', () => {
  const rows = rowsOf(0, 1000);
  const span = new Span();
  span.showEnd(rows);
  span.back(rows);
  assert.deepEqual(shown(span, rows), ['k840', 'k999']);
  span.around(rows, 500);
  assert.deepEqual(shown(span, rows), ['k400', 'k599']);
  span.forth(rows);
  assert.deepEqual(shown(span, rows), ['k400', 'k699']);
  span.around(rows, 10);
  assert.deepEqual(shown(span, rows), ['k0', 'k109']);
  assert.ok(!span.back(rows));
});

test('after each move the new first row is the one that is kept', () => {
  for (const move of ['showEnd', 'back', 'forth', 'around']) {
    const rows = rowsOf(500, 1500);
    const span = new Span();
    span.around(rows, 300);
    span[move](rows, 600);
    const [first] = shown(span, rows);
    const more = rowsOf(0, 1500);
    span.keep(more, keyOf, false);
    assert.equal(shown(span, more)[0], first, move);
  }
});
