/** Prometheus metrics of a worker: what its tasks say about once a second, and what its executors weigh. */
import type { ActorHost } from '@sluice/actor';
import type { RunnableUnit, UnitId } from '@sluice/coordination';
import type { TaskCounters } from '@sluice/runtime';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

const labelNames = ['connector', 'task', 'kind'] as const;

export class TaskMetrics {
  readonly registry = new Registry();
  readonly #latest = new Map<UnitId, { unit: RunnableUnit; counters: TaskCounters }>();

  constructor() {
    collectDefaultMetrics({ register: this.registry });
    this.#perTask(
      'sluice_task_records_in_total',
      'Polled (source) or read (sink)',
      (c) => c.recordsIn,
    );
    this.#perTask(
      'sluice_task_records_out_total',
      'Acknowledged (source) or put (sink)',
      (c) => c.recordsOut,
    );
    this.#perTask('sluice_task_bytes_total', 'Bytes of keys and values', (c) => c.bytes);
    this.#perTask('sluice_task_batches_total', 'Batches', (c) => c.batches);
    this.#perTask('sluice_task_offset_commits_total', 'Offset commits', (c) => c.commits);
    this.#perTask(
      'sluice_task_offset_commit_failures_total',
      'Offset commits that failed',
      (c) => c.commitFailures,
    );
    this.#perTask('sluice_task_retries_total', 'Calls that were tried again', (c) => c.retries);
    this.#perTask('sluice_task_errors_total', 'Errors', (c) => c.errors);
    this.#perTask('sluice_task_records_active', 'Records under way', (c) => c.recordsActive);
    this.#perTask('sluice_task_lag_records', 'Sink: records not read yet', (c) => c.lag);
  }

  record(unit: RunnableUnit, counters: TaskCounters): void {
    this.#latest.set(unit.unit, { unit, counters });
  }

  forget(unit: UnitId): void {
    this.#latest.delete(unit);
  }

  watch(host: ActorHost, leaseAgeMs: () => number | undefined): void {
    const actors = this.#gauge('sluice_executor_actors', 'Actors in an executor', [
      'executor',
      'kind',
    ]);
    const heap = this.#gauge('sluice_executor_heap_used_bytes', 'Heap of an executor', [
      'executor',
      'kind',
    ]);
    const ticks = this.#gauge('sluice_executor_tick_age_seconds', 'Since it last answered', [
      'executor',
      'kind',
    ]);
    new Gauge({
      name: 'sluice_worker_lease_age_seconds',
      help: 'Since the last acknowledged heartbeat was sent',
      registers: [this.registry],
      collect() {
        for (const each of [actors, heap, ticks]) each.reset();
        for (const executor of host.executors()) {
          const labels = { executor: executor.id, kind: executor.kind };
          actors.set(labels, executor.actors);
          heap.set(labels, executor.heapUsedBytes);
          ticks.set(labels, executor.lastTickAgeMs / 1000);
        }
        this.set((leaseAgeMs() ?? Number.NaN) / 1000);
      },
    });
  }

  #gauge<const Label extends string>(name: string, help: string, labels: Label[]): Gauge<Label> {
    return new Gauge({ name, help, labelNames: labels, registers: [this.registry] });
  }

  #perTask(name: string, help: string, value: (counters: TaskCounters) => number): void {
    const latest = this.#latest;
    new Gauge({
      name,
      help,
      labelNames,
      registers: [this.registry],
      collect() {
        this.reset();
        for (const { unit, counters } of latest.values()) {
          const { connector, task = 0 } = unit;
          this.set({ connector, task: String(task), kind: counters.kind }, value(counters));
        }
      },
    });
  }
}
