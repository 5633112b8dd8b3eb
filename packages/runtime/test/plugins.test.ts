import { fileURLToPath } from 'node:url';

import type { SourcePlugin } from '@sluice/connector-api';
import { loadPlugins, PluginRegistry, scanPlugins } from '@sluice/runtime';
import { expect, test } from 'vitest';

import { sourceOf } from './support/plugins.ts';

const fixtures = fileURLToPath(new URL('./fixtures', import.meta.url));

function fixture(name: string): string {
  return `./${name}.ts`;
}

test('modules load from relative paths, absolute paths, URLs and packages', async () => {
  for (const specifier of [
    './good-plugin.ts',
    `${fixtures}/good-plugin.ts`,
    new URL('./fixtures/good-plugin.ts', import.meta.url).href,
  ]) {
    const registry = await loadPlugins([specifier], { baseDirectory: fixtures });
    expect(registry.failures).toEqual([]);
    expect(registry.find('test.CounterSourceConnector')?.version).toBe('1.2.3');
  }
  const { failures } = await loadPlugins(['@sluice/kernel'], { baseDirectory: fixtures });
  expect(failures[0]?.error).toContain('plugin module @sluice/kernel is not usable: ');
});

test('one bad module costs only itself, and its message names it and the remedy', async () => {
  const registry = await loadPlugins(
    ['throws-on-import', 'no-connector', 'missing', 'good-plugin'].map(fixture),
    { baseDirectory: fixtures },
  );
  expect(registry.plugins.map((plugin) => plugin.class)).toEqual(['test.CounterSourceConnector']);
  expect(registry.failures.map(({ specifier }) => specifier)).toEqual([
    './throws-on-import.ts',
    './no-connector.ts',
    './missing.ts',
  ]);
  const [threw, empty, missing] = registry.failures.map(({ error }) => error);
  expect(threw).toBe(
    'plugin module ./throws-on-import.ts threw while it was imported: Error: no native binding. ' +
      'It must not do more than define its connectors',
  );
  expect(empty).toContain('the module exports no connector');
  expect(empty).toContain('answer');
  expect(missing).toContain('plugin module ./missing.ts cannot be found');
});

test('a module that never finishes importing is given up at the limit', async () => {
  const registry = await loadPlugins([fixture('never-imports')], {
    baseDirectory: fixtures,
    importLimitMs: 50,
  });
  expect(registry.failures[0]?.error).toContain('did not finish importing within 50 ms');
});

test('two modules with one class: the first is used, and the failure names both', async () => {
  const registry = await loadPlugins(['good-plugin', 'same-class-plugin'].map(fixture), {
    baseDirectory: fixtures,
  });
  expect(registry.plugins).toHaveLength(1);
  expect(registry.failures).toEqual([
    {
      specifier: './same-class-plugin.ts',
      error: expect.stringMatching(/of \.\/same-class-plugin\.ts .* by \.\/good-plugin\.ts/),
    },
  ]);
});

function named(className: string, ...aliases: string[]): SourcePlugin {
  const plugin = sourceOf(() => {
    throw new Error('not created');
  });
  return { ...plugin, class: className, aliases };
}

test('a plugin is found by class, simple name and alias; an alias of two is nobody’s', () => {
  const registry = new PluginRegistry([
    named('a.FileSource', 'FileSource', 'File'),
    named('b.FileSource', 'FileSource'),
  ]);
  expect(registry.find('a.FileSource')?.class).toBe('a.FileSource');
  expect(registry.find(' File ')?.class).toBe('a.FileSource');
  expect(registry.find('FileSource')).toBeUndefined();
  expect(() => registry.get('Nope')).toThrow(
    "no connector plugin is called 'Nope'; this worker has: a.FileSource, b.FileSource",
  );
  expect(() => registry.get(undefined)).toThrow('the configuration has no connector.class');
});

test('a scan describes what is good and survives what blocks, exits or throws', async () => {
  const scan = await scanPlugins(
    [
      'throws-on-import',
      'blocks-on-import',
      'good-plugin',
      'exits-on-import',
      'same-class-plugin',
      'no-connector',
    ].map(fixture),
    { baseDirectory: fixtures, timeoutMs: 800 },
  );
  expect(scan.plugins).toMatchObject([
    {
      class: 'test.CounterSourceConnector',
      type: 'source',
      version: '1.2.3',
      aliases: expect.arrayContaining(['counter', 'CounterSourceConnector', 'CounterSource']),
    },
  ]);
  expect(scan.plugins[0]?.configKeys.map(({ name }) => name)).toEqual(['topic', 'end']);
  expect(scan.usable).toEqual(['./good-plugin.ts', './same-class-plugin.ts']);
  const errors = new Map(scan.failures.map(({ specifier, error }) => [specifier, error]));
  expect(errors.get('./throws-on-import.ts')).toContain('no native binding');
  expect(errors.get('./blocks-on-import.ts')).toContain('blocked its thread');
  expect(errors.get('./exits-on-import.ts')).toContain('exit code 3');
  expect(errors.get('./same-class-plugin.ts')).toContain('./good-plugin.ts');
  expect(errors.get('./no-connector.ts')).toContain('exports no connector');
}, 20_000);

test('an empty list is scanned without a thread', async () => {
  expect(await scanPlugins([])).toEqual({ plugins: [], failures: [], usable: [] });
});
