import { expect, test } from 'vitest';

import { AssignedPartition } from '../src/assigned-partition.ts';
import { errorCodes } from '../src/wire/error-codes.ts';
import { planRecordBatch } from '../src/wire/record-batch.ts';

function setup() {
  const outOfRange: AssignedPartition[] = [];
  const partition = new AssignedPartition({ topic: 'orders', partition: 0 }, 0, {
    isolation: 'read_uncommitted',
    room: () => 1_000,
    onChange: () => {},
    onOutOfRange: (each) => outOfRange.push(each),
    onFailure: () => {},
  });
  return { partition, outOfRange };
}

function threeRecords(): Buffer {
  const records = ['a', 'b', 'c'].map((value) => ({ key: null, value: Buffer.from(value) }));
  const planned = planRecordBatch({ records }, { nowMs: 0, compression: 'none' });
  const bytes = Buffer.alloc(planned.bytes);
  planned.writeInto(bytes, 0);
  return bytes;
}

test('what was fetched is still polled when the log does not hold what comes after it', () => {
  const { partition, outOfRange } = setup();
  const fetched = {
    topic: 'orders',
    partition: 0,
    errorCode: 0,
    highWatermark: 3,
    lastStableOffset: 3,
    logStartOffset: 0,
    abortedTransactions: [],
    records: threeRecords(),
  };
  partition.received(fetched, 0);
  partition.refused(errorCodes.OFFSET_OUT_OF_RANGE, 3);
  expect(outOfRange).toEqual([partition]);
  expect(partition.wanted()).toBeUndefined();

  // Polled in part while it is being found out where to go on.
  expect(partition.take(1)?.records).toHaveLength(1);
  expect(partition.isStuck).toBe(true);
  partition.fetchFrom(7);

  expect(partition.wanted()?.offset).toBe(7);
  expect(partition.take(10)?.records).toHaveLength(2);
});
