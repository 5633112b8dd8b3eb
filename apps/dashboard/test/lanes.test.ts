import type { LiveEvent } from '@sluice/rest-api/live';
import { expect, test } from 'vitest';
import { busyLanes, lanesOf, ticksOf, windowFor } from '../src/state/lanes.ts';
import { unit } from './views.ts';

function step(name: string, atMs: number, facts: LiveEvent['facts'] = {}): LiveEvent {
  return {
    id: `${atMs}-0`,
    at_ms: atMs,
    type: `unit.${name}`,
    message: '',
    facts: { unit: 'task/orders/0', connector: 'orders', worker: 'w1', ...facts },
  };
}

const running = unit({ worker: 'w2', since_ms: 60_000 });

/** `running on w1 10-20`, of the only lane. */
function told(events: readonly LiveEvent[], now = running, nowMs = 100_000): string[] {
  const [lane] = lanesOf(events, { 'task/orders/0': now }, nowMs);
  return (lane?.bars ?? []).map(
    ({ kind, worker, fromMs, toMs, isOpen }) =>
      `${kind} ${worker ?? '-'} ${fromMs / 1_000}-${isOpen ? 'now' : toMs / 1_000}`,
  );
}

const moved = [
  step('granted', 10_000, { reason: 'first assignment' }),
  step('claimed', 11_000),
  step('running', 12_000),
  step('orphaned', 50_000, { reason: 'lease of w1 expired 3.9 s after its last beat' }),
  step('granted', 51_000, { worker: 'w2', reason: 'lease of w1 expired' }),
  step('claimed', 52_000, { worker: 'w2' }),
  step('running', 60_000, { worker: 'w2' }),
];

test('a task that moved has a bar for each thing that it was, in whatever order it is told', () => {
  const bars = [
    'starting w1 10-12',
    'running w1 12-50',
    'waiting - 50-51',
    'starting w2 51-60',
    'running w2 60-now',
  ];
  expect(told(moved)).toEqual(bars);
  expect(told(moved.toReversed())).toEqual(bars);
});

test('what is told at the same moment is taken in the order in which it happened', () => {
  const at = (id: string, name: string, facts = {}) => ({ ...step(name, 50_000, facts), id });
  const events = [
    step('running', 12_000),
    at('50000-7', 'granted', { worker: 'w2' }),
    at('50000-6', 'orphaned'),
  ];
  const now = unit({ state: 'UNASSIGNED', worker: null, since_ms: null });
  expect(told(events.toReversed(), now)).toEqual(['running w1 12-50', 'starting w2 50-now']);
});

test('a bar says why: the error, else what it was given or taken away for', () => {
  const failed = step('backing_off', 70_000, { worker: 'w2', error: 'Error: away' });
  const now = unit({ state: 'RESTARTING', worker: 'w2', since_ms: 70_000, error: 'Error: away' });
  const [lane] = lanesOf([...moved, failed], { 'task/orders/0': now }, 100_000);
  expect(lane?.bars.map(({ why }) => why)).toEqual([
    'first assignment',
    'first assignment',
    'lease of w1 expired 3.9 s after its last beat',
    'lease of w1 expired',
    'lease of w1 expired',
    'Error: away',
  ]);
});

test('each failure that is backed off from is a bar of its own', () => {
  const events = [step('backing_off', 10_000), step('backing_off', 20_000), step('failed', 40_000)];
  const now = unit({ state: 'FAILED', worker: 'w1', since_ms: 40_000 });
  expect(told(events, now)).toEqual([
    'backing-off w1 10-20',
    'backing-off w1 20-40',
    'failed w1 40-now',
  ]);
});

test('what it is now counts where its steps are not told, or not any more', () => {
  expect(told([])).toEqual(['running w2 60-now']);
  expect(told(moved.slice(0, 3))).toEqual([
    'starting w1 10-12',
    'running w1 12-60',
    'running w2 60-now',
  ]);
});

test('one that is granted has no worker by its state, and is starting all the same', () => {
  const now = unit({ state: 'UNASSIGNED', worker: null, since_ms: null });
  expect(told(moved.slice(0, 5), now)).toEqual([
    'starting w1 10-12',
    'running w1 12-50',
    'waiting - 50-51',
    'starting w2 51-now',
  ]);
});

test('one that has no worker any more runs on none, also before that is told', () => {
  const now = unit({ state: 'UNASSIGNED', worker: 'w1', since_ms: null, reason: 'w1 died' });
  expect(told(moved.slice(0, 3), now)).toEqual([
    'starting w1 10-12',
    'running w1 12-100',
    'waiting - 100-now',
  ]);
});

test('a task that is no more ends where it was given back', () => {
  const events = [step('running', 12_000), step('released', 20_000)];
  const [lane] = lanesOf(events, {}, 100_000);
  expect(lane).toMatchObject({ unit: 'task/orders/0', bars: [{ toMs: 20_000, isOpen: false }] });
});

test('events of other kinds make no lanes, and lanes are in the order of names', () => {
  const other = { ...step('left_out', 1_000), facts: { count: 3 } };
  const rerun = { ...step('x', 1_000), type: 'assignment.rerun' };
  expect(lanesOf([other, rerun], {}, 2_000)).toEqual([]);
  const units = {
    'task/orders/10': running,
    'connector/orders': running,
    'task/orders/2': running,
  };
  expect(lanesOf([], units, 100_000).map((lane) => lane.unit)).toEqual([
    'connector/orders',
    'task/orders/2',
    'task/orders/10',
  ]);
});

test('of all tasks those are told that changed in the span of time, the last first', () => {
  const other = { ...step('failed', 70_000), facts: { unit: 'task/bills/1', worker: 'w1' } };
  const units = { 'task/orders/0': running, 'task/quiet/0': running };
  const lanes = busyLanes([...moved, other], units, { fromMs: 40_000, nowMs: 100_000 });
  expect(lanes.map((lane) => lane.unit)).toEqual(['task/bills/1', 'task/orders/0']);
  expect(busyLanes(moved, units, { fromMs: 90_000, nowMs: 100_000 })).toEqual([]);
});

test('the span of time of a lane has its last steps', () => {
  const [lane] = lanesOf(moved, { 'task/orders/0': running }, 100_000);
  if (!lane) throw new Error('there is a lane');
  expect(windowFor(lane, 100_000)).toBe(120_000);
  expect(windowFor(lane, 1_000_000)).toBe(3_600_000);
});

test('ticks are at round moments within the span', () => {
  expect(ticksOf(61_000, 181_000)).toEqual([90_000, 120_000, 150_000, 180_000]);
  expect(ticksOf(0, 86_400_000).length).toBeLessThanOrEqual(7);
});
