/** A worker that cannot be made quiet has to end, also as the first process of a container. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { afterAll, beforeAll, expect, test } from 'vitest';

const limitMs = 20_000;
const fixture = fileURLToPath(new URL('./fixtures/blocked-process.ts', import.meta.url));
/** A process id namespace of its own, as containers have; whoever is not root needs one for users, too. */
const container = ['--user', '--map-root-user', '--pid', '--fork', '--kill-child'];
const hasContainers = spawnSync('unshare', [...container, 'true']).status === 0;

const folder = mkdtempSync(join(tmpdir(), 'sluice-ends-'));
const pipe = join(folder, 'pipe');

beforeAll(() => {
  expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
});

afterAll(() => rmSync(folder, { recursive: true }));

function run(how: string, isContainer: boolean): { stdout: string; status: number | null } {
  const command = [process.execPath, '--conditions=@sluice/source', fixture, how, pipe];
  const { stdout, status } = spawnSync(
    isContainer ? 'unshare' : 'env',
    isContainer ? [...container, ...command] : command,
    { encoding: 'utf8', timeout: limitMs, killSignal: 'SIGKILL' },
  );
  return { stdout, status };
}

test.each(['reads', 'loops'])('a process with a thread that %s ends itself', (how) => {
  const { stdout } = run(how, false);
  expect(stdout).toMatch(/^process \d+ ends itself\n$/);
});

// Not every machine lets a test have namespaces: other systems than Linux, and some containers.
test.skipIf(!hasContainers).each(['reads', 'loops'])(
  'process 1 of a container with a thread that %s ends itself',
  (how) => {
    const { stdout, status } = run(how, true);
    expect(stdout).toBe('process 1 ends itself\n');
    // By a signal, which unshare ends with as well, or hands on as a code.
    expect(status).not.toBe(0);
  },
);
