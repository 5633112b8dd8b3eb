import { textOf } from '@sluice/record-log/conformance';
import { expect, test } from 'vitest';

import { OpenTransactions } from '../src/open-transactions.ts';
import { batchesApart } from '../src/wire/batches-apart.ts';
import { marker as markerBatch, storedBatch } from './batches.ts';

const other = 2 ** 32 + 7;

interface Batch {
  readonly producerId?: number;
  readonly values?: readonly string[];
  readonly marker?: 'commit' | 'abort';
}

/** As a broker stores them, from offset 0 on. */
function stored(batches: readonly Batch[]): Buffer {
  let baseOffset = 0;
  return Buffer.concat(
    batches.map(({ producerId, values = [], marker }) => {
      const isTransactional = producerId !== undefined;
      const batch =
        marker === undefined
          ? storedBatch({
              baseOffset,
              values: [...values],
              producerId: producerId ?? -1,
              isTransactional,
            })
          : markerBatch(baseOffset, producerId ?? -1, marker);
      baseOffset += marker === undefined ? values.length : 1;
      return batch;
    }),
  );
}

function committed(
  buffer: Buffer,
  open = new OpenTransactions(),
  fromOffset = 0,
): (string | null)[] {
  return [...batchesApart(buffer, fromOffset)].flatMap((batch) =>
    open.committedBy(batch).map(({ value }) => textOf(value)),
  );
}

test('what is in no transaction is given at once, what is committed with its marker', () => {
  const buffer = stored([
    { values: ['a'] },
    { producerId: 1, values: ['b', 'c'] },
    { values: ['d'] },
    { producerId: 1, marker: 'commit' },
    { values: ['e'] },
  ]);
  expect(committed(buffer)).toEqual(['a', 'd', 'b', 'c', 'e']);
});

test('what is aborted is never given, and a producer goes on with its next transaction', () => {
  const buffer = stored([
    { producerId: 1, values: ['a'] },
    { producerId: other, values: ['x'] },
    { producerId: 1, marker: 'abort' },
    { producerId: 1, values: ['b'] },
    { producerId: other, marker: 'commit' },
    { producerId: 1, marker: 'commit' },
  ]);
  expect(committed(buffer)).toEqual(['x', 'b']);
});

test('a transaction goes on in the next response, and one that stays open holds up no other', () => {
  const open = new OpenTransactions();
  const first = stored([
    { producerId: 1, values: ['a'] },
    { producerId: other, values: ['x'] },
  ]);
  expect(committed(first, open)).toEqual([]);
  expect([...open.records()].map(({ value }) => textOf(value))).toEqual(['a', 'x']);
  const second = stored([
    { producerId: other, values: ['y'] },
    { producerId: other, marker: 'commit' },
  ]);
  expect(committed(second, open)).toEqual(['x', 'y']);
  expect([...open.records()].map(({ value }) => textOf(value))).toEqual(['a']);
});

test('tells where to go on behind each batch, and leaves out one that was cut off', () => {
  const buffer = stored([
    { values: ['a', 'b'] },
    { producerId: 1, marker: 'commit' },
    { values: ['c'] },
  ]);
  const next = (bytes: Buffer): number[] =>
    [...batchesApart(bytes, 0)].map(({ nextOffset }) => nextOffset);
  expect(next(buffer)).toEqual([2, 3, 4]);
  expect(next(buffer.subarray(0, buffer.length - 1))).toEqual([2, 3]);
  expect(() => next(buffer.subarray(0, 30))).toThrow('has not one whole batch');
  expect(committed(buffer, new OpenTransactions(), 1)).toEqual(['b', 'c']);
});
