import { expect, test } from 'vitest';

import {
  ConfigError,
  type Converter,
  defineConverter,
  definePredicate,
  defineTransform,
  isConfigError,
  perRecord,
  pluginsOf,
  string,
} from '../src/index.ts';

const prefix = defineTransform({
  name: 'prefix-topic',
  class: 'com.acme.PrefixTopic',
  version: '1.2.0',
  config: { prefix: string() },
  create: ({ prefix: text }) =>
    perRecord((record) => {
      if (record.value === 'bad') throw new Error('it is bad');
      return record.value === null ? null : { ...record, topic: text + record.topic };
    }),
});

test('a transform changes, drops and fails single records, index by index', async () => {
  const records = ['a', null, 'bad'].map((value) => ({ topic: 't', value }));
  const { records: changed, failures } = await prefix.create({ prefix: 'x-' }).apply(records);
  expect(changed).toEqual([{ topic: 'x-t', value: 'a' }, null, null]);
  expect(failures).toEqual([{ index: 2, error: new Error('it is bad') }]);
});

test('its keys are declared, and wrong ones are refused before it is made', () => {
  expect(prefix).toMatchObject({
    type: 'transformation',
    class: 'com.acme.PrefixTopic',
    aliases: ['PrefixTopic', 'prefix-topic'],
    version: '1.2.0',
  });
  expect(prefix.configDef.keys.map(({ name, required }) => [name, required])).toEqual([
    ['prefix', true],
  ]);
  expect(() => prefix.create({})).toThrow(ConfigError);
});

const identity: Converter = {
  toBytes: ({ values }) => ({ bytes: values as readonly Uint8Array[], failures: [] }),
  fromBytes: ({ bytes }) => ({ values: bytes, failures: [] }),
};
const raw = defineConverter({
  name: 'com.acme.RawConverter',
  version: '1.0.0',
  types: ['converter'],
  config: {},
  create: () => identity,
});
const hasKey = definePredicate({
  name: 'has-key',
  version: '1.0.0',
  config: {},
  create: () => ({
    test: (records) => ({ matches: records.map(({ key }) => key !== undefined), failures: [] }),
  }),
});

test('a module may have plugins of all kinds', () => {
  expect(pluginsOf({ plugins: [prefix, raw, hasKey] })).toEqual([prefix, raw, hasKey]);
  expect(raw.aliases).toEqual(['RawConverter', 'Raw']);
  expect(raw.create({}, 'value')).toBe(identity);
});

test.each([
  [{ ...raw, types: undefined }, 'has no list of types'],
  [{ ...raw, configKeys: undefined }, 'has no list of configKeys'],
  [{ ...prefix, configDef: undefined }, 'has no configDef with a list of keys'],
  [{ ...hasKey, create: 'no' }, 'has a create that is not a function'],
  [{ ...hasKey, type: 'toString' }, 'has no type "source" or "sink"'],
])('what is malformed is told (%#)', (plugin, problem) => {
  expect(() => pluginsOf({ default: plugin })).toThrow(problem);
});

test('a configuration error is one also if it comes from another copy of this package', () => {
  const problems = [{ key: 'url', message: 'no address' }];
  const foreign = Object.assign(new Error('no address'), { name: 'ConfigError', problems });
  expect([new ConfigError(problems), foreign, new Error('no')].map(isConfigError)).toEqual([
    true,
    true,
    false,
  ]);
});
