/**
 * The last minutes of the cluster, one sample a second, for the charts: kept in the browser, since the cluster keeps
 * none. Pure.
 */
import type { LiveView } from '@sluice/rest-api/live';
import { totals } from '../state/totals.ts';

export interface Sample {
  readonly atMs: number;
  readonly recordsIn: number;
  readonly recordsOut: number;
  readonly lag: number | null;
  readonly running: number;
  readonly abnormal: number;
}

/** Ten minutes. */
export const samplesMax = 600;

export function sampleOf(view: LiveView, atMs: number): Sample {
  const { recordsIn, recordsOut, lag, byState, stalled } = totals(view);
  const abnormal = byState.FAILED + byState.RESTARTING + byState.UNASSIGNED + stalled;
  return { atMs, recordsIn, recordsOut, lag, running: byState.RUNNING - stalled, abnormal };
}

export function withSample(history: readonly Sample[], sample: Sample): readonly Sample[] {
  const kept =
    history.length < samplesMax ? history : history.slice(history.length - samplesMax + 1);
  return [...kept, sample];
}
