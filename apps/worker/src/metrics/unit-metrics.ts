/** Metrics of connectors and tasks as actors: state, how long it had it, starts that came to something or did not. */
import type { ActorStatus } from '@sluice/actor';
import type { RunnableUnit, UnitId } from '@sluice/coordination';
import type { Clock } from '@sluice/kernel';

import type { UnitObserver } from '../unit-observer.ts';
import { familyText, labelText, type MetricFamily } from './exposition.ts';

type State = ActorStatus['state'];

interface Seen {
  readonly labels: string;
  readonly beganAtMs: number;
  readonly state: State;
  readonly stateSinceMs: number;
  readonly runningMs: number;
  readonly pausedMs: number;
}

export const unitFamilies = {
  state: {
    name: 'sluice_unit_state',
    help: 'State of a connector or task; always 1',
    type: 'gauge',
  },
  running: {
    name: 'sluice_unit_running_ratio',
    help: 'Part of the time since it came to this worker in which it was RUNNING',
    type: 'gauge',
  },
  paused: {
    name: 'sluice_unit_paused_ratio',
    help: 'Part of the time since it came to this worker in which it was PAUSED',
    type: 'gauge',
  },
  startups: {
    name: 'sluice_worker_unit_starts_total',
    help: 'Starts of connectors and tasks, and what came of them',
    type: 'counter',
  },
  units: {
    name: 'sluice_worker_units',
    help: 'Connectors and tasks that this worker runs',
    type: 'gauge',
  },
} as const satisfies Readonly<Record<string, MetricFamily>>;

export class UnitMetrics implements UnitObserver {
  readonly #clock: Clock;
  readonly #max: number;
  readonly #seen = new Map<UnitId, Seen & { readonly kind: RunnableUnit['kind'] }>();
  readonly #starts = new Map<string, number>();

  /** `max`: units that are shown. */
  constructor(clock: Clock, max: number) {
    this.#clock = clock;
    this.#max = max;
    for (const unit of ['connector', 'task'] as const) {
      for (const result of ['success', 'failure']) this.#starts.set(labelText({ unit, result }), 0);
    }
  }

  record(): void {}

  status(unit: RunnableUnit, { state }: ActorStatus): void {
    const nowMs = this.#clock.monotonicMs();
    const before = this.#seen.get(unit.unit);
    const wasUp = before !== undefined && isUp(before.state);
    if (isUp(state) && !wasUp) this.#count(unit, 'success');
    // One that was up did start; what failed it came later.
    if (!isUp(state) && !wasUp && before?.state !== 'FAILED') this.#count(unit, 'failure');
    const { connector, kind, task } = unit;
    const spent = before ? spentIn(before, nowMs) : { runningMs: 0, pausedMs: 0 };
    this.#seen.set(unit.unit, {
      kind,
      labels:
        before?.labels ??
        labelText({ connector, unit: kind, ...(task !== undefined && { task: String(task) }) }),
      beganAtMs: before?.beganAtMs ?? nowMs,
      state,
      stateSinceMs: nowMs,
      ...spent,
    });
  }

  forget(unit: UnitId): void {
    this.#seen.delete(unit);
  }

  render(): string {
    const nowMs = this.#clock.monotonicMs();
    const shown = [...this.#seen.values()].slice(0, this.#max);
    const ratio = (name: 'runningMs' | 'pausedMs'): (readonly [string, number])[] =>
      shown.map((seen) => {
        const lifeMs = Math.max(1, nowMs - seen.beganAtMs);
        return [seen.labels, Math.round((spentIn(seen, nowMs)[name] / lifeMs) * 1_000) / 1_000];
      });
    const count = (kind: RunnableUnit['kind']): number =>
      [...this.#seen.values()].filter((seen) => seen.kind === kind).length;
    return [
      familyText(
        unitFamilies.state,
        shown.map(({ labels, state }) => [`${labels},state="${state}"`, 1]),
      ),
      familyText(unitFamilies.running, ratio('runningMs')),
      familyText(unitFamilies.paused, ratio('pausedMs')),
      familyText(unitFamilies.startups, [...this.#starts]),
      familyText(
        unitFamilies.units,
        (['connector', 'task'] as const).map((unit) => [labelText({ unit }), count(unit)]),
      ),
    ].join('');
  }

  #count({ kind: unit }: RunnableUnit, result: 'success' | 'failure'): void {
    const labels = labelText({ unit, result });
    this.#starts.set(labels, (this.#starts.get(labels) ?? 0) + 1);
  }
}

function isUp(state: State): boolean {
  return state === 'RUNNING' || state === 'PAUSED';
}

function spentIn(seen: Seen, nowMs: number): { runningMs: number; pausedMs: number } {
  const { runningMs, pausedMs, state } = seen;
  const ms = nowMs - seen.stateSinceMs;
  return {
    runningMs: runningMs + (state === 'RUNNING' ? ms : 0),
    pausedMs: pausedMs + (state === 'PAUSED' ? ms : 0),
  };
}
