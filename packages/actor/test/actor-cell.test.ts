import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';
import { ActorCell } from '../src/executor/actor-cell.ts';
import { ExecutorBoard } from '../src/executor-board.ts';
import { BoardLease } from '../src/lease.ts';
import type { Report } from '../src/protocol.ts';
import type { Actor, ActorContext } from '../src/types.ts';

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

interface Gate {
  readonly passed: Promise<void>;
  open(error?: Error): void;
}

function gate(): Gate {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  return { passed: promise, open: (error) => (error ? reject(error) : resolve()) };
}

function setUp(actor: Partial<Actor> = {}): {
  cell: ActorCell;
  clock: FakeClock;
  reports: Report[];
  calls: string[];
  context: () => ActorContext;
  life: Promise<void>;
  isGone: () => boolean;
} {
  const clock = new FakeClock();
  const board = new ExecutorBoard();
  board.setLease({ pauseAtMs: Number.POSITIVE_INFINITY, quiesceAtMs: Number.POSITIVE_INFINITY });
  const reports: Report[] = [];
  const calls: string[] = [];
  let context: ActorContext | undefined;
  let gone = false;
  const cell = new ActorCell({
    run: 1,
    spec: { address: 'task/a/0', fence: 7, kind: 'test', payload: undefined },
    factory: (_spec, given) => {
      context = given;
      return {
        start: async () => {
          calls.push('start');
          await actor.start?.();
          calls.push('started');
        },
        receive: async (message) => {
          calls.push(`receive ${String(message)}`);
          await actor.receive?.(message);
          calls.push(`received ${String(message)}`);
        },
        stop: async (reason) => {
          calls.push(`stop ${reason}`);
          await actor.stop?.(reason);
        },
      };
    },
    lease: new BoardLease(board, clock),
    clock,
    graceMs: 1_000,
    lingerMs: 100,
    enter: (action) => action(),
    report: (report) => reports.push(report),
    gone: () => {
      gone = true;
    },
  });
  const life = cell.live();
  return {
    cell,
    clock,
    reports,
    calls,
    context: () => {
      if (!context) throw new Error('the factory was not called');
      return context;
    },
    life,
    isGone: () => gone,
  };
}

test('messages wait for the start, and a stop waits for the message that is being received', async () => {
  const starting = gate();
  const receiving = gate();
  const { cell, calls, reports, life } = setUp({
    start: () => starting.passed,
    receive: () => receiving.passed,
  });
  cell.tell('one');
  cell.tell('two');
  await settle();
  expect(calls).toEqual(['start']);
  starting.open();
  await settle();
  cell.stop('stop');
  await settle();
  expect(calls).toEqual(['start', 'started', 'receive one']);
  receiving.open();
  await life;
  expect(calls.slice(3)).toEqual(['received one', 'stop stop']);
  expect(reports).toEqual([
    { kind: 'state', run: 1, state: 'RUNNING' },
    { kind: 'ended', run: 1, how: 'stopped' },
  ]);
});

test('a failed start is stopped, then reported as failed', async () => {
  const { calls, reports, life } = setUp({
    start: () => Promise.reject(Object.assign(new Error('no way'), { code: 'config.invalid' })),
  });
  await life;
  expect(calls).toEqual(['start', 'stop failed']);
  expect(reports).toMatchObject([
    { kind: 'failing', code: 'config.invalid', trace: expect.stringContaining('no way') as string },
    { kind: 'ended', how: 'failed' },
  ]);
});

test('a failure of its loop during a message aborts the signal, and stops it after the message', async () => {
  const receiving = gate();
  const { cell, calls, context, life } = setUp({ receive: () => receiving.passed });
  await settle();
  cell.tell('one');
  await settle();
  context().fail(new Error('the loop broke'));
  expect(context().signal.aborted).toBe(true);
  await settle();
  expect(calls).not.toContain('stop failed');
  receiving.open();
  await life;
  expect(calls.slice(-2)).toEqual(['received one', 'stop failed']);
});

test('only the first failure is reported, and none after a stop was asked for', async () => {
  const { cell, context, life, reports } = setUp();
  await settle();
  cell.stop('stop');
  context().fail(new Error('too late'));
  await life;
  expect(reports.filter(({ kind }) => kind === 'failing')).toEqual([]);
  expect(reports.at(-1)).toMatchObject({ how: 'stopped' });
});

test('the signal is aborted after the grace; one that ends then has stopped', async () => {
  const { cell, clock, context, life, reports } = setUp({
    stop: () =>
      new Promise((resolve) => {
        context().signal.addEventListener('abort', () => resolve(), { once: true });
      }),
  });
  await settle();
  cell.stop('stop');
  await clock.advance(999);
  expect(context().signal.aborted).toBe(false);
  await clock.advance(1);
  await life;
  expect(reports.at(-1)).toEqual({ kind: 'ended', run: 1, how: 'stopped' });
});

test('one that goes on after the grace loses its lease, its sockets are cut, and it is reported', async () => {
  const stopping = gate();
  const { cell, clock, context, isGone, life, reports } = setUp({ stop: () => stopping.passed });
  await settle();
  let cuts = 0;
  context().lease.onExpired(() => cuts++);
  cell.stop('stop');
  await clock.advance(1_100);
  expect(reports.at(-1)).toEqual({ kind: 'ended', run: 1, how: 'overstayed' });
  expect(() => context().lease.assertHeld()).toThrow('for good');
  expect(cuts).toBe(1);
  expect(isGone()).toBe(false);
  stopping.open();
  await life;
  expect(reports.at(-1)).toEqual({ kind: 'ended', run: 1, how: 'stopped' });
  expect(isGone()).toBe(true);
});

test('after its end an actor has no lease, whoever still holds its context', async () => {
  const { cell, context, life } = setUp();
  await settle();
  expect(context().lease.isHeld()).toBe(true);
  cell.stop('stop');
  await life;
  expect(context().lease.isHeld()).toBe(false);
  expect(context().signal.aborted).toBe(true);
});

test('PAUSED and RUNNING are told once each; before the start is done they wait for it', async () => {
  const starting = gate();
  const { cell, context, life, reports } = setUp({ start: () => starting.passed });
  await settle();
  context().setState('PAUSED');
  expect(reports).toEqual([]);
  starting.open();
  await settle();
  context().setState('PAUSED');
  context().setState('RUNNING');
  expect(reports.map((report) => report.kind === 'state' && report.state)).toEqual([
    'PAUSED',
    'RUNNING',
  ]);
  cell.stop('stop');
  await life;
});

test('an actor that does not take its messages fails when its mailbox is full', async () => {
  const receiving = gate();
  const { cell, life, reports } = setUp({ receive: () => receiving.passed });
  await settle();
  for (let index = 0; index < 1_026; index++) cell.tell(index);
  expect(reports.at(-1)).toMatchObject({ kind: 'failing', code: 'actor.mailbox-full' });
  receiving.open();
  await life;
});

test('an actor that floods the control thread with events fails instead', async () => {
  const { context, life, reports } = setUp();
  await settle();
  for (let index = 0; index < 5_000; index++) context().emit(index);
  await life;
  expect(reports.filter(({ kind }) => kind === 'event')).toHaveLength(1_000);
  expect(reports.at(-2)).toMatchObject({ kind: 'failing', code: 'actor.too-many-events' });
});
