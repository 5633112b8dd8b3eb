import { parseVersionRange } from '@sluice/connector-api';
import { expect, test } from 'vitest';

import type { PluginInfo } from '../src/model.ts';
import { catalogOf, PluginCatalog } from '../src/plugin-catalog.ts';
import { member, plugin } from './records.ts';

function named(name: string, changes: Partial<PluginInfo> = {}): PluginInfo {
  return plugin(`example.${name}`, { aliases: [name], ...changes });
}

const clock = named('Clock');
const broken = named('Broken', { error: 'no such module' });

test('a plugin is found by its class and by each alias; the first of a name counts', () => {
  const other = named('Other', { aliases: ['Clock', 'Other'] });
  const catalog = new PluginCatalog([clock, other]);
  expect(catalog.find('example.Clock')).toBe(clock);
  expect(catalog.find('Clock')).toBe(clock);
  expect(catalog.find('Other')).toBe(other);
  expect(catalog.find('None')).toBeUndefined();
  expect(catalog.list()).toEqual([clock, other]);
});

test('each is listed once, by class', () => {
  const [a, b] = [named('A'), named('B')];
  expect(new PluginCatalog([b, a, b]).list()).toEqual([a, b]);
});

test('what is a converter and one for headers is listed as both, and as whoever announced it first', () => {
  const [a, b] = [named('A'), named('B')];
  const both = (['header_converter', 'converter'] as const).map((type) => named('Json', { type }));
  const catalog = new PluginCatalog([...both, b, named('B'), a]);
  expect(catalog.list()).toEqual([a, b, both[1], both[0]]);
  expect(catalog.find('B')).toBe(b);
});

test('one that could not be loaded is not found, and known as broken', () => {
  const catalog = new PluginCatalog([broken]);
  expect(catalog.find('Broken')).toBeUndefined();
  expect(catalog.list()).toEqual([]);
  expect(catalog.broken).toEqual([broken]);
});

test('it is empty as long as nobody has announced anything, not even what is broken', () => {
  expect(new PluginCatalog([]).isEmpty).toBe(true);
  expect(new PluginCatalog([clock]).isEmpty).toBe(false);
  expect(new PluginCatalog([broken]).isEmpty).toBe(false);
});

test('there is what members announce, unless they are dead; what is built in is known, and not listed', () => {
  const members = [
    member('w1', { plugins: [named('A')] }),
    member('w2', { plugins: [named('B')], state: 'draining' }),
    member('w3', { plugins: [named('C')], state: 'dead' }),
  ];
  const catalog = catalogOf(members, [clock]);
  expect(catalog.list().map((each) => each.class)).toEqual(['example.A', 'example.B']);
  const builtIn = (name: string) =>
    catalog.isBuiltIn({ name, types: ['source'], range: undefined });
  expect([builtIn('Clock'), builtIn('A')]).toEqual([true, false]);
});

test('each version is there once, the oldest first; a name stands for the newest in the range', () => {
  const versions = ['1.10.0', '2.0.0', '1.9.0', '2.0.0'].map((version) => named('A', { version }));
  const catalog = catalogOf([
    member('w1', { plugins: versions }),
    member('w2', { plugins: versions }),
  ]);
  expect(catalog.list().map(({ version }) => version)).toEqual(['1.9.0', '1.10.0', '2.0.0']);
  expect(catalog.find('A')?.version).toBe('2.0.0');
  const parsed = parseVersionRange('[1.0,2.0)');
  const range = 'range' in parsed ? parsed.range : undefined;
  expect(catalog.find('A', { range })?.version).toBe('1.10.0');
  expect(catalog.find('A', { types: ['sink'] })).toBeUndefined();
});

test('what is broken on several workers is told once, and what works on another is found', () => {
  const members = [
    member('w1', { plugins: [broken, named('A', { error: 'too old' }), { ...broken }] }),
    member('w2', { plugins: [broken, named('A')] }),
  ];
  const catalog = catalogOf(members);
  expect(catalog.broken.map((each) => each.class)).toEqual(['example.Broken', 'example.A']);
  expect(catalog.find('A')).toEqual(named('A'));
});
