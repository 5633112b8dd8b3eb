/** What a record becomes as a job. */
import { DataError, type SinkRecord } from '@sluice/connector-api';
import type { JobsOptions } from 'bullmq';
import { jsonOf } from './json-data.ts';
import { queueNameProblem } from './redis-keys.ts';

export interface JobShape {
  /** With `{topic}` in it, the topic. */
  readonly queue: string;
  readonly name: string;
  readonly nameHeader: string | undefined;
  readonly priority: number | undefined;
  readonly priorityHeader: string | undefined;
  readonly delayMs: number | undefined;
  readonly delayHeader: string | undefined;
  /** The same for all jobs. */
  readonly options: JobsOptions;
}

export interface QueuedJob {
  readonly queue: string;
  readonly name: string;
  readonly data: unknown;
  readonly opts: JobsOptions & { readonly jobId: string };
}

/** BullMQ's. */
const priorityMax = 2_097_152;

/** @throws DataError for a record that cannot be a job. */
export function jobOf(record: SinkRecord, shape: JobShape): QueuedJob {
  const { offset, partition, topic } = record.original ?? record;
  const named = (text: string): string => text.replaceAll('{topic}', record.topic);
  const queue = named(shape.queue);
  const problem = queueNameProblem(queue);
  if (problem !== undefined) throw new DataError(problem);
  const priority = wholeNumber(record, shape.priorityHeader, priorityMax) ?? shape.priority;
  const delay = wholeNumber(record, shape.delayHeader, Number.MAX_SAFE_INTEGER) ?? shape.delayMs;
  return {
    queue,
    name: textOf(header(record, shape.nameHeader)) ?? named(shape.name),
    data: jsonOf(record.value ?? null),
    opts: {
      ...shape.options,
      ...(priority === undefined ? {} : { priority }),
      ...(delay === undefined ? {} : { delay }),
      // The same record is the same job, however often it comes.
      jobId: `${topic}-${String(partition)}-${String(offset)}`,
    },
  };
}

/** The last of that name, as Kafka's `lastHeader`. */
function header({ headers }: SinkRecord, name: string | undefined): unknown {
  return name === undefined ? undefined : headers?.findLast((each) => each.name === name)?.value;
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

function wholeNumber(
  record: SinkRecord,
  name: string | undefined,
  max: number,
): number | undefined {
  const value = header(record, name);
  if (value === undefined || value === null) return undefined;
  const number = typeof value === 'string' || typeof value === 'bigint' ? Number(value) : value;
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0 && number <= max)
    return number;
  throw new DataError(`header ${String(name)} is no whole number from 0 to ${String(max)}`);
}
