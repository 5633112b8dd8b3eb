import { spawnNode } from '@sluice/testkit';
import { expect, test } from 'vitest';

/** Without Debezium, which `npm test` does not get. */
test('the benchmark of capture runs on both databases, small, and measures all there is', {
  timeout: 240_000,
}, async () => {
  const size = ['--rows', '500', '--changes', '200', '--rounds', '1', '--seconds', '1'];
  await using bench = spawnNode('bench/main.ts', {
    args: [
      'cdc',
      '--only',
      'sluice',
      '--sources',
      '--schemas',
      'on',
      '--json',
      '--rate',
      '50',
      ...size,
    ],
  });
  const { code } = await bench.exited;
  expect(code, bench.describe()).toBe(0);
  const row = { contender: 'sluice', recordsPerSecond: expect.any(Number) };
  expect(JSON.parse(bench.stdout)).toMatchObject({
    problems: [],
    reports: ['postgres', 'mariadb'].map((database) => ({
      database,
      withSchemas: true,
      phases: ['snapshot', 'changes'].map((phase) => ({ phase, rows: [row] })),
      latencyMs: { sluice: { samples: 50 } },
    })),
  });
});
