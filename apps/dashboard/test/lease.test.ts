import { expect, test } from 'vitest';
import type { StreamState } from '../src/live/live-store.ts';
import { shownLease } from '../src/state/lease.ts';

const leader = { coordinator: 'coordinator-1', epoch: 4, lease_ends_at_ms: 4_000 };
const live: StreamState = { kind: 'live' };
const stale: StreamState = { kind: 'stale', why: 'Redis does not answer' };
const broken: StreamState = { kind: 'broken', why: 'no coordinator answers' };

test.each([
  [live, 1_000, 'lease: 3.0 s left', 'dim'],
  [broken, 1_000, 'lease: 3.0 s left', 'dim'],
  [live, 4_000, 'its lease is over', 'tone-bad'],
  [stale, 4_000, 'lease: not known', 'dim'],
  [broken, 60_000, 'lease: not known', 'dim'],
])('of a stream that is %j at %d: %s', (stream, nowMs, text, tone) => {
  expect(shownLease(leader, stream, nowMs)).toEqual({ text, tone });
});
