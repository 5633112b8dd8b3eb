import type { YieldedRecord } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { type RowPlace, type SnapshotRows, snapshotBatches } from '../src/index.ts';

async function yieldedOf(
  chunks: readonly (readonly number[])[],
  batchMax: number,
): Promise<YieldedRecord[][]> {
  const recordsOf = (row: number, place: RowPlace): YieldedRecord[] => [
    { topic: 'item', value: { row, first: place.isFirst }, offset: { last: place.isLast } },
  ];
  async function* read(): AsyncGenerator<SnapshotRows<number>> {
    for (const rows of chunks) yield { rows, recordsOf };
  }
  const completed = { complete: true };
  const options = {
    chunks: read(),
    batchMax,
    asLast: (record: YieldedRecord) => ({ ...record, offset: completed }),
    completed,
    signal: new AbortController().signal,
  };
  const batches: YieldedRecord[][] = [];
  for await (const batch of snapshotBatches(options)) batches.push(batch);
  return batches;
}

async function batchesOf(...given: Parameters<typeof yieldedOf>): Promise<unknown[][]> {
  const batches = await yieldedOf(...given);
  return batches.map((batch) =>
    batch.map(({ offset, value }) => ({ ...(value as object), ...offset })),
  );
}

test('the last record of all, and no other, says that the snapshot is complete', async () => {
  expect(await batchesOf([[1, 2], [3], []], 10)).toEqual([
    [{ row: 1, first: true, last: false }],
    [{ row: 2, first: false, last: true }],
    [{ row: 3, first: false, complete: true }],
  ]);
});

test('rows become batches of no more than is asked for', async () => {
  const batches = await batchesOf([[1, 2, 3, 4, 5, 6, 7]], 3);
  expect(batches.map((batch) => batch.length)).toEqual([2, 3, 1, 1]);
  expect(batches.flat()).toHaveLength(7);
  expect(batches.flat().filter((record) => (record as { first: boolean }).first)).toHaveLength(1);
});

test('where there is no row an offset alone says that the snapshot is complete', async () => {
  const alone = [{ topic: '', offset: { complete: true }, isOffsetOnly: true }];
  expect(await yieldedOf([[], []], 3)).toEqual([alone]);
  expect(await yieldedOf([], 3)).toEqual([alone]);
});

test('nothing more is yielded after the snapshot was stopped, not even its end', async () => {
  const stopping = new AbortController();
  async function* read(): AsyncGenerator<SnapshotRows<number>> {
    yield { rows: [1, 2], recordsOf: () => [{ topic: 'item', value: null }] };
    stopping.abort();
  }
  const batches: number[] = [];
  const options = {
    chunks: read(),
    batchMax: 10,
    asLast: (record: YieldedRecord) => record,
    completed: {},
    signal: stopping.signal,
  };
  for await (const batch of snapshotBatches(options)) batches.push(batch.length);
  expect(batches).toEqual([1]);
});
