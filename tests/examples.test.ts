/** The examples, small, as `npm run example` runs them: each checks its own outcome and says so by its exit code. */
import { expect, test, vi } from 'vitest';

import { example, expectOrders } from './support/example.ts';

// An example waits for up to two minutes, and says then what is missing.
vi.setConfig({ testTimeout: 180_000 });

test('--help lists the examples', async () => {
  const { code, stdout } = await example(['--help']);
  expect(code).toBe(0);
  for (const name of ['bullmq', 'logs', 'orders']) expect(stdout).toContain(`  ${name}`);
});

test('an example that there is not is refused, with those that there are', async () => {
  const { all, code } = await example(['orderz']);
  expect(code).toBe(2);
  expect(all).toContain('bullmq');
});

test('jobs of a queue come back into a queue, with a worker killed meanwhile', async () => {
  const { all, code, stdout } = await example(['bullmq', '--count', '600']);
  expect(code, all).toBe(0);
  expect(stdout).toMatch(/different jobs processed from it +600 +600 +ok/);
});

test('log files of services become daily files, with a worker killed meanwhile', async () => {
  const { all, code, stdout } = await example(['logs', '--count', '600']);
  expect(code, all).toBe(0);
  expect(stdout).toMatch(/different lines in the topic +1800 +1800 +ok/);
});

test('tables in PostgreSQL become tables in MariaDB, with workers killed meanwhile', async () => {
  await expectOrders('redis', []);
});
