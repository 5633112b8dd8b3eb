import { expect, test } from 'vitest';

import { BeatObserver } from '../src/beat-observer.ts';
import { OtherLog } from '../src/other-log.ts';
import { viewOf } from './records.ts';

const leaseMs = 4_000;

test('a log without any users is theirs for a lease more, since they may not have joined again yet', () => {
  const other = new OtherLog();
  const abandoned = (nowMs: number): string | undefined =>
    other.abandoned(viewOf({}), new BeatObserver(), leaseMs, nowMs);
  expect(abandoned(1_000)).toBeUndefined();
  expect(other.refused('kafka', leaseMs, 1_000)).toBe(false);
  expect(abandoned(1_000 + leaseMs)).toBeUndefined();
  expect(abandoned(1_001 + leaseMs)).toBe('kafka');
  other.agreed();
  expect(abandoned(60_000)).toBeUndefined();
});
