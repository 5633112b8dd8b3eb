/** Prometheus metrics of a worker: what its tasks say about once a second, and what its executors weigh. */
import type { ActorHost, ActorStatus } from '@sluice/actor';
import type { RunnableUnit, UnitId } from '@sluice/coordination';
import type { TaskCounters } from '@sluice/runtime';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

import { RestartMetrics } from './restart-metrics.ts';
import type { UnitObserver } from './unit-observer.ts';

const executorLabels: ('executor' | 'kind')[] = ['executor', 'kind'];

/** Name, help and value of each metric of a task. */
const perTask: readonly (readonly [string, string, (counters: TaskCounters) => number])[] = [
  ['sluice_task_records_in_total', 'Polled (source) or read (sink)', (c) => c.recordsIn],
  ['sluice_task_records_out_total', 'Acknowledged (source) or put (sink)', (c) => c.recordsOut],
  ['sluice_task_bytes_total', 'Bytes of keys, values and headers', (c) => c.bytes],
  ['sluice_task_batches_total', 'Batches', (c) => c.batches],
  ['sluice_task_offset_commits_total', 'Offset commits', (c) => c.commits],
  ['sluice_task_offset_commit_failures_total', 'Failed offset commits', (c) => c.commitFailures],
  ['sluice_task_retries_total', 'Calls that were tried again', (c) => c.retries],
  ['sluice_task_errors_total', 'Errors', (c) => c.errors],
  ['sluice_task_record_failures_total', 'Failed attempts at a record', (c) => c.recordFailures],
  ['sluice_task_record_errors_total', 'Records given up', (c) => c.recordErrors],
  [
    'sluice_task_records_skipped_total',
    'Records given up and passed over',
    (c) => c.recordsSkipped,
  ],
  ['sluice_task_errors_logged_total', 'Records told by errors.log.enable', (c) => c.errorsLogged],
  [
    'sluice_task_deadletterqueue_produce_requests_total',
    'Records for the dead letter queue',
    (c) => c.deadLetterRequests,
  ],
  [
    'sluice_task_deadletterqueue_produce_failures_total',
    'Records that the dead letter queue did not take',
    (c) => c.deadLetterFailures,
  ],
  [
    'sluice_task_last_error_timestamp_seconds',
    'When a record failed last; 0: never',
    (c) => c.lastErrorAtMs / 1000,
  ],
  ['sluice_task_records_active', 'Records under way', (c) => c.recordsActive],
  ['sluice_task_lag_records', 'Sink: records not read yet', (c) => c.lag],
];

export class TaskMetrics implements UnitObserver {
  readonly #registry = new Registry();
  readonly #latest = new Map<UnitId, { unit: RunnableUnit; counters: TaskCounters }>();
  readonly #gauges = perTask.map(([name, help, value]) => ({
    gauge: this.#gauge(name, help, ['connector', 'task', 'kind']),
    value,
  }));
  readonly #restarts = new RestartMetrics(this.#registry);
  readonly #executors = {
    actors: this.#gauge('sluice_executor_actors', 'Actors in an executor', executorLabels),
    heap: this.#gauge('sluice_executor_heap_used_bytes', 'Heap of an executor', executorLabels),
    tickAge: this.#gauge(
      'sluice_executor_tick_age_seconds',
      'Since it last answered',
      executorLabels,
    ),
  };
  readonly #leaseAge = this.#gauge(
    'sluice_worker_lease_age_seconds',
    'Since the last acknowledged heartbeat was sent',
    [],
  );

  constructor() {
    collectDefaultMetrics({ register: this.#registry });
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  record(unit: RunnableUnit, counters: TaskCounters): void {
    this.#latest.set(unit.unit, { unit, counters });
  }

  status(unit: RunnableUnit, status: ActorStatus): void {
    this.#restarts.status(unit, status);
  }

  forget(unit: UnitId): void {
    this.#latest.delete(unit);
    this.#restarts.forget(unit);
  }

  /** In Prometheus' text format, as of now. */
  async render(
    executors: ReturnType<ActorHost['executors']>,
    leaseAgeMs?: number,
  ): Promise<string> {
    const { actors, heap, tickAge } = this.#executors;
    for (const each of [actors, heap, tickAge]) each.reset();
    for (const { id: executor, kind, ...seen } of executors) {
      actors.set({ executor, kind }, seen.actors);
      heap.set({ executor, kind }, seen.heapUsedBytes);
      tickAge.set({ executor, kind }, seen.lastTickAgeMs / 1000);
    }
    this.#leaseAge.set((leaseAgeMs ?? Number.NaN) / 1000);
    for (const { gauge, value } of this.#gauges) {
      gauge.reset();
      for (const { unit, counters } of this.#latest.values()) {
        const { connector, task = 0 } = unit;
        gauge.set({ connector, task: String(task), kind: counters.kind }, value(counters));
      }
    }
    this.#restarts.show();
    return this.#registry.metrics();
  }

  #gauge<const Label extends string>(name: string, help: string, labels: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames: labels, registers: [this.#registry] });
  }
}
