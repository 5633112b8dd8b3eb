import { spawnNode } from '@sluice/testkit';
import { expect, test } from 'vitest';

test('the benchmark of scale runs, small', async () => {
  await using bench = spawnNode('bench/main.ts', { args: ['scale', '--quick', '--json'] });
  const { code } = await bench.exited;
  expect(code, bench.describe()).toBe(0);
  const report: unknown = JSON.parse(bench.stdout.split('\n').find(isJson) ?? '');
  expect(report).toMatchObject({
    sizes: [{ workers: 3, tasks: 60 }],
    live: [{ workers: 3, tasks: 60 }],
    utilisation: { total: expect.any(Number) },
  });
});

function isJson(line: string): boolean {
  return line.startsWith('{');
}
