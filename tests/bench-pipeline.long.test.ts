import { hasJavaCompiler, spawnNode } from '@sluice/testkit';
import { expect, test } from 'vitest';

test('the benchmark of converters and transforms runs, small, and all make the same of the records', async () => {
  // A Java without a compiler cannot run the comparison, as all tests that ask Kafka Connect.
  const compared = hasJavaCompiler() ? ['--compare', 'connect'] : [];
  await using bench = spawnNode('bench/main.ts', {
    args: ['pipeline', '--quick', '--json', '--profile', ...compared],
  });
  const { code } = await bench.exited;
  expect(code, bench.describe()).toBe(0);
  const { results } = JSON.parse(bench.stdout) as { results: unknown[] };
  expect(results).toHaveLength(4);
  const row = { recordsPerSecond: expect.any(Number), cpuSecondsPerMillion: expect.any(Number) };
  for (const result of results) {
    expect(result).toMatchObject({
      rows: ['sluice', 'plain', ...compared.slice(1)].map((client) => ({ client, ...row })),
    });
    expect(result).toHaveProperty('profile.0.share', expect.any(Number));
  }
});
