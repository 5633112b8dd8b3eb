/** `npm run quickstart` from the outside: real processes, on ports and in a folder of the test's own. */
import { createServer } from 'node:net';
import { ApiClient, freePort, isAlive, waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';

import {
  childPids,
  outputText,
  quickstart,
  useFolder,
  waitUntilGone,
  waitUntilUp,
} from './support/quickstart.ts';

// Promised are 15 s on an idle machine (it takes 5); here others may run as well.
const warmMs = 30_000;

useFolder();

test('the quickstart moves a line, shows what a kill does, and stops all that it started', async () => {
  const port = await freePort();
  await using first = quickstart(['--port', String(port)]);
  await waitUntilUp(first);
  const pids = childPids();
  expect(pids).toHaveLength(4);
  expect(pids.every(isAlive)).toBe(true);
  expect(outputText()).toMatch(/^first line of .*\nsecond line of .*\n$/);

  await using second = quickstart(['--port', String(await freePort())]);
  expect((await second.exited).code).toBe(1);
  expect(second.stderr).toContain(
    `as process ${first.pid}, with its API at http://127.0.0.1:${port}`,
  );

  const [, victim] = await first.waitForLine(/kill -9 (\d+);/);
  process.kill(Number(victim), 'SIGKILL');
  await first.waitForLine(/modulo rerun: lease of worker-\d expired, N 2→1, 1 orphaned, 1 moved/);
  const api = new ApiClient(() => `http://127.0.0.1:${port}`);
  await waitFor(async () => await api.read<{ state: string }[]>('/sluice/tasks'), {
    what: 'all tasks to run on the worker that is left',
    until: (tasks) => tasks.length === 4 && tasks.every(({ state }) => state === 'RUNNING'),
    timeoutMs: 30_000,
  });

  await first.kill('SIGINT');
  expect(await first.exited).toEqual({ code: 0, signal: null });
  await waitUntilGone(pids);
});

test('a quickstart that was killed leaves no process, and the next one goes on, or afresh', async () => {
  const args = ['--port', String(await freePort()), '--workers', '1'];
  const killed = quickstart(args);
  await waitUntilUp(killed);
  const pids = childPids();
  await killed.kill('SIGKILL');
  if (process.platform === 'linux') await waitUntilGone(pids);

  const startedAtMs = Date.now();
  await using next = quickstart(args);
  await waitUntilUp(next);
  expect(Date.now() - startedAtMs).toBeLessThan(warmMs);
  await waitUntilGone(pids);
  const lines = outputText().trim().split('\n');
  // At least once: the line before the kill may come again.
  expect(new Set(lines).size).toBe(4);
});

test('a port that is taken is named, with what to do', async () => {
  const port = await freePort();
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '127.0.0.1', resolve));
  await using child = quickstart(['--port', String(port)]);
  expect((await child.exited).code).toBe(1);
  expect(child.stderr).toContain(`port ${port}, for the REST API, is taken by another program`);
  expect(child.stderr).toContain(`npm run quickstart -- --port ${port + 1}`);
  other.close();
});

test('a REDIS_URL that does not answer is named without its password', async () => {
  const redisUrl = `redis://user:secret@127.0.0.1:${await freePort()}`;
  await using child = quickstart(['--port', String(await freePort())], { REDIS_URL: redisUrl });
  expect((await child.exited).code).toBe(1);
  expect(child.stderr).toMatch(/no Redis answers at redis:\/\/127\.0\.0\.1:\d+: .*ECONNREFUSED/);
  expect(child.stderr).not.toContain('secret');
});

test('an option that is wrong is named, and the exit code is that of wrong usage', async () => {
  await using number = quickstart(['--port', 'eighty']);
  expect((await number.exited).code).toBe(2);
  expect(number.stderr).toContain('--port eighty: must be a whole number from 1 to 65535');
  await using unknown = quickstart(['--prot', '1']);
  expect((await unknown.exited).code).toBe(2);
  expect(unknown.stderr).toContain('--prot');
});
