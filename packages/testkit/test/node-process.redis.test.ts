import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isAlive, repositoryRoot, spawnNode, waitFor } from '../src/index.ts';

let dir = '';

beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'sluice-testkit-'));
});

afterAll(() => {
  rmSync(dir, { recursive: true, force: true });
});

function script(name: string, source: string): string {
  const path = join(dir, name);
  writeFileSync(path, source);
  return path;
}

test('the root of the repository is where the lock file is', () => {
  expect(existsSync(join(repositoryRoot, 'package-lock.json'))).toBe(true);
});

test('a line of the log is waited for and its fields are read', async () => {
  const entry = script(
    'ready.ts',
    `console.log('not json'); console.log(JSON.stringify({ msg: 'ready', port: 1 + (2 as number) }));
     setInterval(() => {}, 1000);`,
  );
  await using child = spawnNode(entry);
  expect(await child.waitForLog('ready')).toMatchObject({ port: 3 });
  expect((await child.waitForLine(/not (\w+)/))[1]).toBe('json');
});

test('a process that ends instead fails the wait at once, with what it printed', async () => {
  const entry = script('broken.ts', `console.error('no such setting'); process.exit(3);`);
  await using child = spawnNode(entry, { name: 'broken' });
  await expect(child.waitForLog('ready')).rejects.toThrow(
    /broken ended with code 3[^]*no such setting/,
  );
});

test('a process sees none of the settings of the tests, and those that are given', async () => {
  const entry = script(
    'env.ts',
    `console.log(JSON.stringify({ msg: 'env', vitest: process.env.VITEST, given: process.env.GIVEN }))`,
  );
  await using child = spawnNode(entry, { env: { GIVEN: 'yes' } });
  const line = await child.waitForLog('env');
  expect(line).toMatchObject({ given: 'yes' });
  expect(line['vitest']).toBeUndefined();
});

test('a process that ignores SIGTERM is ended by force', async () => {
  const entry = script(
    'stubborn.ts',
    `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);
     console.log(JSON.stringify({ msg: 'ready' }));`,
  );
  const child = spawnNode(entry);
  await child.waitForLog('ready');
  expect(await child.stop(100)).toEqual({ code: null, signal: 'SIGKILL' });
});

test.runIf(process.platform === 'linux')(
  'a process dies with the one that started it, even when that is killed',
  async () => {
    const entry = script('child.ts', `setInterval(() => {}, 1000);`);
    const testkit = join(repositoryRoot, 'packages/testkit/src/index.ts');
    const parent = script(
      'parent.ts',
      `import { spawnNode } from ${JSON.stringify(testkit)};
       console.log(JSON.stringify({ msg: 'started', pid: spawnNode(${JSON.stringify(entry)}).pid }));`,
    );
    await using starter = spawnNode(parent);
    const { pid } = await starter.waitForLog('started');
    expect(isAlive(Number(pid))).toBe(true);
    await starter.kill('SIGKILL');
    await waitFor(() => !isAlive(Number(pid)), { what: 'the child to die with its parent' });
  },
);
