import { expect, test } from 'vitest';
import {
  ConfigError,
  type ConfigKey,
  defineConfig,
  defineSink,
  defineSource,
  hasConfigCode,
  hasReference,
  int,
  list,
  Password,
  password,
  recommendations,
  referencesIn,
  replaceReferences,
  string,
  toConfigKeyInfos,
  validateConfig,
} from '../src/index.ts';

const signal = new AbortController().signal;
const ignore = (): void => {};
const context = { signal, logger: { debug: ignore, info: ignore, warn: ignore, error: ignore } };

test('checks are asked in turn, with the typed value, and the first that finds something is told', () => {
  const seen: unknown[] = [];
  const config = defineConfig({
    port: int()
      .min(1)
      .check((port) => {
        seen.push(port);
        return port % 2 === 0 ? undefined : 'Value must be even';
      })
      .check((port) => (port > 10 ? undefined : 'Value must be above 10')),
  });
  const problemsOf = (port: string): string[] =>
    validateConfig(config.keys, { port }).map(({ message }) => message);
  expect(problemsOf(' 3 ')).toEqual(['Invalid value 3 for configuration port: Value must be even']);
  expect(problemsOf('4')).toEqual([
    'Invalid value 4 for configuration port: Value must be above 10',
  ]);
  expect(problemsOf('12')).toEqual([]);
  expect(seen).toEqual([3, 4, 12]);
  expect(problemsOf('0')).toEqual([
    'Invalid value 0 for configuration port: Value must be at least 1',
  ]);
  expect(seen).toHaveLength(3);
  expect(() => config.parse({ port: '3' })).toThrow(ConfigError);
});

test('a check of a password shows no value', () => {
  const { keys } = defineConfig({
    secret: password().check((secret) =>
      secret.reveal().length > 8 ? undefined : 'it must be longer',
    ),
  });
  expect(validateConfig(keys, { secret: 'hunter2' })[0]?.message).toBe(
    'Invalid value [hidden] for configuration secret: it must be longer',
  );
});

test('a password may have a default, which is used and not shown', () => {
  const config = defineConfig({ secret: password().default(new Password('changeit')) });
  expect(config.parse({}).secret.reveal()).toBe('changeit');
  expect(toConfigKeyInfos(config.keys)[0]?.default_value).toBe('[hidden]');
});

test('a list has rules for its elements and for their number', () => {
  const { keys } = defineConfig({ modes: list().oneOf('a', 'b').max(2) });
  const problemsOf = (modes: string): string[] =>
    validateConfig(keys, { modes }).map(({ message }) => message);
  expect(problemsOf('a,b')).toEqual([]);
  expect(problemsOf('a,c')).toEqual([
    'Invalid value a,c for configuration modes: List elements must be one of: a, b',
  ]);
  expect(problemsOf('a,b,a')).toEqual([
    'Invalid value a,b,a for configuration modes: exceeds maximum list size of [2].',
  ]);
});

test('a dependent that nobody defines is a problem of the definition', () => {
  const { keys } = defineConfig({ mode: string().dependents('size', 'speed'), size: int() });
  expect(validateConfig(keys, { mode: 'a', size: '1' })).toEqual([
    { key: 'speed', message: 'speed is referred in the dependents, but not defined.' },
  ]);
});

test('nothing is said of a value before its reference is resolved', () => {
  const { keys } = defineConfig({ port: int().check(() => 'never') });
  expect(validateConfig(keys, { port: '${env:PORT}' })).toEqual([]);
});

test('references are found as Kafka Connect finds them', () => {
  expect(referencesIn('jdbc:x://${env:HOST}:5432/${file:/run/db.properties:name}')).toEqual([
    { text: '${env:HOST}', provider: 'env', path: '', key: 'HOST' },
    {
      text: '${file:/run/db.properties:name}',
      provider: 'file',
      path: '/run/db.properties',
      key: 'name',
    },
  ]);
  for (const none of ['${topic}', '$env:HOST', '{env:HOST}', '${topic}:${partition}', ''])
    expect(hasReference(none), none).toBe(false);
  expect(replaceReferences('${a:b}-${a:b:c}', ({ path, key }) => `${path}|${key}`)).toBe('|b-b|c');
});

test('recommenders see the configuration with its defaults', async () => {
  const config = defineConfig({
    mode: string().default('slow').dependents('speed').width('short'),
    speed: int()
      .default(1)
      .recommend(async ({ mode }) => (mode === 'fast' ? ['10', '20'] : ['1']))
      .visibleIf(({ mode }) => mode === 'fast'),
  });
  expect(await recommendations(config.keys, {})).toEqual({
    speed: { values: ['1'], isVisible: false },
  });
  expect(await recommendations(config.keys, { mode: 'fast' })).toEqual({
    speed: { values: ['10', '20'], isVisible: true },
  });
  const [mode, speed] = toConfigKeyInfos(config.keys);
  expect(mode).toMatchObject({ width: 'SHORT', dependents: ['speed'] });
  // What is announced is plain data.
  expect(structuredClone(speed)).toEqual(speed);
});

test('a defined connector validates typed values, once each of them is right', async () => {
  const asked: number[] = [];
  const definition = {
    name: 'x',
    version: '1.0.0',
    config: { from: int(), to: int() },
    validate: async ({ config }: { config: { from: number; to: number } }) => {
      asked.push(config.from);
      return config.from < config.to ? [] : [{ key: 'to', message: 'to must be above from' }];
    },
  };
  for (const plugin of [
    defineSource({ ...definition, async *run() {} }),
    defineSink({ ...definition, put: ignore }),
  ]) {
    expect(hasConfigCode(plugin)).toBe(true);
    expect(await plugin.validate?.({ from: '2', to: '1' }, context)).toEqual([
      { key: 'to', message: 'to must be above from' },
    ]);
    expect(await plugin.validate?.({ from: '2', to: 'one' }, context)).toEqual([]);
  }
  expect(asked).toEqual([2, 2]);
});

test('a plugin is asked for code only if it has some', () => {
  const plain: readonly ConfigKey[] = defineConfig({ a: int().min(1).dependents('a') }).keys;
  const withCheck = defineConfig({ a: int().check(() => undefined) }).keys;
  expect(hasConfigCode({ configDef: { keys: plain } })).toBe(false);
  expect(hasConfigCode({ configDef: { keys: withCheck } })).toBe(true);
  expect(hasConfigCode({ configDef: { keys: plain }, validate: () => [] })).toBe(true);
});
