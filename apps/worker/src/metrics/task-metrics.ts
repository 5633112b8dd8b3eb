/**
 * Metrics of the tasks of a worker: what they told last, about a second ago. Of more tasks or partitions than there may
 * be, those with the most to tell are not sought out: the rest is left out, and counted.
 */
import type { RunnableUnit, UnitId } from '@sluice/coordination';
import type { TaskCounters } from '@sluice/runtime';

import type { UnitObserver } from '../unit-observer.ts';
import { familyText, histogramText, labelText } from './exposition.ts';
import { partitionLag, taskFamilies, taskHistograms, transformFamilies } from './task-families.ts';

export interface MetricLimits {
  readonly tasks: number;
  /** Of sinks. */
  readonly partitions: number;
}

interface Told {
  readonly labels: string;
  readonly counters: TaskCounters;
}

export class TaskMetrics implements UnitObserver {
  readonly #limits: MetricLimits;
  readonly #told = new Map<UnitId, Told>();
  /** Of the last time that it was shown. */
  leftOut = { tasks: 0, partitions: 0 };

  constructor(limits: MetricLimits) {
    this.#limits = limits;
  }

  record(unit: RunnableUnit, counters: TaskCounters): void {
    const { connector, task = 0 } = unit;
    const labels =
      this.#told.get(unit.unit)?.labels ??
      labelText({ connector, task: String(task), kind: counters.kind });
    this.#told.set(unit.unit, { labels, counters });
  }

  status(): void {}

  forget(unit: UnitId): void {
    this.#told.delete(unit);
  }

  render(): string {
    const all = [...this.#told.values()];
    const shown = all.slice(0, this.#limits.tasks);
    const numbers = taskFamilies.map((family) =>
      familyText(
        family,
        shown.flatMap(({ labels, counters }) => {
          const value = isOf(family.of, counters) ? family.value(counters) : null;
          return value === null ? [] : [[labels, value] as const];
        }),
      ),
    );
    const histograms = taskHistograms.map((family) =>
      histogramText(
        family,
        family.bounds,
        shown.flatMap(({ labels, counters }) =>
          isOf(family.of, counters) ? [[labels, family.histogram(counters)] as const] : [],
        ),
      ),
    );
    const transforms = transformFamilies.map((family) =>
      familyText(
        family,
        shown.flatMap(({ labels, counters }) =>
          counters.transforms.map(
            (each) =>
              [`${labels},${labelText({ transform: each.name })}`, family.value(each)] as const,
          ),
        ),
      ),
    );
    const lags = shown.flatMap(({ labels, counters }) =>
      [...counters.lags].map(
        ([partition, lag]) => [`${labels},${partitionText(partition)}`, lag] as const,
      ),
    );
    this.leftOut = {
      tasks: all.length - shown.length,
      partitions:
        shown.reduce((sum, { counters }) => sum + counters.partitions, 0) -
        Math.min(lags.length, this.#limits.partitions),
    };
    return [
      ...numbers,
      ...histograms,
      ...transforms,
      familyText(partitionLag, lags.slice(0, this.#limits.partitions)),
    ].join('');
  }
}

function isOf(kind: TaskCounters['kind'] | undefined, counters: TaskCounters): boolean {
  return kind === undefined || kind === counters.kind;
}

/** `orders-0` */
function partitionText(name: string): string {
  const dash = name.lastIndexOf('-');
  return labelText({ topic: name.slice(0, dash), partition: name.slice(dash + 1) });
}
