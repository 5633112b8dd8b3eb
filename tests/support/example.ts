/** Runs examples as `npm run example` does. */
import { spawnNode } from '@sluice/testkit';
import { expect } from 'vitest';

export async function example(
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; all: string }> {
  await using run = spawnNode('examples/main.ts', { name: `example ${args.join(' ')}`, args });
  const { code } = await run.exited;
  return { code, stdout: run.stdout, all: run.describe() };
}

/** The warehouse of the example has what the shop has. */
export async function expectOrders(log: string, options: readonly string[]): Promise<void> {
  const { all, code, stdout } = await example(['orders', '--count=400', '--json', ...options]);
  expect(code, all).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    isRight: true,
    log,
    counts: expect.arrayContaining([
      { what: 'report: the same as in PostgreSQL', count: 15, expected: 15 },
    ]),
  });
}
