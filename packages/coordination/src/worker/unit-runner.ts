/** The port from a worker's ownership to what actually runs units (executors in production). */
import type { ConnectorType, StatusReport, TargetState, UnitId } from '../model.ts';

/** Everything needed to run a unit; the configuration never leaves the process. */
export interface RunnableUnit {
  readonly unit: UnitId;
  readonly kind: 'connector' | 'task';
  readonly connector: string;
  readonly task?: number;
  readonly fence: number;
  readonly config: Readonly<Record<string, string>>;
  readonly connectorType: ConnectorType;
  readonly targetState: TargetState;
  readonly definitionVersion: number;
  readonly taskCount: number;
}

/** Monotonic ms, anchored to when the acknowledged beat was *sent*. */
export interface LeaseDeadlines {
  /** No new work afterwards. */
  readonly pauseAtMs: number;
  /** No effect whatsoever afterwards. */
  readonly quiesceAtMs: number;
}

export interface UnitRunner {
  /** Idempotent for the same unit and fence. Failures come as reports. */
  run(unit: RunnableUnit): void;
  /** Pause, resume, stop of a connector; a new definition of one. */
  update(unit: RunnableUnit): void;
  restart(unit: UnitId, fence: number): void;
  /** Resolves once nothing of the unit can have an effect any more. Never rejects. */
  stop(unit: UnitId, fence: number): Promise<void>;
  setLease(deadlines: LeaseDeadlines): void;
  /** After the deadline: every executor confirmed that nothing is in flight. */
  isQuiet(): boolean;
  /** Everything at once, without grace. Resolves when nothing of it lives. */
  abandonAll(): Promise<void>;
}

/** What the runner tells back. */
export interface UnitRunnerEvents {
  reported(unit: UnitId, fence: number, status: Omit<StatusReport, 'sinceMs'>): void;
  taskConfigs(
    connector: string,
    fence: number,
    definitionVersion: number,
    configs: readonly Readonly<Record<string, string>>[],
  ): void;
  /** Topics that a task wrote to or read from lately. */
  topicsUsed(unit: UnitId, fence: number, topics: readonly string[]): void;
  /** New fences for units whose executor was abandoned; those missing are not ours any more. */
  refence(
    units: readonly { readonly unit: UnitId; readonly fence: number }[],
  ): Promise<ReadonlyMap<UnitId, number>>;
}
