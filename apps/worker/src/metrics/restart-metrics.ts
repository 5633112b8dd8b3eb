/** How often connectors and tasks were started since they last ran well, and when what failed is started again. */
import type { ActorStatus } from '@sluice/actor';
import type { RunnableUnit, UnitId } from '@sluice/coordination';
import { Counter, Gauge, type Registry } from 'prom-client';

import type { UnitObserver } from '../unit-observer.ts';

const labelNames: ('connector' | 'task' | 'unit')[] = ['connector', 'task', 'unit'];

interface Seen {
  readonly unit: RunnableUnit;
  readonly status: ActorStatus;
  readonly restarts: number;
}

export class RestartMetrics implements UnitObserver {
  readonly #seen = new Map<UnitId, Seen>();
  readonly #starts: Gauge<'connector' | 'task' | 'unit'>;
  readonly #restarts: Counter<'connector' | 'task' | 'unit'>;
  readonly #nextAt: Gauge<'connector' | 'task' | 'unit'>;

  constructor(registry: Registry) {
    const gauge = (name: string, help: string) =>
      new Gauge({ name, help, labelNames, registers: [registry] });
    this.#starts = gauge('sluice_unit_starts', 'Starts since it last ran well; 1: the first');
    this.#restarts = new Counter({
      name: 'sluice_unit_automatic_restarts_total',
      help: 'Failures after which it is, or was, started again without being asked',
      labelNames,
      registers: [registry],
    });
    this.#nextAt = gauge(
      'sluice_unit_next_start_timestamp_seconds',
      'When what failed is started again; only while it waits for that',
    );
  }

  record(): void {}

  status(unit: RunnableUnit, status: ActorStatus): void {
    const before = this.#seen.get(unit.unit);
    const { nextRetryAtMs } = status;
    // A status may be told twice.
    const isScheduled =
      nextRetryAtMs !== undefined && nextRetryAtMs !== before?.status.nextRetryAtMs;
    this.#seen.set(unit.unit, {
      unit,
      status,
      restarts: (before?.restarts ?? 0) + (isScheduled ? 1 : 0),
    });
  }

  forget(unit: UnitId): void {
    this.#seen.delete(unit);
  }

  /** Brings the metrics up to date, of so many units at most. */
  show(max: number): void {
    for (const metric of [this.#starts, this.#restarts, this.#nextAt]) metric.reset();
    for (const { unit, status, restarts } of [...this.#seen.values()].slice(0, max)) {
      const { connector, kind, task } = unit;
      const labels = {
        connector,
        unit: kind,
        ...(task === undefined ? {} : { task: String(task) }),
      };
      this.#starts.set(labels, status.attempts);
      this.#restarts.inc(labels, restarts);
      if (status.nextRetryAtMs !== undefined) this.#nextAt.set(labels, status.nextRetryAtMs / 1000);
    }
  }
}
