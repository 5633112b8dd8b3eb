/** `/metrics` of a worker: itself and its executors, of which there are few, and its units, of which there are many. */
import type { ActorHost, ExecutorLoss } from '@sluice/actor';
import type { Clock } from '@sluice/kernel';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

import { allObservers, type UnitObserver } from '../unit-observer.ts';
import { InfoMetrics } from './info-metrics.ts';
import type { LeaseStats } from './lease-stats.ts';
import { RestartMetrics } from './restart-metrics.ts';
import { type MetricLimits, TaskMetrics } from './task-metrics.ts';
import { UnitMetrics } from './unit-metrics.ts';

/** What is looked at when somebody asks. */
export interface WorkerFacts {
  readonly executors: ReturnType<ActorHost['executors']>;
  readonly leaseAgeMs: number | undefined;
  readonly linesDropped: number;
}

const executorLabels: ('executor' | 'kind')[] = ['executor', 'kind'];
const queueSeconds = [0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

export class WorkerMetrics {
  readonly registry = new Registry();
  readonly lease: LeaseStats;
  readonly observer: UnitObserver;
  readonly #tasks: TaskMetrics;
  readonly #units: UnitMetrics;
  readonly #restarts: RestartMetrics;
  readonly #infos: InfoMetrics;
  readonly #limits: MetricLimits;
  readonly #executors = {
    actors: this.#gauge('sluice_executor_actors', 'Actors in an executor', executorLabels),
    heap: this.#gauge('sluice_executor_heap_used_bytes', 'Heap of an executor', executorLabels),
    tickAge: this.#gauge(
      'sluice_executor_tick_age_seconds',
      'Since it last answered',
      executorLabels,
    ),
    delay: this.#gauge(
      'sluice_executor_event_loop_delay_seconds',
      'p99 of the delay of its event loop over the last second',
      executorLabels,
    ),
  };
  readonly #losses = this.#counter(
    'sluice_executor_losses_total',
    'Executors that were given up, or died',
    ['what'],
  );
  readonly #leaseAge = this.#gauge(
    'sluice_worker_lease_age_seconds',
    'Since the last acknowledged heartbeat was sent',
  );
  readonly #leaseCounters = [
    ['sluice_worker_beats_sent_total', 'Heartbeats that were sent', 'beatsSent'],
    ['sluice_worker_beats_failed_total', 'Heartbeats that got no answer', 'beatsFailed'],
    [
      'sluice_worker_beats_late_total',
      'Heartbeats whose answer came after the next one was due',
      'beatsLate',
    ],
    [
      'sluice_worker_self_fences_total',
      'Times that the lease was over and executors had to be quiet, until it was renewed',
      'selfFences',
    ],
    [
      'sluice_worker_declared_dead_total',
      'Times that the cluster had declared it dead',
      'declaredDead',
    ],
  ].map(([name = '', help = '', field]) => ({
    counter: this.#counter(name, help),
    field: field as keyof LeaseStats,
  }));
  readonly #queue = new Histogram({
    name: 'sluice_worker_start_queue_seconds',
    help: 'From when a start job was added until its unit was claimed; by the clocks of two machines',
    buckets: queueSeconds,
    registers: [this.registry],
  });
  readonly #lines = this.#counter(
    'sluice_worker_log_lines_dropped_total',
    'Lines that are only in the log of the worker itself',
  );
  readonly #spans = {
    exported: this.#counter('sluice_worker_spans_exported_total', 'Spans that were exported'),
    dropped: this.#counter(
      'sluice_worker_spans_dropped_total',
      'Spans that were not exported: the exporter failed, or the queue was full',
    ),
  };
  readonly #leftOut = {
    tasks: this.#gauge(
      'sluice_metrics_tasks_left_out',
      'Tasks without metrics: there are more than SLUICE_METRICS_TASKS_MAX',
    ),
    partitions: this.#gauge(
      'sluice_metrics_partitions_left_out',
      'Partitions of sinks without a lag: there are more than SLUICE_METRICS_PARTITIONS_MAX',
    ),
  };

  constructor(lease: LeaseStats, limits: MetricLimits, clock: Clock) {
    collectDefaultMetrics({ register: this.registry });
    this.lease = lease;
    this.#limits = limits;
    this.#tasks = new TaskMetrics(limits);
    this.#units = new UnitMetrics(clock, limits.tasks);
    this.#restarts = new RestartMetrics(this.registry);
    this.#infos = new InfoMetrics(limits.tasks);
    this.observer = allObservers([this.#tasks, this.#units, this.#restarts, this.#infos]);
  }

  get contentType(): string {
    return this.registry.contentType;
  }

  executorLost({ what }: ExecutorLoss): void {
    this.#losses.inc({ what });
  }

  /** A start job whose unit was claimed. */
  claimed(waitedMs: number): void {
    this.#queue.observe(waitedMs / 1_000);
  }

  /** By an executor, since it told last. */
  spans({ exported, dropped }: { readonly exported: number; readonly dropped: number }): void {
    this.#spans.exported.inc(exported);
    this.#spans.dropped.inc(dropped);
  }

  /** In Prometheus' text format, as of now. */
  async render({ executors, leaseAgeMs, linesDropped }: WorkerFacts): Promise<string> {
    for (const each of Object.values(this.#executors)) each.reset();
    for (const { id: executor, kind, ...seen } of executors) {
      const labels = { executor, kind };
      this.#executors.actors.set(labels, seen.actors);
      this.#executors.heap.set(labels, seen.heapUsedBytes);
      this.#executors.tickAge.set(labels, seen.lastTickAgeMs / 1_000);
      this.#executors.delay.set(labels, seen.eventLoopDelayMs / 1_000);
    }
    this.#leaseAge.set((leaseAgeMs ?? Number.NaN) / 1_000);
    for (const { counter, field } of this.#leaseCounters) show(counter, this.lease[field]);
    show(this.#lines, linesDropped);
    this.#restarts.show(this.#limits.tasks);
    const many = this.#units.render() + this.#infos.render() + this.#tasks.render();
    this.#leftOut.tasks.set(this.#tasks.leftOut.tasks);
    this.#leftOut.partitions.set(this.#tasks.leftOut.partitions);
    return (await this.registry.metrics()) + many;
  }

  #gauge<const Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ): Gauge<Label> {
    return new Gauge({ name, help, labelNames, registers: [this.registry] });
  }

  #counter<const Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }
}

/** A total that somebody else counts. */
function show(counter: Counter, total: number): void {
  counter.reset();
  counter.inc(total);
}
