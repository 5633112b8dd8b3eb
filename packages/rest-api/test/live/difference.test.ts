import { applyChange, type LiveUnit, type LiveView, type LiveWorker } from '@sluice/rest-api/live';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { difference, isLater } from '../../src/live/difference.ts';

const unit: LiveUnit = {
  connector: 'orders',
  task: 0,
  state: 'RUNNING',
  worker: 'worker-1',
  fence: 1,
  executor: 'shared-0',
  stalled: false,
  since_ms: 1,
  attempts: 1,
  attempts_max: null,
  next_retry_at_ms: null,
  reason: null,
  error: null,
  load: null,
};
const worker: LiveWorker = {
  state: 'up',
  cordoned: false,
  slot: 0,
  host: 'machine',
  pid: 1,
  worker_id: '127.0.0.1:9001',
  joined_at_ms: 1,
  beat_at_ms: 10_000,
  board: null,
  load: null,
};
const view: LiveView = {
  at_ms: 10_000,
  cluster: 'test',
  version: '4.1.0',
  leader: { coordinator: 'coordinator-1', epoch: 1, lease_ends_at_ms: 14_000 },
  workers: { 'worker-1': worker },
  connectors: {},
  units: { 'task/orders/0': unit },
  events: [],
};

test('nothing but a later time is no change', () => {
  const { change, next } = difference(view, structuredClone({ ...view, at_ms: 11_000 }));
  expect(change).toBeUndefined();
  expect(next.at_ms).toBe(11_000);
});

test('a unit that changed is sent whole, and one that is gone as null', () => {
  const moved = { ...unit, worker: 'worker-2', fence: 2 };
  const later = { ...view, at_ms: 11_000, units: { 'task/orders/1': moved } };
  expect(difference(view, later).change).toEqual({
    at_ms: 11_000,
    units: { 'task/orders/0': null, 'task/orders/1': moved },
  });
});

test('a beat alone is sent once it moved by a second, counted from what was sent', () => {
  const at = (beat: number): LiveView => ({
    ...view,
    workers: { 'worker-1': { ...worker, beat_at_ms: beat } },
  });
  const first = difference(view, at(10_400));
  expect(first.change).toBeUndefined();
  const second = difference(first.next, at(10_800));
  expect(second.change).toBeUndefined();
  const third = difference(second.next, at(11_000));
  expect(third.change?.workers?.['worker-1']?.beat_at_ms).toBe(11_000);
});

test('a worker that has no beat any more is sent', () => {
  const silent = { ...worker, beat_at_ms: null };
  const { change } = difference(view, { ...view, workers: { 'worker-1': silent } });
  expect(change?.workers).toEqual({ 'worker-1': silent });
});

test('no leader is a change, and so is another one', () => {
  expect(difference(view, { ...view, leader: null }).change).toEqual({
    at_ms: 10_000,
    leader: null,
  });
  const next = { coordinator: 'coordinator-1', epoch: 2, lease_ends_at_ms: 14_000 };
  expect(difference(view, { ...view, leader: next }).change?.leader).toEqual(next);
});

test('a lease that was renewed is sent, and one that only runs down is not', () => {
  const until = (ends: number): LiveView => ({
    ...view,
    leader: { coordinator: 'coordinator-1', epoch: 1, lease_ends_at_ms: ends },
  });
  const first = difference(view, until(14_150));
  expect(first.change).toBeUndefined();
  const second = difference(first.next, until(14_250));
  expect(second.change).toEqual({ at_ms: 10_000, leader: until(14_250).leader });
  expect(difference(second.next, until(14_240)).change).toBeUndefined();
});

test.each([
  ['2-0', '1-5', true],
  ['10-0', '9-0', true],
  ['1-10', '1-9', true],
  ['1-1', '1-1', false],
  ['9-0', '10-0', false],
])('%s is later than %s: %s', (id, other, later) => {
  expect(isLater(id, other)).toBe(later);
});

/** Few values, so that equal ones come often; no beats, of which some are kept back. */
const anyView = fc
  .record({
    leader: fc.constantFrom(
      null,
      { coordinator: 'a', epoch: 1, lease_ends_at_ms: 1_000 },
      { coordinator: 'a', epoch: 1, lease_ends_at_ms: 2_000 },
      { coordinator: 'a', epoch: 2, lease_ends_at_ms: 2_000 },
    ),
    units: fc.dictionary(
      fc.constantFrom('task/a/0', 'task/a/1', '__proto__', 'toString'),
      fc.record({ state: fc.constantFrom('RUNNING', 'FAILED'), fence: fc.nat(2) }),
    ),
    newest: fc.nat(4),
  })
  .map(({ leader, units, newest }): LiveView => {
    const whole = Object.entries(units).map(([id, some]) => [id, { ...unit, ...some }]);
    const events = Array.from({ length: newest + 1 }, (_none, index) => ({
      id: `${newest - index}-0`,
      at_ms: 0,
      type: 'test',
      message: '',
      facts: {},
    }));
    return { ...view, leader, units: Object.fromEntries(whole) as LiveView['units'], events };
  });

test('whoever applies all changes to the first view has the last one', () => {
  fc.assert(
    fc.property(fc.array(anyView, { minLength: 1, maxLength: 6 }), (views) => {
      // Events are only added.
      const ordered = views.toSorted((a, b) => a.events.length - b.events.length);
      let [server] = ordered;
      let shown = server;
      for (const after of ordered.slice(1)) {
        if (!server || !shown) return;
        const { change, next } = difference(server, after);
        server = next;
        if (change) shown = applyChange(shown, structuredClone(change));
        expect(shown).toEqual({ ...after, at_ms: shown.at_ms });
      }
    }),
  );
});
