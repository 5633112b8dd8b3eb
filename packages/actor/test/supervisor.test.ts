import { FakeClock } from '@sluice/kernel/testing';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  decideRestart,
  defaultRestartPolicy,
  type RestartPolicy,
  Supervisor,
} from '../src/supervisor.ts';

const policies: fc.Arbitrary<RestartPolicy> = fc.record({
  attemptsMax: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.constant(Number.POSITIVE_INFINITY)),
  initialMs: fc.integer({ min: 1, max: 1_000 }),
  maxMs: fc.integer({ min: 1_000, max: 60_000 }),
  resetAfterMs: fc.integer({ min: 1, max: 100_000 }),
});

test('it is given up exactly when it failed more often than allowed without having run well', async () => {
  await fc.assert(
    fc.asyncProperty(
      policies,
      fc.array(fc.nat({ max: 150_000 }), { minLength: 1, maxLength: 20 }),
      async (policy, ranForMs) => {
        const clock = new FakeClock();
        const supervisor = new Supervisor({ policy: () => policy, clock, restart: () => {} });
        let inARow = 0;
        for (const ranMs of ranForMs) {
          supervisor.started();
          await clock.advance(ranMs);
          inARow = ranMs >= policy.resetAfterMs ? 1 : inARow + 1;
          const { kind } = supervisor.failed();
          expect(supervisor.failures).toBe(inARow);
          expect(kind).toBe(inARow > policy.attemptsMax ? 'give-up' : 'restart');
        }
      },
    ),
  );
});

test('the delay grows with each failure, stays within its bounds and is jittered', () => {
  fc.assert(
    fc.property(
      policies,
      fc.integer({ min: 1, max: 40 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (policy, failures, random) => {
        const patient = { ...policy, attemptsMax: failures };
        const decision = decideRestart(failures, patient, () => random);
        if (decision.kind !== 'restart') throw new Error('it was given up too early');
        const step = Math.min(policy.maxMs, policy.initialMs * 2 ** (failures - 1));
        expect(decision.afterMs).toBeGreaterThanOrEqual(step / 2);
        expect(decision.afterMs).toBeLessThanOrEqual(step);
      },
    ),
  );
});

test('a policy that was changed holds from the next failure on', () => {
  let policy = { ...defaultRestartPolicy, attemptsMax: 0 };
  const supervisor = new Supervisor({
    policy: () => policy,
    clock: new FakeClock(),
    restart: () => {},
  });
  expect(supervisor.failed().kind).toBe('give-up');
  policy = defaultRestartPolicy;
  supervisor.reset();
  expect(supervisor.failed().kind).toBe('restart');
});

function supervise(): { clock: FakeClock; restarts: number[]; supervisor: Supervisor } {
  const clock = new FakeClock();
  const restarts: number[] = [];
  const supervisor = new Supervisor({
    policy: () => defaultRestartPolicy,
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

test('failures are forgotten after it ran for the time that counts as well', async () => {
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
