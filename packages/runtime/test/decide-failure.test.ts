import { ConnectError, DataError, RetriableError } from '@sluice/connector-api';
import { SluiceError } from '@sluice/kernel';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';

import { decideFailure, type ErrorPolicy, type Stage } from '../src/errors/decide-failure.ts';

const none: ErrorPolicy = { tolerance: 'none', retryTimeoutMs: 0, retryDelayMaxMs: 60_000 };
const all: ErrorPolicy = { ...none, tolerance: 'all' };
const ofRecords: readonly Stage[] = [
  'TRANSFORMATION',
  'KEY_CONVERTER',
  'VALUE_CONVERTER',
  'HEADER_CONVERTER',
];

function decide(
  policy: ErrorPolicy,
  error: unknown,
  given: { stage?: Stage; attempt?: number; elapsedMs?: number; random?: number } = {},
) {
  const { stage = 'VALUE_CONVERTER', attempt = 1, elapsedMs = 0, random = 0.5 } = given;
  return decideFailure({ stage, error, attempt, elapsedMs }, policy, () => random);
}

test('whatever a conversion or transform throws is tolerated if the definition says so', () => {
  for (const stage of ofRecords) {
    for (const error of [new DataError('x'), new Error('x'), new TypeError('x'), 'x']) {
      expect(decide(all, error, { stage })).toEqual({ kind: 'tolerate' });
      expect(decide(none, error, { stage })).toEqual({
        kind: 'fail',
        because: 'tolerance-exceeded',
      });
    }
  }
});

test('of what polls and reads only a retriable error may pass, and it is tried again without end', () => {
  for (const stage of ['TASK_POLL', 'KAFKA_CONSUME'] as const) {
    expect(decide(all, new ConnectError('x'), { stage })).toEqual({
      kind: 'fail',
      because: 'intolerable',
    });
    expect(decide(none, new RetriableError('x'), { stage, elapsedMs: 1e9 }).kind).toBe('retry');
  }
});

test('a record that put or the log refuses is tolerated like one that cannot be converted', () => {
  for (const stage of ['TASK_PUT', 'KAFKA_PRODUCE'] as const) {
    expect(decide(all, new Error('x'), { stage }).kind).toBe('tolerate');
    expect(decide(none, new Error('x'), { stage }).kind).toBe('fail');
  }
});

test('what another owner did is never tolerated nor tried again', () => {
  const error = new SluiceError('log.fenced', 'x', { fenced: true, retriable: true });
  expect(decide({ ...all, retryTimeoutMs: -1 }, error)).toEqual({
    kind: 'fail',
    because: 'intolerable',
  });
});

test('a retriable error is tried again for as long as errors.retry.timeout says, then decided', () => {
  const error = new RetriableError('x');
  const minute = { ...all, retryTimeoutMs: 60_000 };
  expect(decide(all, error)).toEqual({ kind: 'tolerate' });
  expect(decide(minute, error)).toEqual({ kind: 'retry', afterMs: 300 });
  expect(decide(minute, error, { attempt: 3 })).toEqual({ kind: 'retry', afterMs: 1_200 });
  expect(decide(minute, error, { elapsedMs: 59_900 })).toEqual({ kind: 'retry', afterMs: 100 });
  expect(decide(minute, error, { elapsedMs: 60_000 })).toEqual({ kind: 'tolerate' });
  expect(decide({ ...minute, tolerance: 'none' }, error, { elapsedMs: 60_000 })).toEqual({
    kind: 'fail',
    because: 'tolerance-exceeded',
  });
  const forever = { ...none, retryTimeoutMs: -1 };
  expect(decide(forever, error, { elapsedMs: 1e12, attempt: 7 })).toEqual({
    kind: 'retry',
    afterMs: 19_200,
  });
});

test('a delay above the longest is random below it', () => {
  const policy = { ...none, retryTimeoutMs: -1, retryDelayMaxMs: 1_000 };
  const error = new RetriableError('x');
  expect(decide(policy, error, { attempt: 2 })).toEqual({ kind: 'retry', afterMs: 600 });
  expect(decide(policy, error, { attempt: 3, random: 0.5 })).toEqual({
    kind: 'retry',
    afterMs: 500,
  });
});

test('no delay is negative, longer than allowed, or beyond the time that is left', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 2_000 }),
      fc.integer({ min: -1, max: 1_000_000 }),
      fc.integer({ min: 0, max: 100_000 }),
      fc.integer({ min: 0, max: 1_000_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (attempt, retryTimeoutMs, retryDelayMaxMs, elapsedMs, random) => {
        const decision = decide(
          { tolerance: 'none', retryTimeoutMs, retryDelayMaxMs },
          new RetriableError('x'),
          { attempt, elapsedMs, random },
        );
        if (decision.kind !== 'retry') {
          expect(elapsedMs).toBeGreaterThanOrEqual(retryTimeoutMs);
          return;
        }
        expect(decision.afterMs).toBeGreaterThanOrEqual(0);
        expect(decision.afterMs).toBeLessThanOrEqual(retryDelayMaxMs);
        if (retryTimeoutMs >= 0)
          expect(elapsedMs + decision.afterMs).toBeLessThanOrEqual(retryTimeoutMs);
      },
    ),
  );
});
