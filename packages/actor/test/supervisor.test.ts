import { FakeClock } from '@sluice/kernel/testing';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  cleanHistory,
  decideRestart,
  defaultRestartPolicy,
  type RestartPolicy,
  recordFailure,
  Supervisor,
} from '../src/supervisor.ts';

const policies: fc.Arbitrary<RestartPolicy> = fc.record({
  intensity: fc.integer({ min: 0, max: 8 }),
  windowMs: fc.integer({ min: 1, max: 100_000 }),
  initialMs: fc.integer({ min: 1, max: 1_000 }),
  maxMs: fc.integer({ min: 1_000, max: 60_000 }),
});
/** How long it ran before each failure, and waited before that. */
const lives = fc.array(
  fc.record({ waitedMs: fc.nat({ max: 50_000 }), ranMs: fc.nat({ max: 150_000 }) }),
  { minLength: 1, maxLength: 40 },
);

test('it gives up exactly when more failures than allowed fall into one window', () => {
  fc.assert(
    fc.property(policies, lives, (policy, all) => {
      let history = cleanHistory;
      let nowMs = 0;
      let failedAtMs: number[] = [];
      for (const { waitedMs, ranMs } of all) {
        const startedAtMs = nowMs + waitedMs;
        nowMs = startedAtMs + ranMs;
        if (ranMs >= policy.windowMs) failedAtMs = [];
        failedAtMs.push(nowMs);
        history = recordFailure(history, { startedAtMs, failedAtMs: nowMs }, policy);
        const inWindow = failedAtMs.filter((atMs) => nowMs - atMs < policy.windowMs).length;
        const decision = decideRestart(history, nowMs, policy, () => 0.5);
        expect(decision.kind).toBe(inWindow > policy.intensity ? 'give-up' : 'restart');
        expect(history.failedAtMs.length).toBeLessThanOrEqual(policy.intensity + 1);
      }
    }),
  );
});

test('the delay grows with each failure, stays within its bounds and is jittered', () => {
  fc.assert(
    fc.property(
      policies,
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (policy, failures, random) => {
        const history = { failures, failedAtMs: [] };
        const decision = decideRestart(history, 0, policy, () => random);
        if (decision.kind !== 'restart') throw new Error('nothing failed within the window');
        const step = Math.min(policy.maxMs, policy.initialMs * 2 ** (failures - 1));
        expect(decision.afterMs).toBeGreaterThanOrEqual(step / 2);
        expect(decision.afterMs).toBeLessThanOrEqual(step);
      },
    ),
  );
});

function supervise(): { clock: FakeClock; restarts: number[]; supervisor: Supervisor } {
  const clock = new FakeClock();
  const restarts: number[] = [];
  const supervisor = new Supervisor({
    policy: defaultRestartPolicy,
    clock,
    random: () => 0.999_999,
    restart: () => restarts.push(Math.round(clock.monotonicMs())),
  });
  return { clock, restarts, supervisor };
}

test('an actor that fails at once is restarted after 0.5, 1, 2, 4 and 8 s, then given up', async () => {
  const { clock, restarts, supervisor } = supervise();
  for (let failure = 1; failure <= 5; failure++) {
    supervisor.started();
    expect(supervisor.failed().kind).toBe('restart');
    expect(supervisor.failures).toBe(failure);
    await clock.advance(8_000);
  }
  const delays = restarts.map((atMs, index) => atMs - index * 8_000);
  expect(delays).toEqual([500, 1_000, 2_000, 4_000, 8_000]);
  supervisor.started();
  expect(supervisor.failed()).toEqual({ kind: 'give-up' });
  await clock.advance(60_000);
  expect(restarts).toHaveLength(5);
});

test('failures are forgotten after it ran well for a whole window', async () => {
  const { clock, supervisor } = supervise();
  supervisor.failed();
  supervisor.started();
  await clock.advance(59_999);
  expect(supervisor.failures).toBe(1);
  await clock.advance(1);
  expect(supervisor.failures).toBe(0);
});

test('an interruption without a fault does not count as running well', async () => {
  const { clock, supervisor } = supervise();
  supervisor.failed();
  supervisor.started();
  supervisor.interrupted();
  await clock.advance(120_000);
  expect(supervisor.failures).toBe(1);
});

test('a cancelled or reset supervisor restarts nothing', async () => {
  const { clock, restarts, supervisor } = supervise();
  supervisor.failed();
  supervisor.cancel();
  await clock.advance(60_000);
  supervisor.failed();
  supervisor.reset();
  await clock.advance(60_000);
  expect(restarts).toEqual([]);
  expect(supervisor.failures).toBe(0);
});
