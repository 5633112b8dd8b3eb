/** What a job becomes as a record. */
import { type RecordHeader, schemas, type YieldedRecord } from '@sluice/connector-api';
import type { Job } from 'bullmq';

export interface RecordShape {
  /** With `{queue}` in it, the name of the queue. */
  readonly topic: string;
  /** `id`, `name`, `none`, or `data.` and the path of a field. */
  readonly key: string;
  readonly headerPrefix: string;
}

export function keyProblem(key: string): string | undefined {
  return /^(id|name|none|data(\.[^.]+)+)$/.test(key)
    ? undefined
    : 'Value must be id, name, none, or data. and the path of a field, as data.customer.id';
}

export function recordOf(
  job: Pick<Job, 'attemptsMade' | 'data' | 'id' | 'name' | 'opts' | 'timestamp'>,
  queue: string,
  { headerPrefix, key, topic }: RecordShape,
): YieldedRecord {
  const text = (name: string, value: string): RecordHeader => ({
    name: headerPrefix + name,
    value,
    schema: schemas.string,
  });
  const number = (name: string, value: number): RecordHeader => ({
    name: headerPrefix + name,
    value,
    schema: schemas.int64,
  });
  const { attemptsMade, opts, timestamp } = job;
  const id = job.id ?? '';
  return {
    topic: topic.replaceAll('{queue}', queue),
    key: keyOf(key, { id, name: job.name, data: job.data }),
    value: job.data ?? null,
    timestampMs: timestamp,
    headers: [
      text('queue', queue),
      text('id', id),
      text('name', job.name),
      number('timestamp', timestamp),
      number('attempts', attemptsMade),
      text('opts', JSON.stringify(opts)),
      ...(opts.priority ? [number('priority', opts.priority)] : []),
      ...(opts.delay ? [number('delay', opts.delay)] : []),
    ],
  };
}

function keyOf(
  key: string,
  { data, id, name }: { id: string; name: string; data: unknown },
): unknown {
  if (key === 'id') return id;
  if (key === 'name') return name;
  if (key === 'none') return null;
  let value = data;
  for (const field of key.split('.').slice(1)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return null;
    value = (value as Record<string, unknown>)[field];
  }
  return value ?? null;
}
