/**
 * The last minutes of the cluster, one sample a second, for the charts: kept in the browser, since the cluster keeps
 * none. Pure.
 */
import type { LiveView } from '@sluice/rest-api/live';
import { totals } from '../state/totals.ts';

/** null: not known then. */
export interface Sample {
  readonly atMs: number;
  readonly recordsIn: number | null;
  readonly recordsOut: number | null;
  readonly lag: number | null;
  readonly running: number | null;
  readonly abnormal: number | null;
}

/** Ten minutes. */
export const samplesMax = 600;
/** Samples that are farther apart are not joined: nobody looked in between, or nothing came. */
const apartMs = 5_000;

export function sampleOf(view: LiveView, atMs: number): Sample {
  const { recordsIn, recordsOut, lag, byState, stalled } = totals(view);
  const abnormal = byState.FAILED + byState.RESTARTING + byState.UNASSIGNED + stalled;
  return { atMs, recordsIn, recordsOut, lag, running: byState.RUNNING - stalled, abnormal };
}

export function withSample(history: readonly Sample[], sample: Sample): readonly Sample[] {
  const last = history.at(-1);
  const isApart = last !== undefined && sample.atMs - last.atMs > apartMs;
  const added = isApart ? [nothingKnown(last.atMs + 1), sample] : [sample];
  return [...history, ...added].slice(-samplesMax);
}

function nothingKnown(atMs: number): Sample {
  return { atMs, recordsIn: null, recordsOut: null, lag: null, running: null, abnormal: null };
}
