/** What is left of the leader's lease, in words. */
import type { LiveLeader } from '@sluice/rest-api/live';
import { span } from '../format/times.ts';
import type { StreamState } from '../live/live-store.ts';

export interface ShownLease {
  readonly text: string;
  readonly tone: 'dim' | 'tone-bad';
}

/**
 * As it was seen last: it is renewed all the time, so that what is shown is the least that is left. Of one that would be over
 * while nothing comes, nothing is known: most likely it was renewed, and only this page has not heard of it.
 */
export function shownLease(
  { lease_ends_at_ms: endsAtMs }: LiveLeader,
  { kind }: StreamState,
  nowMs: number,
): ShownLease {
  const leftMs = endsAtMs - nowMs;
  if (leftMs > 0) return { text: `lease: ${span(leftMs)} left`, tone: 'dim' };
  return kind === 'live'
    ? { text: 'its lease is over', tone: 'tone-bad' }
    : { text: 'lease: not known', tone: 'dim' };
}
