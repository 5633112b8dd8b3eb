import type { YieldedRecord } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { SnapshotGate } from '../src/snapshot-gate.ts';

const at = { file: 'binlog.000001', pos: 9, gtids: '0-1-5' };

async function* rows(): AsyncGenerator<YieldedRecord[]> {
  yield [
    { topic: 'shop.item', value: 1 },
    { topic: 'shop.item', value: 2 },
  ];
  yield [{ topic: 'shop.item', value: 3 }];
}

function passed(gate: SnapshotGate, heartbeat?: YieldedRecord, signal?: AbortSignal) {
  return gate.pass(rows(), {
    at,
    heartbeat,
    logger: { debug() {}, info() {}, warn() {}, error() {} },
    signal: signal ?? new AbortController().signal,
  });
}

const valuesOf = (records: readonly YieldedRecord[] | undefined): unknown[] | undefined =>
  records?.map(({ value }) => value);

test('of a snapshot that begins, one record comes, and the others when its position is stored', async () => {
  const gate = new SnapshotGate();
  const records = passed(gate);
  expect(valuesOf((await records.next()).value)).toEqual([1]);
  const next = records.next();
  let isDone = false;
  void next.then(() => (isDone = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect(gate.isClosed).toBe(true);
  // Of an earlier capture.
  gate.see(undefined);
  gate.see({ ...at, pos: 8 });
  gate.see({ ...at, gtids: '0-1-4' });
  await new Promise((resolve) => setImmediate(resolve));
  expect(isDone).toBe(false);
  gate.see({ ...at, pos: 9n, snapshot: 'INITIAL' });
  expect(valuesOf((await next).value)).toEqual([2]);
  expect(gate.isClosed).toBe(false);
  expect(valuesOf((await records.next()).value)).toEqual([3]);
});

test('where there are heartbeats, one comes before the first row', async () => {
  const gate = new SnapshotGate();
  const records = passed(gate, { topic: 'heartbeat', value: 0 });
  expect(valuesOf((await records.next()).value)).toEqual([0]);
  const next = records.next();
  await new Promise((resolve) => setImmediate(resolve));
  gate.see(at);
  expect(valuesOf((await next).value)).toEqual([1, 2]);
});

test('a task that is stopped meanwhile does not wait', async () => {
  const stopping = new AbortController();
  const records = passed(new SnapshotGate(), undefined, stopping.signal);
  await records.next();
  const next = records.next();
  stopping.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});
