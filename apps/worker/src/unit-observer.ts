/** Whoever is interested in what units do: metrics, load reports. Must not throw. */
import type { ActorStatus } from '@sluice/actor';
import type { RunnableUnit, UnitId } from '@sluice/coordination';
import type { TaskCounters } from '@sluice/runtime';

export interface UnitObserver {
  /** About once a second while they change. */
  record(unit: RunnableUnit, counters: TaskCounters): void;
  status(unit: RunnableUnit, status: ActorStatus): void;
  /** It does not run here any more. */
  forget(unit: UnitId): void;
}

export function allObservers(observers: readonly UnitObserver[]): UnitObserver {
  return {
    record: (unit, counters) => {
      for (const each of observers) each.record(unit, counters);
    },
    status: (unit, status) => {
      for (const each of observers) each.status(unit, status);
    },
    forget: (unit) => {
      for (const each of observers) each.forget(unit);
    },
  };
}
