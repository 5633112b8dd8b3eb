import { noProviders } from '@sluice/config-providers';
import { silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import type { Validation } from '@sluice/preview';
import { expect, test } from 'vitest';

import { Validations } from '../src/validations.ts';

const config = { name: 'orders', 'connector.class': 'Clock' };
const asWorkersHaveIt = { config, pinned: { ...config, 'connector.plugin.version': '[1.0.0]' } };
const fine: Validation = { kind: 'validated', problems: [], recommendations: {} };

function under(max = 2, isComplete = true) {
  const warnings: string[] = [];
  const clock = new FakeClock();
  const asked: object[] = [];
  const answers: ((validation: Validation) => void)[] = [];
  const validations = new Validations({
    max,
    timeoutMs: 1_000,
    plugins: {
      environment: {},
      inventory: async () => ({ plugins: [], failures: [], index: [], isComplete }),
    },
    providers: noProviders,
    logger: { ...silentLogger, warn: (_fields, message) => void warnings.push(message) },
    clock,
    validate: ({ configs }) => {
      asked.push(...configs);
      return new Promise((resolve) => answers.push((validation) => resolve([validation])));
    },
  });
  return { answers, asked, clock, validations, warnings };
}

/** Lets all go on that can. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
}

test('no more run than may at a time, and the next begins when one has ended', async () => {
  const { answers, asked, validations } = under();
  const runs = Array.from({ length: 3 }, () => validations.run([asWorkersHaveIt]));
  await settled();
  expect(asked).toHaveLength(2);
  answers[0]?.(fine);
  expect(await runs[0]).toEqual([fine]);
  await settled();
  expect(asked).toHaveLength(3);
  for (const answer of answers) answer(fine);
  await Promise.all(runs);
});

test('who would wait behind too many, or for too long, is told to come again', async () => {
  const { answers, clock, validations } = under(1);
  const first = validations.run([asWorkersHaveIt]);
  await settled();
  const waiting = Promise.allSettled(
    Array.from({ length: 32 }, () => validations.run([asWorkersHaveIt])),
  );
  await settled();
  await expect(validations.run([asWorkersHaveIt])).rejects.toMatchObject({
    status: 503,
    message: '32 validations wait already; try again',
  });
  await clock.advance(15_000);
  for (const outcome of await waiting)
    expect(outcome).toMatchObject({ status: 'rejected', reason: { status: 503 } });
  answers[0]?.(fine);
  expect(await first).toEqual([fine]);
  // Nobody holds a place any more.
  const next = validations.run([asWorkersHaveIt]);
  await settled();
  answers[1]?.(fine);
  expect(await next).toEqual([fine]);
});

test.each<[Validation, object]>([
  [
    { kind: 'failed', isLate: true, message: '' },
    {
      status: 500,
      message:
        'Request timed out. The validation of connector orders (Clock) did not end within 1000 ms and was given up: its code waits for something, or blocks its thread',
    },
  ],
  [
    { kind: 'failed', isLate: false, message: 'no such host' },
    { status: 500, message: 'The validation of connector orders (Clock) failed: no such host' },
  ],
])('%j is told with the name of the connector', async (validation, error) => {
  const { answers, validations } = under();
  const run = validations.run([asWorkersHaveIt]);
  await settled();
  answers[0]?.(validation);
  await expect(run).rejects.toMatchObject(error);
});

test('what only workers know is left to them: other modules, and what references stand for', async () => {
  const { answers, asked, validations } = under();
  expect(
    await validations.run([{ ...asWorkersHaveIt, config: { ...config, topic: '${env:TOPIC}' } }]),
  ).toEqual([undefined]);
  expect(asked).toEqual([]);
  const run = validations.run([asWorkersHaveIt]);
  await settled();
  answers[0]?.({ kind: 'unknown' });
  expect(await run).toEqual([undefined]);
});

test.each([
  [true, /^only workers have all the plugins/],
  [false, /^this coordinator has not looked at all its plugins yet/],
])(
  'what is not checked is told, with its cause (all was scanned: %j)',
  async (isComplete, says) => {
    const { answers, validations, warnings } = under(1, isComplete);
    const run = validations.run([asWorkersHaveIt]);
    await settled();
    answers[0]?.({ kind: 'unknown' });
    expect(await run).toEqual([undefined]);
    expect(warnings).toEqual([expect.stringMatching(says)]);
  },
);
