/**
 * What happens to what was read from the log before a sink's `put`: converted, then transformed. Works on whole
 * batches. Records that fail and are tolerated are left out and listed, to be written to the dead letter queue
 * before anything of the batch is put.
 */
import type { RecordHeader, SinkRecord } from '@sluice/connector-api';
import type { FetchedBatch } from '@sluice/record-log';
import type { TransformationChain } from '@sluice/transforms';

import { type BatchWatch, unwatched } from './batch-watch.ts';
import { fromBytes } from './convert-batch.ts';
import { BatchFailures } from './errors/batch-failures.ts';
import type { ConsumedRecord } from './errors/failed-record.ts';
import type { FailedConsumed, TaskErrors } from './errors/task-errors.ts';
import { fromHeaders } from './sink-headers.ts';
import type { TaskConverters } from './task-converters.ts';
import { traced } from './tracing/batch-trace.ts';
import { transformSinkRecords } from './transform-records.ts';

export interface ProcessedSinkBatches {
  readonly records: readonly SinkRecord[];
  /** Index by index with `records`: which of those that were read it was; undefined: the same index. */
  readonly positions: readonly number[] | undefined;
  /** In the order of reading. */
  readonly failed: readonly FailedConsumed[];
}

/**
 * Without the records that transforms drop; without `errors` the first failure is thrown.
 * @throws SluiceError `task.conversion_failed` or `task.transformation_failed` for a record that must not be left out.
 */
export async function processSinkBatches(
  batches: readonly FetchedBatch[],
  converters: TaskConverters,
  chain?: TransformationChain,
  errors?: TaskErrors,
  { stages, trace }: BatchWatch = unwatched,
): Promise<ProcessedSinkBatches> {
  const failures = new BatchFailures(errors);
  const read = await traced(trace, 'convert', {}, () =>
    readSinkRecords(batches, converters, failures),
  );
  if (!chain && failures.size === 0) return { records: read, positions: undefined, failed: [] };
  const positions: number[] = [];
  const records: SinkRecord[] = [];
  const converted: (SinkRecord | null)[] =
    failures.size === 0 ? read : read.map((record, index) => (failures.has(index) ? null : record));
  const transformed = chain
    ? await traced(trace, 'transform', { records: read.length }, () =>
        transformSinkRecords(converted, chain, failures, stages),
      )
    : converted;
  for (let index = 0; index < transformed.length; index += 1) {
    const record = transformed[index];
    if (!record) continue;
    records.push(record);
    positions.push(index);
  }
  const failed = failures.entries().flatMap(([index, failure]) => {
    const consumed = consumedAt(batches, index);
    return consumed ? { ...failure, consumed } : [];
  });
  return { records, positions, failed };
}

/** The record that was read as number `index`. */
function consumedAt(batches: readonly FetchedBatch[], index: number): ConsumedRecord | undefined {
  let rest = index;
  for (const { partition, records, topic } of batches) {
    const record = records[rest];
    if (record) return { topic, partition, record };
    rest -= records.length;
  }
  return undefined;
}

async function readSinkRecords(
  batches: readonly FetchedBatch[],
  converters: TaskConverters,
  failures: BatchFailures,
): Promise<SinkRecord[]> {
  const records: SinkRecord[] = [];
  for (const batch of batches) {
    const { partition, topic } = batch;
    const base = records.length;
    const shared = {
      topic,
      converters,
      failures,
      at: (index: number) => base + index,
      where: (index: number) =>
        `${topic} partition ${String(partition)} offset ${String(batch.records[index]?.offset)}`,
    };
    const keys = await fromBytes(
      { ...shared, role: 'key' },
      batch.records.map(({ key }) => key),
    );
    const values = await fromBytes(
      { ...shared, role: 'value' },
      batch.records.map(({ value }) => value),
    );
    const headers = await fromHeaders({ ...shared, role: 'header' }, batch.records);
    batch.records.forEach(({ offset, timestampMs }, index) => {
      const record: Mutable<SinkRecord> = {
        topic,
        partition,
        offset,
        key: keys.values[index] ?? null,
        value: values.values[index] ?? null,
        timestampMs,
        headers: headers?.[index] ?? noHeaders,
      };
      const keySchema = keys.schemas?.[index];
      if (keySchema) record.keySchema = keySchema;
      const valueSchema = values.schemas?.[index];
      if (valueSchema) record.valueSchema = valueSchema;
      records.push(record);
    });
  }
  return records;
}

const noHeaders: readonly RecordHeader[] = Object.freeze([]);

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };
