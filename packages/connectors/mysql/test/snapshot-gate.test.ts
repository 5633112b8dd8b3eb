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

function passed(gate: SnapshotGate, signal = new AbortController().signal) {
  const logger = { debug() {}, info() {}, warn() {}, error() {} };
  return gate.pass(rows(), { at, offset: { ...at, snapshot: 'INITIAL' }, logger, signal });
}

const valuesOf = (records: readonly YieldedRecord[] | undefined): unknown[] | undefined =>
  records?.map(({ value }) => value);

test('of a snapshot that begins, its offset comes alone, and the rows when it is stored', async () => {
  const gate = new SnapshotGate();
  const records = passed(gate);
  expect((await records.next()).value).toEqual([
    { topic: '', offset: { ...at, snapshot: 'INITIAL' }, isOffsetOnly: true },
  ]);
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
  expect(valuesOf((await next).value)).toEqual([1, 2]);
  expect(gate.isClosed).toBe(false);
  expect(valuesOf((await records.next()).value)).toEqual([3]);
});

test('a task that is stopped meanwhile does not wait', async () => {
  const stopping = new AbortController();
  const records = passed(new SnapshotGate(), stopping.signal);
  await records.next();
  const next = records.next();
  stopping.abort();
  expect(await next).toEqual({ done: true, value: undefined });
});
