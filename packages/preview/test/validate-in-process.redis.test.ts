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
  const task = { index, timeoutMs: 15_000 };
  const configs = ['Greeting', 'Exiting', 'Greeting'].map((name) => ({
    config: { ...greeting, 'connector.class': name },
    pinned: { ...greeting, 'connector.class': name, 'connector.plugin.version': '[1.0.0]' },
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
    { ...preview, config: greeting, timeoutMs: 15_000 },
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
  const pinned = { ...greeting, 'connector.plugin.version': '[1.0.0]' };
  const configs = [
    { config: greeting, pinned },
    // With workers only.
    { config: greeting, pinned: { ...greeting, 'connector.plugin.version': '[1.1.0]' } },
    { config: greeting, pinned: { ...pinned, 'value.converter': 'acme.Converter' } },
  ];
  const task = { index: [...newer, ...index], configs, timeoutMs: 15_000 };
  expect(await validateInProcess(task, { signal: never })).toMatchObject([
    { kind: 'validated' },
    { kind: 'unknown' },
    { kind: 'unknown' },
  ]);
});

test('code of transforms and converters is asked too, and harms nobody when it blocks or waits', {
  timeout: 60_000,
}, async () => {
  const index = await indexOf('greeting-plugin', 'checking-parts');
  expect(
    index.filter(({ validates }) => validates).map((each) => `${each.type} ${each.class}`),
  ).toEqual([
    'source Greeting',
    'transformation acme.Checking',
    'converter acme.CheckingConverter',
    'header_converter acme.CheckingConverter',
  ]);
  const withWord = (word: string, ofConverter: string) => {
    const config = {
      ...greeting,
      transforms: 'a',
      'transforms.a.type': 'acme.Checking',
      'transforms.a.word': word,
      'value.converter': 'acme.CheckingConverter',
      'value.converter.word': ofConverter,
    };
    return { config, pinned: config };
  };
  const validate = (timeoutMs: number, ...configs: ReturnType<typeof withWord>[]) =>
    validateInProcess({ index, configs, timeoutMs }, { signal: never });
  expect(await validate(15_000, withWord('wrong', 'right'))).toEqual([
    {
      kind: 'validated',
      problems: [
        {
          key: 'transforms.a.word',
          message: expect.stringContaining('the word is wrong'),
        },
        { key: 'topic', message: 'there is no topic hello' },
      ],
      recommendations: {
        'transforms.a.word': { values: ['after wrong'] },
        'value.converter.word': { values: ['after right'] },
      },
    },
  ]);
  const late = { kind: 'failed', isLate: true, message: '' };
  // What waits is given up alone; what blocks ends the process.
  expect(await validate(1_000, withWord('wait', ''), withWord('', 'block'))).toEqual([late, late]);
});
