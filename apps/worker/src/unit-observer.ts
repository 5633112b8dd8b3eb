/** Whoever is interested in what units do: metrics, load reports. Must not throw. */
import type { ActorStatus } from '@sluice/actor';
import type { RunnableUnit, UnitId } from '@sluice/coordination';
import type { PartName, TaskCounters, TaskParts } from '@sluice/runtime';

export interface UnitObserver {
  /** About once a second while they change. */
  record(unit: RunnableUnit, counters: TaskCounters): void;
  status(unit: RunnableUnit, status: ActorStatus): void;
  /** Its connector, before each start. */
  plugin?(unit: RunnableUnit, plugin: PartName): void;
  /** What else a task is made of, with each start. */
  parts?(unit: RunnableUnit, parts: TaskParts): void;
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
    plugin: (unit, plugin) => {
      for (const each of observers) each.plugin?.(unit, plugin);
    },
    parts: (unit, parts) => {
      for (const each of observers) each.parts?.(unit, parts);
    },
    forget: (unit) => {
      for (const each of observers) each.forget(unit);
    },
  };
}
