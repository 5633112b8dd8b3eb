/** The metrics of tasks, and where each is in what a task tells. */
import {
  type Histogram,
  histogramBounds,
  type TaskCounters,
  type TransformCounters,
} from '@sluice/runtime';

import type { MetricFamily } from './exposition.ts';

type Kind = TaskCounters['kind'];

interface TaskFamily extends MetricFamily {
  /** Of which tasks; default: all. */
  readonly of?: Kind;
}

export interface NumberFamily extends TaskFamily {
  /** Null: not known, and not shown. */
  readonly value: (counters: TaskCounters) => number | null;
}

export interface HistogramFamily extends TaskFamily {
  readonly bounds: readonly number[];
  readonly histogram: (counters: TaskCounters) => Histogram;
}

const counter = (name: string, help: string, value: NumberFamily['value']): NumberFamily => ({
  name: `sluice_task_${name}_total`,
  help,
  type: 'counter',
  value,
});

const gauge = (
  name: string,
  help: string,
  value: NumberFamily['value'],
  of?: Kind,
): NumberFamily => ({ name: `sluice_task_${name}`, help, type: 'gauge', value, ...(of && { of }) });

/** Not shown before the first time. */
const time = (ms: number): number | null => (ms === 0 ? null : ms / 1_000);

export const taskFamilies: readonly NumberFamily[] = [
  counter('records_in', 'Polled (source) or read (sink)', (c) => c.recordsIn),
  counter('records_out', 'Acknowledged (source) or put (sink)', (c) => c.recordsOut),
  counter('bytes', 'Bytes of keys, values and headers', (c) => c.bytes),
  counter('batches', 'Batches polled (source) or put (sink)', (c) => c.batches),
  counter('offset_commits', 'Offset commits', (c) => c.commits),
  counter('offset_commit_failures', 'Failed offset commits', (c) => c.commitFailures),
  counter('retries', 'Calls that were tried again', (c) => c.retries),
  counter('errors', 'Errors that were passed over, or failed the task', (c) => c.errors),
  counter('record_failures', 'Failed attempts at a record', (c) => c.recordFailures),
  counter('record_errors', 'Records given up', (c) => c.recordErrors),
  counter('records_skipped', 'Records given up and passed over', (c) => c.recordsSkipped),
  counter('errors_logged', 'Records told by errors.log.enable', (c) => c.errorsLogged),
  counter(
    'deadletterqueue_produce_requests',
    'Records for the dead letter queue',
    (c) => c.deadLetterRequests,
  ),
  counter(
    'deadletterqueue_produce_failures',
    'Records that the dead letter queue did not take',
    (c) => c.deadLetterFailures,
  ),
  gauge('last_error_timestamp_seconds', 'When a record failed last', (c) => time(c.lastErrorAtMs)),
  gauge('last_offset_commit_timestamp_seconds', 'When offsets were committed last', (c) =>
    time(c.lastCommitAtMs),
  ),
  gauge('records_active', 'Records under way', (c) => c.recordsActive),
  gauge('batch_records_max', 'Records of the largest batch', (c) => c.batchRecordsMax),
  gauge('partitions', 'Partitions assigned', (c) => c.partitions, 'sink'),
  gauge('lag_records', 'Records of all its partitions not read yet', (c) => c.lag, 'sink'),
  gauge(
    'lag_max_records',
    'Records not read yet of the partition that has most of them',
    (c) => Math.max(0, ...c.lags.values()),
    'sink',
  ),
  gauge(
    'source_delay_seconds',
    'How old the newest record was when it was polled, where records have a time',
    (c) => (c.sourceDelayMs === null ? null : c.sourceDelayMs / 1_000),
    'source',
  ),
];

export const taskHistograms: readonly HistogramFamily[] = [
  {
    name: 'sluice_task_batch_records',
    help: 'Records of a batch',
    type: 'histogram',
    bounds: histogramBounds.records,
    histogram: (c) => c.batchRecords,
  },
  {
    name: 'sluice_task_poll_seconds',
    help: 'Duration of a poll that returned records',
    type: 'histogram',
    of: 'source',
    bounds: histogramBounds.seconds,
    histogram: (c) => c.callSeconds,
  },
  {
    name: 'sluice_task_put_seconds',
    help: 'Duration of a put',
    type: 'histogram',
    of: 'sink',
    bounds: histogramBounds.seconds,
    histogram: (c) => c.callSeconds,
  },
  {
    name: 'sluice_task_offset_commit_seconds',
    help: 'Duration of an offset commit, with the flush of a sink',
    type: 'histogram',
    bounds: histogramBounds.seconds,
    histogram: (c) => c.commitSeconds,
  },
];

/** With the label `transform`. */
export const transformFamilies: readonly (MetricFamily & {
  readonly value: (counters: TransformCounters) => number;
})[] = [
  {
    name: 'sluice_task_transform_records_in_total',
    help: 'Records that came to a transform',
    type: 'counter',
    value: (c) => c.recordsIn,
  },
  {
    name: 'sluice_task_transform_records_out_total',
    help: 'Records that went on from a transform',
    type: 'counter',
    value: (c) => c.recordsOut,
  },
  {
    name: 'sluice_task_transform_seconds_total',
    help: 'Time in a transform, waits between attempts included',
    type: 'counter',
    value: (c) => c.seconds,
  },
];

export const partitionLag: MetricFamily = {
  name: 'sluice_task_partition_lag_records',
  help: 'Records of a partition not read yet',
  type: 'gauge',
};
