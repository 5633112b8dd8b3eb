import type { PluginIndex } from '@sluice/runtime';
import { expect, test } from 'vitest';

import { hasAllCode } from '../src/code-at-hand.ts';

const module = { name: './plugins.ts', specifier: './plugins.ts' };
const entry = { aliases: [], version: '1.0.0', module };
const index: PluginIndex = [
  { ...entry, class: 'Greeting', type: 'source' },
  { ...entry, class: 'Greeting', type: 'source', version: '2.0.0' },
  { ...entry, class: 'acme.Ours', type: 'transformation' },
  { ...entry, class: 'acme.Ours', type: 'predicate' },
  { ...entry, class: 'acme.Ours', type: 'converter' },
];
const config = { 'connector.class': 'Greeting' };

function using(transform: string, predicate: string, converter: string) {
  return {
    ...config,
    transforms: 'a',
    'transforms.a.type': transform,
    predicates: 'b',
    'predicates.b.type': predicate,
    'value.converter': converter,
  };
}

test.each([
  config,
  using('acme.Ours', 'acme.Ours', 'acme.Ours'),
  using(
    'org.apache.kafka.connect.transforms.Flatten$Value',
    'RecordIsTombstone',
    'org.apache.kafka.connect.json.JsonConverter',
  ),
])('what is built in or in the index is at hand: %j', (definition) => {
  expect(hasAllCode(definition, index)).toBe(true);
});

test.each([
  { 'connector.class': 'Parting' },
  using('acme.Theirs', 'acme.Ours', 'acme.Ours'),
  using('acme.Ours', 'acme.Theirs', 'acme.Ours'),
  using('acme.Ours', 'acme.Ours', 'acme.Theirs'),
  { ...using('acme.Ours', 'acme.Ours', 'acme.Ours'), 'transforms.a.plugin.version': '[2.0,)' },
  { ...config, 'header.converter': 'acme.Ours' },
])('what only workers may have is not: %j', (definition) => {
  expect(hasAllCode(definition, index)).toBe(false);
});

test('a connector is at hand in the version that was chosen for it', () => {
  for (const [version, isThere] of [
    ['1.0.0', true],
    ['1.1.0', false],
    ['2.0.0', true],
  ] as const)
    expect(
      hasAllCode({ ...config, 'connector.plugin.version': `[${version}]` }, index),
      version,
    ).toBe(isThere);
});
