/** What was found to be broken. The first one ends a run: what comes after it may only be its consequence. */

export type InvariantName =
  | 'I1'
  | 'I2'
  | 'I3'
  | 'I4'
  | 'I5'
  | 'I6'
  | 'I7'
  | 'I8'
  | 'I9'
  | 'I10'
  | 'I11'
  | 'I12'
  | 'I13'
  | 'law-5'
  | 'law-8'
  | 'requests'
  | 'offsets'
  | 'crash';

/** The sentence that each of them checks. */
export const invariants: Readonly<Record<InvariantName, string>> = {
  I1: 'no two accepted effects for a task where the later one has a lower fence',
  I2: 'no two workers may act for a unit or for a partition at the same time, nor do their effects interleave',
  I3: 'the fence of a unit grows with each owner, also across a loss of data: who owns it is never refused',
  I4: 'a committed offset never goes back, covers only what is stored, and is committed by the owner alone',
  I5: 'leader epochs grow, and the store accepts nothing of an older term after a newer one',
  I6: 'within a bound after the last fault every unit that is wanted runs',
  I7: 'a change of membership moves the units of who left, or the share of who joined, and no more',
  I8: 'after convergence the loads of workers are within one of each other',
  I9: 'a unit whose worker did not fail and that the leader did not take away never stops',
  I10: 'an outage of Redis, or a loss of data that is made up for, moves nothing',
  I11: 'after everything was deleted and stopped, neither keys nor timers are left',
  I12: 'what the cluster converged to is what the planner says of the same tasks and workers',
  I13: 'a worker that is cordoned, also since a former life under its name, is granted nothing',
  'law-5':
    'a status read never says RUNNING for the task of a worker that has been dead for a lease',
  'law-8':
    'with a journal, what a request changes is in it before it is in the store, and stays; the store has what it has',
  requests: 'what was acknowledged is in force, and requests take effect in the order of the store',
  offsets:
    'after the offsets of a stopped connector were changed, no former owner of its tasks is accepted, and who starts it next goes on from them',
  crash: 'no part of the product throws what nobody expects',
};

export interface Violation {
  readonly invariant: InvariantName;
  readonly atMs: number;
  /** What was seen. */
  readonly message: string;
}
