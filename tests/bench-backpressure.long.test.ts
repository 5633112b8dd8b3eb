import { spawnNode } from '@sluice/testkit';
import { expect, test } from 'vitest';

test('the benchmark of back-pressure runs, short: the log stays within its quota, and nothing is missing', async () => {
  await using bench = spawnNode('bench/main.ts', {
    args: ['backpressure', '--minutes', '0.2', '--partition-mb', '1', '--json'],
  });
  const { code } = await bench.exited;
  expect(code, bench.describe()).toBe(0);
  expect(JSON.parse(bench.stdout)).toMatchObject({
    processes: expect.arrayContaining([expect.objectContaining({ name: 'worker-1' })]),
    sinks: {
      'slow-in-thread': { delivered: expect.any(Number), missing: 0 },
      'slow-in-process': { delivered: expect.any(Number), missing: 0 },
    },
    isJudged: false,
    problems: [],
  });
});
