/**
 * What the guards of an instrumented program go through: they count as they are, but for the one that is broken. Notes
 * on the way which guards said yes, and which said no: a mutation that would have changed nothing cannot be noticed.
 */
import type { BrokenGuard, MutationKind } from './mutation.ts';

declare global {
  /** Called by instrumented TypeScript. */
  var sluiceGuard: typeof passGuard;
  /** Of all copies of this module that a program has loaded. */
  var sluiceGuards: GuardStates;
}

interface GuardStates {
  /** Number of the guard that is broken, or -1. */
  broken: number;
  how: MutationKind;
  said: Uint8Array;
}

const saidNo = 1;
const saidYes = 2;

globalThis.sluiceGuard ??= passGuard;
globalThis.sluiceGuards ??= { broken: -1, how: 'true', said: new Uint8Array(0) };
const states = globalThis.sluiceGuards;

export function passGuard<T>(number: number, value: T): T | boolean {
  if (number !== states.broken) {
    states.said[number] = (states.said[number] ?? 0) | (value ? saidYes : saidNo);
    return value;
  }
  return states.how === 'inverted' ? !value : states.how === 'true';
}

/** Everything as it is, for a program of so many guards; what they say is noted from now on. */
export function observeGuards(count: number): void {
  states.broken = -1;
  states.said = new Uint8Array(count);
}

/** What was noted since. */
export function observedGuards(): Uint8Array {
  return states.said;
}

export function breakGuard({ number, kind }: BrokenGuard): void {
  states.broken = number;
  states.how = kind;
}

/** Whether the guard would have said something else with that mutation, at some time. */
export function wouldDiffer(observed: Uint8Array, { number, kind }: BrokenGuard): boolean {
  const bits = observed[number] ?? 0;
  if (kind === 'inverted') return bits !== 0;
  return (bits & (kind === 'true' ? saidNo : saidYes)) !== 0;
}
