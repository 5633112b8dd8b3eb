import { describe, expect, test } from 'vitest';
import {
  boolean,
  type ConfigBuilder,
  ConfigError,
  defineConfig,
  double,
  int,
  list,
  long,
  oneOf,
  Password,
  password,
  short,
  string,
  toConfigKeyInfos,
  validateConfig,
} from '../src/index.ts';

function problemsOf(builder: ConfigBuilder<unknown>, text: string | undefined): string[] {
  const infos = toConfigKeyInfos(defineConfig({ key: builder }).keys);
  const config: Record<string, string> = text === undefined ? {} : { key: text };
  return validateConfig(infos, config).map((problem) => problem.message);
}

describe("validation, in Kafka Connect's words", () => {
  test.each<[string, ConfigBuilder<unknown>, string | undefined, string]>([
    [
      'a required key that is absent',
      string(),
      undefined,
      'Missing required configuration "key" which has no default value.',
    ],
    [
      'text for an int',
      int(),
      'zero',
      'Invalid value zero for configuration key: Not a number of type INT',
    ],
    [
      'nothing for an int',
      int(),
      '',
      'Invalid value  for configuration key: Not a number of type INT',
    ],
    [
      'a fraction for an int',
      int(),
      '1.5',
      'Invalid value 1.5 for configuration key: Not a number of type INT',
    ],
    [
      'more than 32 bits for an int',
      int(),
      '2147483648',
      'Invalid value 2147483648 for configuration key: Not a number of type INT',
    ],
    [
      'more than 16 bits for a short',
      short(),
      '32768',
      'Invalid value 32768 for configuration key: Not a number of type SHORT',
    ],
    [
      'more than 64 bits for a long',
      long(),
      '9223372036854775808',
      'Invalid value 9223372036854775808 for configuration key: Not a number of type LONG',
    ],
    [
      'text for a double',
      double(),
      'many',
      'Invalid value many for configuration key: Not a number of type DOUBLE',
    ],
    [
      'text for a boolean',
      boolean(),
      'yes',
      'Invalid value yes for configuration key: Expected value to be either true or false',
    ],
    [
      'less than the minimum',
      int().min(1),
      '0',
      'Invalid value 0 for configuration key: Value must be at least 1',
    ],
    [
      'more than the maximum',
      int().max(9),
      '10',
      'Invalid value 10 for configuration key: Value must be no more than 9',
    ],
    [
      'an empty string that must not be',
      string().nonEmpty(),
      ' ',
      'Invalid value  for configuration key: String must be non-empty',
    ],
    [
      'a string that is not one of the options',
      oneOf('none', 'all'),
      'All',
      'Invalid value All for configuration key: String must be one of: none, all',
    ],
    [
      'a string that does not match',
      string().pattern(/^[a-z]+$/),
      'A',
      'Invalid value A for configuration key: String must match pattern ^[a-z]+$',
    ],
    [
      'an empty list that must not be',
      list().nonEmpty(),
      '',
      'Invalid value  for configuration key: List must be non-empty',
    ],
  ])('%s', (_title, builder, text, message) => {
    expect(problemsOf(builder, text)).toEqual([message]);
  });

  test('a secret never appears in a message', () => {
    const keys = [
      { name: 'key', type: 'PASSWORD', required: true, rules: { nonEmpty: true } },
    ] as const;
    expect(validateConfig(keys, { key: ' ' })).toEqual([
      {
        key: 'key',
        message: 'Invalid value [hidden] for configuration key: String must be non-empty',
      },
    ]);
  });

  test.each([
    ['whitespace around an int', int(), ' 42 '],
    ['a plus sign', int(), '+42'],
    ['the smallest int', int(), '-2147483648'],
    ['the largest long', long(), '9223372036854775807'],
    ['an exponent', double(), '-1.5e-3'],
    ['a boolean in capitals', boolean(), 'TRUE'],
    ['an absent optional key', string().optional(), undefined],
    ['an absent key with a default', int().default(1), undefined],
  ] as const)('%s is valid', (_title, builder, text) => {
    expect(problemsOf(builder, text)).toEqual([]);
  });

  test('all problems come at once, in the order of the keys; unknown keys are none', () => {
    const { keys } = defineConfig({ topic: string(), size: int().min(1), mode: oneOf('a', 'b') });
    expect(validateConfig(keys, { size: '0', mode: 'c', unknown: 'x' })).toEqual([
      {
        key: 'topic',
        message: 'Missing required configuration "topic" which has no default value.',
      },
      { key: 'size', message: 'Invalid value 0 for configuration size: Value must be at least 1' },
      {
        key: 'mode',
        message: 'Invalid value c for configuration mode: String must be one of: a, b',
      },
    ]);
  });
});

describe('parsing', () => {
  const definition = defineConfig({
    topic: string(),
    'batch.size': int().default(2000),
    pause: long().default(5),
    ratio: double().default(0.5),
    enabled: boolean().default(false),
    tables: list().default(['a', 'b']),
    mode: oneOf('fast', 'safe').default('safe'),
    secret: password().optional(),
    file: string().optional(),
  });

  test('absent keys get their defaults, optional ones are undefined', () => {
    expect(definition.parse({ topic: ' orders ' })).toEqual({
      topic: 'orders',
      'batch.size': 2000,
      pause: 5,
      ratio: 0.5,
      enabled: false,
      tables: ['a', 'b'],
      mode: 'safe',
      secret: undefined,
      file: undefined,
    });
  });

  test('values get their types', () => {
    const parsed = definition.parse({
      topic: 'orders',
      'batch.size': '+7',
      pause: '9007199254740993',
      ratio: '1e3',
      enabled: ' True ',
      tables: 'x , y,z',
      mode: 'fast',
      secret: 'hunter2',
      file: '/f',
    });
    expect(parsed).toMatchObject({
      'batch.size': 7,
      pause: 9007199254740992,
      ratio: 1000,
      enabled: true,
      tables: ['x', 'y', 'z'],
      mode: 'fast',
      file: '/f',
    });
    expect(parsed.secret?.reveal()).toBe('hunter2');
  });

  test('an empty list has no elements', () => {
    expect(definition.parse({ topic: 't', tables: '  ' }).tables).toEqual([]);
  });

  test('a bad configuration throws one error with every problem', () => {
    const bad = { 'batch.size': 'many', mode: 'slow' };
    expect(() => definition.parse(bad)).toThrow(ConfigError);
    expect(() => definition.parse(bad)).toThrow(
      [
        'Missing required configuration "topic" which has no default value.',
        'Invalid value many for configuration batch.size: Not a number of type INT',
        'Invalid value slow for configuration mode: String must be one of: fast, safe',
      ].join('\n'),
    );
  });

  test('a pattern with flags is refused, since flags do not reach the coordinator', () => {
    expect(() => string().pattern(/a/i)).toThrow('flags are not supported');
  });
});

test('a builder is not changed by what is made from it', () => {
  const base = int();
  base.default(1).min(5).doc('other');
  expect(defineConfig({ base }).keys[0]).toMatchObject({
    required: true,
    defaultValue: null,
    documentation: '',
  });
});

test('a password shows itself only when asked to', () => {
  const secret = new Password('hunter2');
  expect([String(secret), JSON.stringify({ secret })]).toEqual([
    '[hidden]',
    '{"secret":"[hidden]"}',
  ]);
  expect(secret.reveal()).toBe('hunter2');
});

test("keys take the shape of Kafka Connect's ConfigKeyInfo", () => {
  const { keys } = defineConfig({
    file: string().optional().importance('high').doc('The file.'),
    size: int().default(10).min(1).group('Limits').displayName('Size'),
    wait: long().default(0).group('Limits'),
  });
  expect(toConfigKeyInfos(keys)).toEqual([
    {
      name: 'file',
      type: 'STRING',
      required: false,
      default_value: null,
      importance: 'HIGH',
      documentation: 'The file.',
      group: null,
      order: -1,
      width: 'NONE',
      display_name: 'file',
      dependents: [],
    },
    {
      name: 'size',
      type: 'INT',
      required: false,
      default_value: '10',
      importance: 'MEDIUM',
      documentation: '',
      group: 'Limits',
      order: 1,
      width: 'NONE',
      display_name: 'Size',
      dependents: [],
      rules: { min: 1 },
    },
    {
      name: 'wait',
      type: 'LONG',
      required: false,
      default_value: '0',
      importance: 'MEDIUM',
      documentation: '',
      group: 'Limits',
      order: 2,
      width: 'NONE',
      display_name: 'wait',
      dependents: [],
    },
  ]);
});
