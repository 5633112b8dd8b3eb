import type { SourceRecord, SourceTask, TransactionContext } from '@sluice/connector-api';
import { expect, test } from 'vitest';

import { sourceOf } from './support/plugins.ts';
import { RuntimeUnderTest, type Setup } from './support/runtime-under-test.ts';

interface Scripted {
  readonly runtime: RuntimeUnderTest;
  /** What the next polls return; a poll without one waits for its signal. */
  readonly batches: (readonly SourceRecord[])[];
  readonly transactions: () => TransactionContext | undefined;
}

function seq(from: number, to = from): SourceRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    topic: 't',
    value: `v${from + index}`,
    sourcePartition: { p: 'a' },
    sourceOffset: { seq: from + index },
  }));
}

function scripted(setup: Partial<Setup> = {}, overrides: Partial<SourceTask> = {}): Scripted {
  const batches: (readonly SourceRecord[])[] = [];
  let transactions: TransactionContext | undefined;
  const plugin = {
    ...sourceOf(() => {
      let signal: AbortSignal;
      return {
        start: async (_config, context) => {
          signal = context.signal;
          transactions = context.transactions;
          const [offset] = await context.offsets([{ p: 'a' }]);
          runtime.note(`start at ${String(offset?.['seq'])}`);
        },
        poll: async () => {
          const batch = batches.shift();
          if (batch) return batch;
          await runtime.clock.sleep(200, signal);
          return null;
        },
        commitRecord: (record, metadata) =>
          runtime.note(`commitRecord ${String(record.value)} at ${String(metadata?.offset)}`),
        commit: () => runtime.note('commit'),
        stop: () => runtime.note('stop'),
        ...overrides,
      };
    }),
    exactlyOnceSupport: () => 'SUPPORTED' as const,
    canDefineTransactionBoundaries: () => 'SUPPORTED' as const,
  };
  const options = { exactlyOnce: true, ...setup.options };
  const runtime = new RuntimeUnderTest({ plugin, ...setup, options });
  return { runtime, batches, transactions: () => transactions };
}

function logCalls({ journal }: RuntimeUnderTest): string[] {
  return journal.filter((entry) => /^log\.(produce|commit|transact)$/.test(entry));
}

test('records and offsets are written together, and told of afterwards', async () => {
  const { runtime, batches } = scripted();
  batches.push(seq(1, 2));
  const rig = await runtime.started();
  await runtime.clock.pass(1_000);
  expect(runtime.journal.filter((entry) => entry !== 'poll')).toEqual([
    'log.open',
    'log.offsets',
    'start at undefined',
    'log.transact',
    'commitRecord v1 at 0',
    'commitRecord v2 at 1',
    'commit',
  ]);
  expect(await runtime.storedSeq()).toBe(2);
  await runtime.clock.settled(rig.stop());
  expect(logCalls(runtime)).toEqual(['log.transact']);
});

test('what was surely not committed is sent again, in place', async () => {
  let refusals = 3;
  const { runtime, batches } = scripted({
    decide: (operation) => (operation === 'transact' && refusals-- > 0 ? 'refused' : 'ok'),
  });
  batches.push(seq(1, 3), seq(4));
  await runtime.started();
  await runtime.clock.pass(5_000);
  expect(runtime.values('t')).toEqual(['v1', 'v2', 'v3', 'v4']);
  expect(runtime.journal.filter((entry) => entry.startsWith('start'))).toHaveLength(1);
});

test('where it is not known whether it was committed, the task begins anew at what is stored', async () => {
  let isLost = true;
  const { runtime, batches } = scripted({
    decide: (operation) => {
      if (operation !== 'transact' || !isLost) return 'ok';
      isLost = false;
      return 'lost-reply';
    },
  });
  batches.push(seq(1, 3));
  const rig = await runtime.started();
  await runtime.clock.until('it begins anew', () => runtime.journal.includes('start at 3'));
  batches.push(seq(4));
  await runtime.clock.pass(1_000);
  expect(runtime.values('t')).toEqual(['v1', 'v2', 'v3', 'v4']);
  expect(rig.failure).toBeUndefined();
});

test('an interval gathers batches; a pause and a stop end it', async () => {
  const { runtime, batches } = scripted();
  const config = {
    'transaction.boundary': 'INTERVAL',
    'transaction.boundary.interval.ms': '10000',
  };
  batches.push(seq(1, 2), seq(3), seq(4));
  const rig = await runtime.started({ config });
  await runtime.clock.pass(9_000);
  expect(runtime.values('t')).toEqual([]);
  await runtime.clock.pass(2_000);
  expect(runtime.values('t')).toEqual(['v1', 'v2', 'v3', 'v4']);
  expect(logCalls(runtime)).toEqual(['log.transact']);
  batches.push(seq(5));
  await runtime.clock.until('it is polled', () => batches.length === 0);
  rig.target('PAUSED');
  await runtime.clock.until('it is paused', () => rig.state === 'PAUSED');
  expect(await runtime.storedSeq()).toBe(5);
  rig.target('STARTED');
  batches.push(seq(6));
  await runtime.clock.until('it is polled', () => batches.length === 0);
  await runtime.clock.pass(100);
  await runtime.clock.settled(rig.stop());
  expect(runtime.values('t')).toEqual(['v1', 'v2', 'v3', 'v4', 'v5', 'v6']);
});

test('an interval ends sooner when no more records may be under way', async () => {
  const { runtime, batches } = scripted({ options: { recordsInFlightMax: 4 } });
  const config = {
    'transaction.boundary': 'interval',
    'transaction.boundary.interval.ms': '3600000',
  };
  batches.push(seq(1, 2), seq(3, 5), seq(6));
  await runtime.started({ config });
  await runtime.clock.pass(2_000);
  expect(runtime.values('t')).toEqual(['v1', 'v2', 'v3', 'v4', 'v5']);
});

test("a connector's transactions end where it says, within batches and across them", async () => {
  const { runtime, batches, transactions } = scripted();
  const config = { 'transaction.boundary': 'connector', 'exactly.once.support': 'required' };
  const rig = await runtime.started({ config });
  const batch = seq(1, 5);
  const [, second, third] = batch;
  if (!second || !third) throw new Error('there are five');
  transactions()?.commitTransaction(second);
  transactions()?.abortTransaction(third);
  batches.push(batch);
  await runtime.clock.pass(1_000);
  // 3 is aborted: it is not there, and its offset is stored. 4 and 5 have no end yet.
  expect(runtime.values('t')).toEqual(['v1', 'v2']);
  expect(await runtime.storedSeq()).toBe(3);
  expect(logCalls(runtime)).toEqual(['log.transact', 'log.transact']);
  transactions()?.commitTransaction();
  batches.push(seq(6));
  await runtime.clock.pass(1_000);
  expect(runtime.values('t')).toEqual(['v1', 'v2', 'v4', 'v5', 'v6']);
  expect(runtime.journal.filter((entry) => entry.startsWith('commitRecord'))).toEqual([
    'commitRecord v1 at 0',
    'commitRecord v2 at 1',
    'commitRecord v3 at undefined',
    'commitRecord v4 at 2',
    'commitRecord v5 at 3',
    'commitRecord v6 at 4',
  ]);
  batches.push(seq(7));
  await runtime.clock.pass(1_000);
  rig.target('PAUSED');
  await runtime.clock.until('it is paused', () => rig.state === 'PAUSED');
  await runtime.clock.settled(rig.stop());
  // Without an end it is nothing: the next run begins before it.
  expect(await runtime.storedSeq()).toBe(6);
  expect(runtime.values('t')).toHaveLength(5);
});

test('a connector that wants both ends of one transaction fails', async () => {
  const { runtime, batches, transactions } = scripted();
  const rig = await runtime.started({ config: { 'transaction.boundary': 'connector' } });
  transactions()?.commitTransaction();
  transactions()?.abortTransaction();
  batches.push(seq(1));
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(String(rig.failure)).toContain('requested both commit and abort of same transaction');
  expect(runtime.values('t')).toEqual([]);
});

test('a connector whose transaction grows beyond what may be in memory fails, and says what to do', async () => {
  const { runtime, batches } = scripted({ options: { recordsInFlightMax: 10 } });
  const rig = await runtime.started({ config: { 'transaction.boundary': 'connector' } });
  batches.push(seq(1, 6), seq(7, 12), seq(13, 18));
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(String(rig.failure)).toContain('raise sluice.records.in.flight.max');
  expect(runtime.values('t')).toEqual([]);
});

test('boundaries are not offered to a task whose definition keeps them, or whose workers write at least once', async () => {
  const kept = scripted();
  await kept.runtime.started();
  expect(kept.transactions()).toBeUndefined();
  const atLeastOnce = scripted({ options: { exactlyOnce: false } });
  await atLeastOnce.runtime.started({ config: { 'transaction.boundary': 'connector' } });
  expect(atLeastOnce.transactions()).toBeUndefined();
});

test('what the log refuses is a dead letter in the transaction of the rest', async () => {
  const { runtime, batches } = scripted();
  runtime.store.createTopic('t', 1, 500);
  const [first, second, third] = seq(1, 3);
  if (!first || !second || !third) throw new Error('there are three');
  batches.push([first, { ...second, value: 'x'.repeat(1_000) }, third]);
  await runtime.started({
    config: { 'errors.tolerance': 'all', 'errors.deadletterqueue.topic.name': 'letters' },
  });
  await runtime.clock.pass(1_000);
  expect(runtime.values('t')).toEqual(['v1', 'v3']);
  expect(runtime.values('letters')).toEqual(['x'.repeat(1_000)]);
  expect(await runtime.storedSeq()).toBe(3);
  expect(runtime.journal).toContain('commitRecord v3 at 1');
  expect(runtime.journal).toContain(`commitRecord ${'x'.repeat(1_000)} at undefined`);
});

test.each([
  ['exactlyOnceSupport', () => 'UNSUPPORTED', 'does not support exactly-once semantics'],
  ['exactlyOnceSupport', undefined, 'does not implement the API required'],
  ['canDefineTransactionBoundaries', undefined, 'connector-defined transaction boundaries'],
])('a definition that asks for more than %s gives fails', async (name, answer, message) => {
  const { runtime } = scripted();
  Object.assign(runtime.plugin, { [name]: answer });
  const config = { 'exactly.once.support': 'required', 'transaction.boundary': 'connector' };
  const rig = await runtime.started({ config });
  expect(String(rig.failure)).toContain(message);
});

test('a definition that requires it fails where workers write at least once', async () => {
  const { runtime } = scripted({ options: { exactlyOnce: false } });
  const rig = await runtime.started({ config: { 'exactly.once.support': 'required' } });
  expect(String(rig.failure)).toContain(
    'This worker does not have exactly-once source support enabled',
  );
});

test('a log without transactions is refused', async () => {
  const { runtime } = scripted();
  runtime.log.capabilities = { ...runtime.log.capabilities, transactions: false };
  const rig = await runtime.started();
  expect(String(rig.failure)).toContain('this record log has no transactions');
});

test.each([
  [true, undefined],
  [false, 'This worker does not have exactly-once source support enabled'],
])(
  'a connector whose definition requires it starts as workers write: %s',
  async (exactlyOnce, message) => {
    const { runtime } = scripted({ options: { exactlyOnce } });
    const config = { 'exactly.once.support': 'required' };
    const rig = await runtime.started(
      { config },
      { kind: 'connector', address: 'connector/orders' },
    );
    if (message === undefined) {
      expect(rig.failure).toBeUndefined();
      const configs = rig.events.flatMap((event) =>
        event.type === 'task-configs' ? event.configs : [],
      );
      expect(configs).toEqual([expect.objectContaining(config)]);
    } else expect(String(rig.failure)).toContain(message);
  },
);
