/** What a worker knows of a unit that it owns. */
import { parseUnit, type StatusReport } from '../model.ts';
import type { ClaimResult, Ownership } from '../store.ts';
import type { RunnableUnit } from './unit-runner.ts';

export interface LocalUnit {
  runnable: RunnableUnit;
  readonly uid: string;
  readonly epoch: number;
  restarts: number;
  /** Set once; resolves when it was released or turned out not to be ours. */
  stopping?: Promise<void>;
  /** Set with it; resolves when nothing of it can have an effect any more. */
  stopped?: Promise<void>;
  /** Renewals of its fence under way: what the store says about it is about to change. */
  refences: number;
  /** The assignments said something of it that could not be done yet: read them again. */
  isPassedOver: boolean;
  /** What was said of it last, for a store that lost it. */
  status?: UnitStatus;
  publication?: Publication;
}

/** The store adds since when. */
export type UnitStatus = Omit<StatusReport, 'sinceMs'>;

/** The tasks that a connector wants. */
export interface Publication {
  readonly fence: number;
  readonly definitionVersion: number;
  readonly configs: readonly Readonly<Record<string, string>>[];
}

export type Claimed = Extract<ClaimResult, { kind: 'claimed' }>;

export function localUnitOf(ownership: Ownership, claimed: Claimed): LocalUnit {
  const { uid, epoch, restarts } = claimed;
  const runnable = runnableOf(ownership, claimed);
  return { runnable, uid, epoch, restarts, refences: 0, isPassedOver: false };
}

export function runnableOf({ unit, fence }: Ownership, claimed: Claimed): RunnableUnit {
  const { config, connectorType, targetState, definitionVersion, taskCount } = claimed;
  return {
    ...parseUnit(unit),
    unit,
    fence,
    config,
    connectorType,
    targetState,
    definitionVersion,
    taskCount,
  };
}

/** The store lost the definition that was known here, and has given its version to another one since. */
export function isOtherUnderSameVersion(before: RunnableUnit, now: RunnableUnit): boolean {
  if (before.definitionVersion !== now.definitionVersion) return false;
  const keys = new Set([...Object.keys(before.config), ...Object.keys(now.config)]);
  return [...keys].some((key) => before.config[key] !== now.config[key]);
}
