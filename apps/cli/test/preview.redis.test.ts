// Needs no Redis, but files and processes, which the unit tests do without.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NodeProcess, spawnNode } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

let folder = '';
const started: NodeProcess[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-preview-'));
});
afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => child.stop()));
  await rm(folder, { recursive: true, force: true });
});

async function preview(definition: object, ...args: string[]): Promise<NodeProcess> {
  return previewWith({}, definition, ...args);
}

async function previewWith(
  env: Readonly<Record<string, string>>,
  definition: object,
  ...args: string[]
): Promise<NodeProcess> {
  await writeFile(join(folder, 'orders.json'), JSON.stringify(definition));
  const child = spawnNode('apps/cli/src/main.ts', {
    args: ['preview', '-f', 'orders.json', ...args],
    cwd: folder,
    env,
  });
  started.push(child);
  await child.exited;
  return child;
}

const config = { 'connector.class': 'DatagenSource', topic: 'orders', rate: '-1' };

test('a built-in source is previewed, one JSON object a record', async () => {
  const child = await preview({ name: 'orders', config }, '--records', '3', '--json');
  expect(await child.exited).toEqual({ code: 0, signal: null });
  const records = child.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { before: { key: string } });
  expect(records.map(({ before }) => before.key)).toEqual(['0', '1', '2']);
  expect(child.describe()).toContain(
    'from nothing: stored offsets are not read; nothing is written',
  );
});

test('a source of an installed package is found by the name of the package', async () => {
  const installed = join(folder, 'node_modules', 'acme-orders');
  await mkdir(installed, { recursive: true });
  await writeFile(
    join(installed, 'package.json'),
    JSON.stringify({
      name: 'acme-orders',
      version: '1.0.0',
      type: 'module',
      exports: './index.js',
    }),
  );
  await writeFile(
    join(installed, 'index.js'),
    `import { defineSource } from '@sluice/connector-api';
export default defineSource({
  name: 'Acme', version: '1.0.0', config: {}, async *run() { yield { topic: 't', value: 'acme' }; },
});`,
  );
  const acme = { name: 'acme', config: { 'connector.class': 'Acme' } };
  const named = await previewWith({ SLUICE_PLUGINS: 'acme-orders' }, acme, '--records', '1');
  expect(named.describe()).toContain('Acme with 1 task');
  expect((await named.exited).code).toBe(0);
});

test('code that ends its process or blocks is told, and so is a connector that is not there', {
  timeout: 90_000,
}, async () => {
  const write = (body: string): Promise<void> =>
    writeFile(
      join(folder, 'bad.ts'),
      `import { defineSource } from '@sluice/connector-api';
export default defineSource({ name: 'bad', version: '1.0.0', config: {}, async *run() { ${body} } });`,
    );
  const bad = { name: 'bad', config: { 'connector.class': 'bad' } };
  await write('process.exit(3);');
  const ended = await preview(bad, '--plugin', './bad.ts');
  expect((await ended.exited).code).toBe(7);
  expect(ended.describe()).toContain('its process ended with code 3');

  await write('await null; for (;;);');
  const blocked = await preview(bad, '--plugin', './bad.ts', '--timeout', '1s');
  expect((await blocked.exited).code).toBe(7);
  expect(blocked.describe()).toContain('it did not end in time and was killed');

  // What it has started lives on, and holds its output open.
  await write(
    `(await import('node:child_process')).spawn('sleep', ['100'], { stdio: 'inherit' });
     yield { topic: 't', value: 1 };`,
  );
  const spawning = await preview(bad, '--plugin', './bad.ts', '--records', '1');
  expect((await spawning.exited).code).toBe(0);

  const unknown = await preview(bad);
  expect((await unknown.exited).code).toBe(3);
  expect(unknown.describe()).toContain('Name its module with --plugin');
});
