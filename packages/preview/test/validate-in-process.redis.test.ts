// Needs no Redis, but processes, which the unit tests do without.
import { fileURLToPath } from 'node:url';
import { inventoryOf, type PluginIndex, scanPlugins } from '@sluice/runtime';
import { expect, test } from 'vitest';

import { previewInProcess } from '../src/preview-process.ts';
import { validateInProcess } from '../src/validate-in-process.ts';

const never = new AbortController().signal;

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
}

const greeting = { name: 'greeting', 'connector.class': 'Greeting', topic: 'hello' };

async function indexOf(...names: string[]): Promise<PluginIndex> {
  return inventoryOf([await scanPlugins(names.map(fixture))]).index;
}

test('a module that exits when it is imported harms no definition that does not name it', async () => {
  const index = [
    // Found when it did not exit yet.
    ...(await indexOf('greeting-plugin')).map((each) => ({
      ...each,
      class: 'Exiting',
      module: { name: 'exits', specifier: fixture('exits-on-import') },
    })),
    ...(await indexOf('greeting-plugin', 'exits-on-import')),
  ];
  const task = { index, timeoutMs: 5_000 };
  const configs = ['Greeting', 'Exiting', 'Greeting'].map((name) => ({
    config: { ...greeting, 'connector.class': name },
    version: '1.0.0',
  }));
  expect(await validateInProcess({ ...task, configs }, { signal: never })).toEqual([
    {
      kind: 'validated',
      problems: [{ key: 'topic', message: 'there is no topic hello' }],
      recommendations: {},
    },
    { kind: 'failed', isLate: false, message: expect.stringContaining('code 3') },
  ]);

  const preview = { index, failures: [], modulesFrom: '--plugin', recordsMax: 1, offsets: [] };
  const records: unknown[] = [];
  const end = await previewInProcess(
    { ...preview, config: greeting, timeoutMs: 5_000 },
    { signal: never, onMessage: (message) => records.push(message) },
  );
  expect(end).toEqual({ kind: 'ended', by: 'records' });
  expect(records).toHaveLength(2);
});

test('the version that workers will run judges, not the newest here; what only they have is not judged', async () => {
  const index = await indexOf('greeting-plugin');
  const newer = index.map((each) => ({
    ...each,
    version: '2.0.0',
    module: { name: 'exits', specifier: fixture('exits-on-import') },
  }));
  const configs = [
    { config: greeting, version: '1.0.0' },
    // With workers only.
    { config: greeting, version: '1.1.0' },
    { config: { ...greeting, 'value.converter': 'acme.Converter' }, version: '1.0.0' },
  ];
  const task = { index: [...newer, ...index], configs, timeoutMs: 5_000 };
  expect(await validateInProcess(task, { signal: never })).toMatchObject([
    { kind: 'validated' },
    { kind: 'unknown' },
    { kind: 'unknown' },
  ]);
});
