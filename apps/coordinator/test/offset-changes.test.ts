import { noProviders } from '@sluice/config-providers';
import type { OffsetsAnswer, OffsetsTask } from '@sluice/preview';
import { expect, test } from 'vitest';

import { OffsetChanges } from '../src/offset-changes.ts';

const change = {
  config: { name: 'orders', 'connector.class': 'Clock' },
  version: '1.0.0',
  offsets: [{ partition: { shard: 18_014_398_509_481_985n }, offset: null }],
};

const patience = { timeout: 15_000 };

function answering(answer: OffsetsAnswer | ((task: OffsetsTask) => Promise<OffsetsAnswer>)) {
  const tasks: OffsetsTask[] = [];
  const changes = new OffsetChanges({
    timeoutMs: 1_000,
    plugins: {
      environment: {},
      inventory: async () => ({ plugins: [], failures: [], index: [], isComplete: true }),
    },
    providers: noProviders,
    ask: async (task) => {
      tasks.push(task);
      return typeof answer === 'function' ? answer(task) : answer;
    },
  });
  return { changes, tasks };
}

test('the connector is told of offsets exactly, and says whether they are all that there is', async () => {
  for (const isAll of [true, false]) {
    const { changes, tasks } = answering({ kind: 'taken', isAll });
    expect(await changes.ask(change)).toBe(isAll);
    expect(tasks).toMatchObject([
      { version: '1.0.0', offsets: '[{"partition":{"shard":18014398509481985},"offset":null}]' },
    ]);
  }
});

test.each([
  [{ kind: 'refused', isLate: false, message: 'not this one' } as const, 'not this one'],
  [
    { kind: 'refused', isLate: true, message: '' } as const,
    'Request timed out. Connector orders (Clock) did not say within 1000 ms',
  ],
  [{ kind: 'unknown' } as const, 'its code in the version that workers run is not here'],
])('%j is told with 500', async (answer, says) => {
  await expect(answering(answer).changes.ask(change)).rejects.toMatchObject({
    status: 500,
    message: expect.stringContaining(says),
  });
});

test('two connectors are asked side by side, and a third waits for its turn', async () => {
  const started: string[] = [];
  const answers: (() => void)[] = [];
  const { changes } = answering(async ({ config }) => {
    started.push(config['name'] ?? '');
    await new Promise<void>((resolve) => answers.push(resolve));
    return { kind: 'taken', isAll: true };
  });
  const all = Promise.all(
    ['a', 'b', 'c'].map(async (name) => changes.ask({ ...change, config: { name } })),
  );
  await expect.poll(() => started, patience).toEqual(['a', 'b']);
  answers[0]?.();
  await expect.poll(() => started, patience).toEqual(['a', 'b', 'c']);
  for (const answer of answers) answer();
  expect(await all).toEqual([true, true, true]);
});
