/**
 * What happens to a batch between a plugin and the log, both ways: the one place where records are
 * transformed, converted and, when a step fails on one of them, skipped, reported or the task failed.
 * Works on whole batches: at most one promise for each converter call, none for a record.
 */
import type {
  ConversionFailure,
  Converter,
  RecordHeader,
  Schema,
  SinkRecord,
  SourceRecord,
} from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';
import type {
  FetchedBatch,
  FetchedRecord,
  Header,
  ProduceRecord,
  TopicBatch,
} from '@sluice/record-log';

import type { TransformationChain } from '@sluice/transforms';
import type { TaskConverters } from './task-converters.ts';
import { transformRecords, transformSinkRecords } from './transform-records.ts';

/** Records of one poll, ready to be produced. */
export interface ProcessedBatch {
  /** As polled. */
  readonly records: readonly SourceRecord[];
  /** Index by index with `records`: as transformed; null: dropped. */
  readonly transformed: readonly (SourceRecord | null)[];
  readonly droppedCount: number;
  readonly topics: readonly TopicBatch[];
  /** For each element of `topics`: index into `records` of each of its records; undefined: the same index. */
  readonly positions: readonly (readonly number[] | undefined)[];
  /** Of keys and values. */
  readonly bytes: number;
}

/**
 * `chain` is undefined where nothing is transformed.
 * @throws SluiceError `task.transformation_failed` or `task.conversion_failed` for the first record that cannot be
 *   transformed or converted.
 */
export async function processSourceBatch(
  records: readonly SourceRecord[],
  converters: TaskConverters,
  chain?: TransformationChain,
): Promise<ProcessedBatch> {
  const transformed = chain ? await transformRecords(records, chain) : records;
  const groups = groupByTopic(transformed);
  const topics: TopicBatch[] = [];
  const positions: (readonly number[] | undefined)[] = [];
  let bytes = 0;
  for (const group of groups) {
    const produced = await toProduceRecords(group.topic, group.records, converters);
    for (const { key, value } of produced) bytes += (key?.length ?? 0) + (value?.length ?? 0);
    topics.push({ topic: group.topic, records: produced });
    positions.push(group.positions);
  }
  const sent = groups.reduce((sum, group) => sum + group.records.length, 0);
  const droppedCount = records.length - sent;
  return { records, transformed, droppedCount, topics, positions, bytes };
}

interface TopicGroup {
  readonly topic: string;
  readonly records: readonly SourceRecord[];
  readonly positions: readonly number[] | undefined;
}

function groupByTopic(records: readonly (SourceRecord | null)[]): TopicGroup[] {
  const first = records[0];
  if (first && records.every((record) => record?.topic === first.topic))
    return [{ topic: first.topic, records: records as SourceRecord[], positions: undefined }];
  const groups = new Map<string, { topic: string; records: SourceRecord[]; positions: number[] }>();
  for (const [position, record] of records.entries()) {
    if (!record) continue;
    let group = groups.get(record.topic);
    if (!group) {
      group = { topic: record.topic, records: [], positions: [] };
      groups.set(record.topic, group);
    }
    group.records.push(record);
    group.positions.push(position);
  }
  return [...groups.values()];
}

async function toProduceRecords(
  topic: string,
  records: readonly SourceRecord[],
  converters: TaskConverters,
): Promise<ProduceRecord[]> {
  const keys = await toBytes(
    'key',
    topic,
    records.map((record) => record.key),
    records.some((record) => record.keySchema)
      ? records.map((record) => record.keySchema)
      : undefined,
    converters.key,
  );
  const values = await toBytes(
    'value',
    topic,
    records.map((record) => record.value),
    records.some((record) => record.valueSchema)
      ? records.map((record) => record.valueSchema)
      : undefined,
    converters.value,
  );
  const headers = await toHeaders(topic, records, converters.header);
  return records.map((record, index) => {
    const produced: Mutable<ProduceRecord> = {
      key: keys?.[index] ?? null,
      value: values?.[index] ?? null,
    };
    const ownHeaders = headers?.[index];
    if (ownHeaders) produced.headers = ownHeaders;
    if (record.timestampMs !== undefined) produced.timestampMs = record.timestampMs;
    if (record.partition !== undefined) produced.partition = record.partition;
    return produced;
  });
}

/** Undefined when all are null: a null without a schema is null in every converter. */
async function toBytes(
  role: Role,
  topic: string,
  values: readonly unknown[],
  schemas: readonly (Schema | undefined)[] | undefined,
  converter: Converter,
): Promise<readonly (Uint8Array | null)[] | undefined> {
  if (!schemas && values.every((value) => value === null || value === undefined)) return undefined;
  const converting = converter.toBytes(schemas ? { topic, values, schemas } : { topic, values });
  const converted = converting instanceof Promise ? await converting : converting;
  refuse(role, topic, converted.failures);
  return converted.bytes;
}

/** The headers of all records in one call of the converter. */
async function toHeaders(
  topic: string,
  records: readonly SourceRecord[],
  converter: Converter,
): Promise<(readonly Header[] | undefined)[] | undefined> {
  if (!records.some((record) => record.headers && record.headers.length > 0)) return undefined;
  const all = records.flatMap((record) => record.headers ?? []);
  const bytes = await toBytes(
    'header',
    topic,
    all.map((header) => header.value),
    all.some((header) => header.schema) ? all.map((header) => header.schema) : undefined,
    converter,
  );
  let next = 0;
  return records.map((record) =>
    record.headers?.map(({ name }): Header => [name, bytes?.[next++] ?? null]),
  );
}

/**
 * Without the records that transforms drop.
 * @throws SluiceError `task.conversion_failed` or `task.transformation_failed` for the first record that cannot be
 *   converted or transformed.
 */
export async function processSinkBatches(
  batches: readonly FetchedBatch[],
  converters: TaskConverters,
  chain?: TransformationChain,
): Promise<SinkRecord[]> {
  const records = await readSinkRecords(batches, converters);
  return chain ? transformSinkRecords(records, chain) : records;
}

async function readSinkRecords(
  batches: readonly FetchedBatch[],
  converters: TaskConverters,
): Promise<SinkRecord[]> {
  const records: SinkRecord[] = [];
  for (const batch of batches) {
    const keys = await fromBytes('key', batch, converters.key, (record) => record.key);
    const values = await fromBytes('value', batch, converters.value, (record) => record.value);
    const headers = await fromHeaders(batch, converters.header);
    const { topic, partition } = batch;
    for (const [index, { offset, timestampMs }] of batch.records.entries()) {
      const record: Mutable<SinkRecord> = {
        topic,
        partition,
        offset,
        key: keys?.values[index] ?? null,
        value: values?.values[index] ?? null,
        timestampMs,
      };
      const keySchema = keys?.schemas?.[index];
      if (keySchema) record.keySchema = keySchema;
      const valueSchema = values?.schemas?.[index];
      if (valueSchema) record.valueSchema = valueSchema;
      record.headers = headers?.[index] ?? noHeaders;
      records.push(record);
    }
  }
  return records;
}

const noHeaders: readonly RecordHeader[] = Object.freeze([]);

interface Converted {
  readonly values: readonly unknown[];
  readonly schemas?: readonly (Schema | undefined)[];
}

async function fromBytes(
  role: Role,
  batch: FetchedBatch,
  converter: Converter,
  part: (record: FetchedRecord) => Uint8Array | null,
): Promise<Converted | undefined> {
  const bytes = batch.records.map((record) => part(record));
  if (bytes.every((one) => one === null)) return undefined;
  const converting = converter.fromBytes({ topic: batch.topic, bytes });
  const converted = converting instanceof Promise ? await converting : converting;
  refuse(role, batch.topic, converted.failures, batch);
  return converted;
}

async function fromHeaders(
  { topic, records }: FetchedBatch,
  converter: Converter,
): Promise<(readonly RecordHeader[])[] | undefined> {
  if (!records.some((record) => record.headers.length > 0)) return undefined;
  const all = records.flatMap((record) => record.headers);
  const converting = converter.fromBytes({ topic, bytes: all.map(([, value]) => value) });
  const { values, schemas, failures } =
    converting instanceof Promise ? await converting : converting;
  refuse('header', topic, failures);
  let next = 0;
  return records.map((record) =>
    record.headers.map(([name]) => {
      const at = next++;
      const schema = schemas?.[at];
      return { name, value: values[at] ?? null, ...(schema ? { schema } : {}) };
    }),
  );
}

type Role = 'key' | 'value' | 'header';

/** Without error tolerance the first failure fails the task. */
function refuse(
  role: Role,
  topic: string,
  failures: readonly ConversionFailure[],
  from?: FetchedBatch,
): void {
  const [first] = failures;
  if (!first) return;
  const where = from
    ? `${topic} partition ${String(from.partition)} offset ${String(from.records[first.index]?.offset)}`
    : topic;
  throw new SluiceError(
    'task.conversion_failed',
    `Tolerance exceeded in error handler: the ${role} of a record of ${where} cannot be converted`,
    { details: { role, topic }, cause: first.error },
  );
}

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };
