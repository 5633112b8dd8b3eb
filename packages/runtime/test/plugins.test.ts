import { fileURLToPath } from 'node:url';

import type { SourcePlugin } from '@sluice/connector-api';
import { loadPlugins, PluginRegistry, scanPlugins } from '@sluice/runtime';

import { expect, test } from 'vitest';

import { importLimitMsDefault, scanLimitMsDefault } from '../src/load-plugins.ts';
import { withoutDuplicates } from '../src/scan-plugins.ts';
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

test('what a scan found in time is not given up by a busier thread that runs it', () => {
  expect(importLimitMsDefault).toBeGreaterThan(scanLimitMsDefault);
});

test('two modules with one class and version: the first is used, and the failure names both', async () => {
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
  expect(registry.facts({ 'connector.class': 'FileSource' })).toBeUndefined();
});

test('what a definition asks for and is not there is named, with what there is', async () => {
  const registry = new PluginRegistry([
    named('a.FileSource', 'File'),
    { ...named('a.FileSource', 'File'), version: '1.10.0' },
    { ...named('a.FileSource', 'File'), version: '1.9.0' },
    named('b.Other'),
  ]);
  const chosen = async (config: Record<string, string>) =>
    (await registry.load(config)).connector.version;
  expect(await chosen({ 'connector.class': 'File' })).toBe('1.10.0');
  expect(
    await chosen({ 'connector.class': 'File', 'connector.plugin.version': '[1.0,1.10)' }),
  ).toBe('1.9.0');
  await expect(registry.load({ 'connector.class': 'Nope' })).rejects.toThrow(
    "no connector plugin is called 'Nope'; this worker has: a.FileSource, b.Other",
  );
  await expect(registry.load({})).rejects.toThrow('the configuration has no connector.class');
  await expect(
    registry.load({ 'connector.class': 'File', 'connector.plugin.version': '2.0' }),
  ).rejects.toThrow(
    'Plugin File not found that matches the version range [2.0], available versions: [1.0.0, 1.9.0, 1.10.0]',
  );
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
    { baseDirectory: fixtures, timeoutMs: 1_500 },
  );
  const [good] = scan.modules;
  expect(good?.plugins).toMatchObject([
    {
      class: 'test.CounterSourceConnector',
      type: 'source',
      version: '1.2.3',
      aliases: expect.arrayContaining(['counter', 'CounterSourceConnector', 'CounterSource']),
    },
  ]);
  expect(good?.plugins[0]?.configKeys.map(({ name }) => name)).toEqual(['topic', 'end']);
  expect(scan.modules.map(({ module }) => module.name)).toEqual([
    './good-plugin.ts',
    './same-class-plugin.ts',
  ]);
  expect(withoutDuplicates(scan.modules)).toMatchObject({
    modules: [{ plugins: [{}] }, { plugins: [] }],
    failures: [{ error: expect.stringContaining('./good-plugin.ts') }],
  });
  const errors = new Map(scan.failures.map(({ specifier, error }) => [specifier, error]));
  expect(errors.get('./throws-on-import.ts')).toContain('no native binding');
  expect(errors.get('./blocks-on-import.ts')).toContain('blocked its thread');
  expect(errors.get('./exits-on-import.ts')).toContain('exit code 3');
  expect(errors.get('./no-connector.ts')).toContain('exports no connector');
});

test('an empty list is scanned without a thread', async () => {
  expect(await scanPlugins([])).toEqual({ modules: [], failures: [] });
});
