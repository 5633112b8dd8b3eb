import { SluiceError } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import type { NewEvent, UnitRecord } from '../src/model.ts';
import { UnitHistory } from '../src/unit-history.ts';
import { task } from './records.ts';

const term = { coordinator: 'c1', epoch: 1 };
const running = { state: 'RUNNING', sinceMs: 5, attempts: 1, executor: 'shared-0' } as const;

function underTest() {
  const clock = new FakeClock();
  const history = new UnitHistory(clock);
  const told: NewEvent[] = [];
  const store = {
    appendEvents: async (_term: object, events: readonly NewEvent[]) => {
      told.push(...events);
    },
  };
  const tell = async (): Promise<string[]> => {
    await history.tell(term, store);
    return told.splice(0).map(({ type, message }) => `${type}: ${message}`);
  };
  return { clock, history, told, store, tell };
}

function unit(changes: Partial<UnitRecord>): UnitRecord {
  return { ...task('orders', 3), ...changes };
}

const granted = unit({ state: 'granted', worker: 'w1', incarnation: 'i1', fence: 7 });
const claimed: UnitRecord = { ...granted, state: 'claimed' };

test('a task is granted, claimed and runs: each is told once, with the reason', async () => {
  const { history, tell, store, told } = underTest();
  history.granted(granted, { worker: 'w1', fence: 7 }, 'first assignment');
  history.changed(unit({ state: 'free' }), granted);
  history.changed(granted, claimed);
  history.changed(claimed, { ...claimed, status: running });
  history.changed({ ...claimed, status: running }, { ...claimed, status: running, restarts: 1 });
  await history.tell(term, store);
  expect(told.at(-1)?.facts).toEqual({
    unit: 'task/orders/3',
    connector: 'orders',
    worker: 'w1',
    fence: 7,
    attempts: 1,
    since_ms: 5,
    executor: 'shared-0',
  });
  expect(told.splice(0).map(({ type, message }) => `${type}: ${message}`)).toEqual([
    'unit.granted: task/orders/3 granted to w1: first assignment',
    'unit.claimed: task/orders/3 claimed by w1',
    'unit.running: task/orders/3 running on w1',
  ]);
  expect(await tell()).toEqual([]);
});

test('what happened between two looks is told in its order', async () => {
  const { history, tell } = underTest();
  history.changed(unit({ state: 'free', fence: 6 }), { ...claimed, status: running });
  expect(await tell()).toEqual([
    'unit.claimed: task/orders/3 claimed by w1',
    'unit.running: task/orders/3 running on w1',
  ]);
});

test('failures are told with attempt and first line, also if only the attempt differs', async () => {
  const { history, tell } = underTest();
  const failed = (attempts: number, state: 'RESTARTING' | 'FAILED'): UnitRecord => ({
    ...claimed,
    status: { state, sinceMs: 5, attempts, trace: 'Error: away\n  at poll', nextRetryAtMs: 9 },
  });
  history.changed({ ...claimed, status: running }, failed(1, 'RESTARTING'));
  history.changed(failed(1, 'RESTARTING'), failed(2, 'RESTARTING'));
  history.changed(failed(2, 'RESTARTING'), failed(2, 'RESTARTING'));
  history.changed(failed(2, 'RESTARTING'), failed(3, 'FAILED'));
  expect(await tell()).toEqual([
    'unit.backing_off: task/orders/3 failed on w1, start 1: Error: away',
    'unit.backing_off: task/orders/3 failed on w1, start 2: Error: away',
    'unit.failed: task/orders/3 failed on w1 for good: Error: away',
  ]);
});

test('pauses and executors that do not answer are told', async () => {
  const { history, tell } = underTest();
  const at = (status: UnitRecord['status']): UnitRecord =>
    status ? { ...claimed, status } : claimed;
  history.changed(at(running), at({ ...running, stalled: true }));
  history.changed(at({ ...running, stalled: true }), at(running));
  history.changed(at(running), at({ ...running, state: 'PAUSED' }));
  expect(await tell()).toEqual([
    'unit.stalled: task/orders/3 its executor on w1 does not answer',
    'unit.running: task/orders/3 running on w1',
    'unit.paused: task/orders/3 paused on w1',
  ]);
});

test('a task that moves is told to leave, and is released', async () => {
  const { history, tell } = underTest();
  history.revoked(claimed, 'w1', 'balance');
  history.changed(claimed, { ...claimed, state: 'revoking' });
  history.changed({ ...claimed, state: 'revoking' }, unit({ state: 'free', fence: 7 }));
  expect(await tell()).toEqual([
    'unit.revoked: task/orders/3 has to leave w1: balance',
    'unit.released: task/orders/3 released by w1',
  ]);
});

test('what a dead worker had is not told as released by it', async () => {
  const { history, tell } = underTest();
  history.orphaned(claimed, 'w1', 'lease of w1 expired');
  history.changed(claimed, unit({ state: 'free', fence: 7 }));
  expect(await tell()).toEqual([
    'unit.orphaned: task/orders/3 has lost its worker w1: lease of w1 expired',
  ]);
});

test('a unit that is new, free or gone is no step', async () => {
  const { history, tell } = underTest();
  history.changed(undefined, unit({ state: 'free' }));
  history.changed(unit({ state: 'free' }), undefined);
  expect(await tell()).toEqual([]);
});

test('of what happens at once only so much is told, and how much is not', async () => {
  const { clock, history, tell } = underTest();
  for (let n = 0; n < 1_000; n++) history.changed(granted, claimed);
  const first = await tell();
  expect(first).toHaveLength(301);
  expect(first.at(-1)).toBe(
    'unit.left_out: 700 more steps of units at about this time are not told',
  );
  history.changed(granted, claimed);
  expect(await tell()).toHaveLength(1);
  await clock.advance(1_000);
  history.changed(granted, claimed);
  expect(await tell()).toEqual(['unit.claimed: task/orders/3 claimed by w1']);
});

test('what cannot be told is forgotten, but that the term is over is not', async () => {
  const { history, tell } = underTest();
  const failing = (code: string) => ({
    appendEvents: () => Promise.reject(new SluiceError(code, 'no')),
  });
  history.changed(granted, claimed);
  await history.tell(term, failing('store.unreachable'));
  expect(await tell()).toEqual([]);
  history.changed(granted, claimed);
  await expect(history.tell(term, failing('coordination.not_leader'))).rejects.toThrow('no');
});

test('another term begins without what was noted in the one before', async () => {
  const { history, tell } = underTest();
  history.changed(granted, claimed);
  history.reset();
  expect(await tell()).toEqual([]);
});
