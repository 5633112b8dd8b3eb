/**
 * What happens to a source's batch before it is produced: transformed, grouped by topic, converted. Works on whole
 * batches: at most one promise for each call of a converter, none for a record. Records that fail and are
 * tolerated are left out, and their dead letters go with the batch: its offsets are stored after both.
 */
import type { SourceRecord } from '@sluice/connector-api';
import { type Header, type ProduceRecord, recordBytes, type TopicBatch } from '@sluice/record-log';
import type { TransformationChain } from '@sluice/transforms';

import { type BatchWatch, unwatched } from './batch-watch.ts';
import { type Part, toBytes } from './convert-batch.ts';
import { BatchFailures } from './errors/batch-failures.ts';
import { convertedAsFarAsPossible } from './errors/letter-of-source.ts';
import type { FailedPolled, TaskErrors } from './errors/task-errors.ts';
import type { TaskConverters } from './task-converters.ts';
import { traced } from './tracing/batch-trace.ts';
import { transformRecords } from './transform-records.ts';

/** Records of one poll, ready to be produced. */
export interface ProcessedBatch {
  /** As polled. */
  readonly records: readonly SourceRecord[];
  /** Index by index with `records`: as transformed; null: an offset alone, dropped, or given up. */
  readonly transformed: readonly (SourceRecord | null)[];
  readonly droppedCount: number;
  readonly topics: readonly TopicBatch[];
  /** For each element of `topics`: index into `records` of each of its records; undefined: the same index. */
  readonly positions: readonly (readonly number[] | undefined)[];
  /** Of what was given up; to be produced with `topics`. */
  readonly deadLetters: readonly ProduceRecord[];
  /** Of keys, values and headers: what is bounded while it is on its way. */
  readonly bytes: number;
}

/**
 * `chain` is undefined where nothing is transformed; without `errors` the first failure is thrown.
 * @throws SluiceError `task.transformation_failed` or `task.conversion_failed` for a record that must not be left out.
 */
export async function processSourceBatch(
  records: readonly SourceRecord[],
  converters: TaskConverters,
  chain?: TransformationChain,
  errors?: TaskErrors,
  { stages, trace }: BatchWatch = unwatched,
): Promise<ProcessedBatch> {
  const failures = new BatchFailures(errors);
  const written = records.some((record) => record.isOffsetOnly)
    ? records.map((record) => (record.isOffsetOnly ? null : record))
    : records;
  const transformed = chain
    ? await traced(trace, 'transform', { records: records.length }, () =>
        transformRecords(written, chain, failures, stages),
      )
    : written;
  const converted = await traced(trace, 'convert', {}, () =>
    convertGroups(groupByTopic(transformed), converters, failures, trace?.header),
  );
  const { positions, sent, topics } = converted;
  let { bytes } = converted;
  const result = { records, droppedCount: records.length - sent, topics, positions };
  if (failures.size === 0) return { ...result, transformed, deadLetters: [], bytes };
  const deadLetters = errors
    ? await lettersOf(records, transformed, failures, converters, errors)
    : [];
  for (const letter of deadLetters) bytes += recordBytes(letter);
  return {
    ...result,
    transformed: transformed.map((record, index) => (failures.has(index) ? null : record)),
    deadLetters,
    bytes,
  };
}

async function lettersOf(
  records: readonly SourceRecord[],
  transformed: readonly (SourceRecord | null)[],
  failures: BatchFailures,
  converters: TaskConverters,
  errors: TaskErrors,
): Promise<ProduceRecord[]> {
  const failed: FailedPolled[] = [];
  for (const [index, failure] of failures.entries()) {
    const polled = records[index];
    const record = transformed[index] ?? polled;
    if (!polled || !record) continue;
    failed.push({
      ...failure,
      polled,
      converted: await convertedAsFarAsPossible(record, converters, errors.settings.deadLetters),
      place: { topic: record.topic, partition: record.partition ?? -1, offset: -1 },
    });
  }
  return errors.giveUpPolled(failed);
}

interface ConvertedGroups extends Pick<ProcessedBatch, 'bytes' | 'positions' | 'topics'> {
  readonly sent: number;
}

/** `header`: for each of the records. */
async function convertGroups(
  groups: readonly TopicGroup[],
  converters: TaskConverters,
  failures: BatchFailures,
  header: Header | undefined,
): Promise<ConvertedGroups> {
  const topics: TopicBatch[] = [];
  const positions: (readonly number[] | undefined)[] = [];
  let bytes = 0;
  let sent = 0;
  for (const group of groups) {
    const produced = await toProduceRecords(group, converters, failures, header);
    const kept = failures.size === 0 ? produced : withoutFailed(produced, failures);
    if (kept.records.length === 0) continue;
    for (const record of kept.records) bytes += recordBytes(record);
    topics.push({ topic: group.topic, records: kept.records });
    positions.push(kept.positions);
    sent += kept.records.length;
  }
  return { topics, positions, bytes, sent };
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

interface Produced {
  readonly records: readonly ProduceRecord[];
  readonly positions: readonly number[] | undefined;
}

/** Headers first, as in Kafka Connect: of a record the first failure is told. */
async function toProduceRecords(
  { positions, records, topic }: TopicGroup,
  converters: TaskConverters,
  failures: BatchFailures,
  header: Header | undefined,
): Promise<Produced> {
  // One array for all, which logs and readers see to be the same.
  const alone: readonly [Header] | undefined = header && [header];
  const at = (index: number): number => positions?.[index] ?? index;
  const shared = { topic, converters, failures, where: () => topic };
  const headers = await toHeaders({ ...shared, role: 'header', at }, records);
  const keySchemas = records.some((record) => record.keySchema)
    ? records.map((record) => record.keySchema)
    : undefined;
  const valueSchemas = records.some((record) => record.valueSchema)
    ? records.map((record) => record.valueSchema)
    : undefined;
  const keys = await toBytes(
    { ...shared, role: 'key', at },
    records.map((record) => record.key),
    keySchemas,
  );
  const values = await toBytes(
    { ...shared, role: 'value', at },
    records.map((record) => record.value),
    valueSchemas,
  );
  const produced = records.map((record, index) => {
    const made: Mutable<ProduceRecord> = {
      key: keys?.[index] ?? null,
      value: values?.[index] ?? null,
    };
    const ownHeaders = withHeader(headers?.[index], alone);
    if (ownHeaders) made.headers = ownHeaders;
    if (record.timestampMs !== undefined) made.timestampMs = record.timestampMs;
    if (record.partition !== undefined) made.partition = record.partition;
    return made;
  });
  return { records: produced, positions };
}

/** A record that has one of this name keeps its own. */
function withHeader(
  own: readonly Header[] | undefined,
  added: readonly [Header] | undefined,
): readonly Header[] | undefined {
  if (!added) return own;
  if (!own || own.length === 0) return added;
  const [[addedName]] = added;
  return own.some(([name]) => name === addedName) ? own : [...own, ...added];
}

function withoutFailed({ positions, records }: Produced, failures: BatchFailures): Produced {
  const kept = records.flatMap((record, index) => {
    const position = positions?.[index] ?? index;
    return failures.has(position) ? [] : [{ record, position }];
  });
  if (kept.length === records.length) return { positions, records };
  return {
    records: kept.map(({ record }) => record),
    positions: kept.map(({ position }) => position),
  };
}

/** The headers of all records in one call of the converter. */
async function toHeaders(
  part: Part,
  records: readonly SourceRecord[],
): Promise<(readonly Header[] | undefined)[] | undefined> {
  if (!records.some((record) => record.headers && record.headers.length > 0)) return undefined;
  const all = records.flatMap((record) => record.headers ?? []);
  const owners = records.flatMap((record, index) => (record.headers ?? []).map(() => index));
  const bytes = await toBytes(
    { ...part, at: (index) => part.at(owners[index] ?? 0) },
    all.map((header) => header.value),
    all.some((header) => header.schema) ? all.map((header) => header.schema) : undefined,
  );
  let next = 0;
  return records.map((record) =>
    record.headers?.map(({ name }): Header => [name, bytes?.[next++] ?? null]),
  );
}

type Mutable<Type> = { -readonly [Name in keyof Type]: Type[Name] };
