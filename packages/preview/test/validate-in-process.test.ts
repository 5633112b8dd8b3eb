/** Real processes that import plugins from files. */
import { fileURLToPath } from 'node:url';
import { inventoryOf, type PluginIndex, scanPlugins } from '@sluice/runtime';
import { expect, test } from 'vitest';

import { previewInProcess } from '../src/preview-process.ts';
import { validateInProcess } from '../src/validate-in-process.ts';

const never = new AbortController().signal;

function fixture(name: string): string {
  return fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
}

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
  const greeting = { name: 'greeting', 'connector.class': 'Greeting', topic: 'hello' };
  const task = { index, timeoutMs: 5_000 };
  const configs = [greeting, { ...greeting, 'connector.class': 'Exiting' }, greeting];
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
