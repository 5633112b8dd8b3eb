/** Something to place: a task, or a connector's own unit (planned separately, by the same rule). */
export interface PlannerTask {
  readonly id: string;
  /** Persistent creation order. Its rank among all tasks is `j` of the formula. */
  readonly ordinal: number;
  readonly connector: string;
  /** Plugin class that a worker must have to run it. */
  readonly plugin: string;
  /** Worker that holds it now, live ones only. A name that is not among the workers counts as none. */
  readonly owner?: string;
}

export interface PlannerWorker {
  readonly worker: string;
  /** Its rank among the workers that take part is `i` of the formula. */
  readonly slot: number;
  /** Plugin classes that it has; absent: all. */
  readonly plugins?: ReadonlySet<string>;
  /**
   * `up` takes work; `leaving` (draining) gives everything away; `held` (announced restart): gives
   * everything away too, but with movement `literal` it keeps its place in the formula, so that only its
   * own tasks move, and come back. `cordoned` keeps what it has and that place, and takes nothing.
   */
  readonly state: 'up' | 'cordoned' | 'leaving' | 'held';
  /** Damping of a worker that keeps dying: the higher, the later it gets work. Default 0. */
  readonly penalty?: number;
}

export interface AssignmentPolicy {
  readonly strategy: 'modulo';
  readonly movement: 'minimal' | 'literal';
  /**
   * Moves of tasks that run well where they are that one round may make (causes `balance` and
   * `formula`). Orphans and the tasks of leaving workers are never limited. Infinity: all at once.
   */
  readonly balanceMovesMax: number;
}

/**
 * `orphan`: had no live owner. `drain`: its owner leaves, is held, or has not got its plugin.
 * `balance`: its owner had more than its share. `formula`: j mod N is another worker (literal only).
 */
export type MoveCause = 'orphan' | 'drain' | 'balance' | 'formula';

export interface AssignmentMove {
  readonly id: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly cause: MoveCause;
}

export interface AssignmentPlan {
  /** Every task that can be placed → its worker after this round. */
  readonly assignment: ReadonlyMap<string, string>;
  /** In the order of the tasks' ordinals. */
  readonly moves: readonly AssignmentMove[];
  /** Tasks that no worker which takes work can run; they are not in `assignment`, whoever holds them now. */
  readonly unplaceable: readonly { readonly id: string; readonly reason: string }[];
  /** Most minus fewest tasks of the workers that take work, after this round. */
  readonly spread: number;
  /** Balancing moves left out of this round because of `balanceMovesMax`. */
  readonly balanceRemaining: number;
}
