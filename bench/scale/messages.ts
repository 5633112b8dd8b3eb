/** What the processes of a measured cluster tell each other, over the channel of `fork`. */
import type { TimingProfileName } from '@sluice/coordination';

import type { ScriptCounts } from './script-counts.ts';

export interface ProcessUse {
  readonly rssMb: number;
  readonly heapMb: number;
  readonly cpuMs: number;
  readonly scripts: ScriptCounts;
}

export interface LeaderUse extends ProcessUse {
  /** The longest that anything kept its thread since it was asked last. */
  readonly blockedMs: number;
  readonly planMs: number;
}

export interface FleetState extends ProcessUse {
  readonly workers: number;
  readonly runningTasks: number;
  /** Fewest and most tasks of a worker. */
  readonly fewest: number;
  readonly most: number;
}

export interface FleetSettings {
  readonly url: string;
  readonly cluster: string;
  readonly workers: number;
  readonly profile: TimingProfileName;
}

export type Order =
  | { readonly order: 'state' }
  /** Kills the first worker, as SIGKILL does: it says nothing any more. */
  | { readonly order: 'kill' }
  | { readonly order: 'add' };

/** How a child is asked: one order after another, each is answered. */
export interface Child<State> extends AsyncDisposable {
  ask(order: Order): Promise<State>;
}
