/** From what the store says of a unit and what is here of it, to what has to be done. Pure. */
import type { AssignedUnit } from '../store.ts';
import type { ReadingKind } from './assignment-reads.ts';
import type { LocalUnit } from './local-unit.ts';

export type UnitStep =
  | 'none'
  | 'claim'
  /** It has stopped, or never ran here: the store is only to be told. */
  | 'release'
  | 'stop'
  /** Something else is under way: the assignments are to be read again after it. */
  | 'later'
  /** The store forgot that it is ours and runs, too little to be noticed as a loss of data. */
  | 'claim again'
  /** The store lost a renewal of its fence, too little to be noticed as a loss of data. */
  | 'refence again'
  /** It is ours, and runs: what its connector wants may be new. */
  | 'follow';

export interface StepContext extends ReadingKind {
  readonly isDraining: boolean;
}

type Known = Pick<LocalUnit, 'uid' | 'refences' | 'stopping'> & {
  readonly runnable: Pick<LocalUnit['runnable'], 'fence'>;
};

export function decideStep(
  assigned: AssignedUnit,
  local: Known | undefined,
  { isDraining, isConfirming, readsAgain }: StepContext,
): UnitStep {
  if (!local) {
    if (assigned.order === 'stop') return 'release';
    return isDraining && !assigned.claimed ? 'none' : 'claim';
  }
  const { fence } = local.runnable;
  if (local.refences > 0) return 'later';
  // A higher fence: it was given to us anew before we heard that it is free.
  if (local.stopping) return assigned.fence > fence ? 'later' : 'none';
  const isAnother = assigned.fence !== fence || assigned.uid !== local.uid;
  if (isAnother || assigned.order === 'stop') {
    // An older answer may not know a fence that was just replaced: then it is lower.
    if (assigned.fence >= fence || isConfirming) return 'stop';
    return readsAgain ? 'refence again' : 'none';
  }
  return assigned.claimed ? 'follow' : 'claim again';
}
