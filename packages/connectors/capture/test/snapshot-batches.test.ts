import type { YieldedRecord } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { type RowPlace, type SnapshotRows, snapshotBatches } from '../src/index.ts';

async function batchesOf(
  chunks: readonly (readonly number[])[],
  batchMax: number,
): Promise<unknown[][]> {
  const recordsOf = (row: number, place: RowPlace): YieldedRecord[] => [
    { topic: 'item', value: { row, first: place.isFirst }, offset: { last: place.isLast } },
  ];
  async function* read(): AsyncGenerator<SnapshotRows<number>> {
    for (const rows of chunks) yield { rows, recordsOf };
  }
  const batches: unknown[][] = [];
  const options = {
    chunks: read(),
    batchMax,
    asLast: (record: YieldedRecord) => ({ ...record, offset: { complete: true } }),
    signal: new AbortController().signal,
  };
  for await (const batch of snapshotBatches(options))
    batches.push(batch.map(({ offset, value }) => ({ ...(value as object), ...offset })));
  return batches;
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

test('no rows are no records', async () => {
  expect(await batchesOf([[], []], 3)).toEqual([]);
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
    signal: stopping.signal,
  };
  for await (const batch of snapshotBatches(options)) batches.push(batch.length);
  expect(batches).toEqual([1]);
});
