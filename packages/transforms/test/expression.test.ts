import {
  type ConfigError,
  Decimal,
  decimalSchema,
  optionalSchema,
  type Schema,
  type SourceRecord,
  schemas,
  structSchema,
  type TransformableRecord,
  timestampSchema,
} from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import { builtInTransformations, findPlugin } from '../src/index.ts';

async function apply(
  config: Readonly<Record<string, string>>,
  records: readonly TransformableRecord[],
  part: 'Key' | 'Value' = 'Value',
) {
  const plugin = findPlugin(builtInTransformations.transforms, `Expression$${part}`);
  return plugin?.create(config).apply(records);
}

async function one(
  config: Readonly<Record<string, string>>,
  record: Partial<SourceRecord>,
  part: 'Key' | 'Value' = 'Value',
): Promise<TransformableRecord | null | string> {
  const result = await apply(config, [{ topic: 'orders', ...record }], part);
  return result?.failures[0]?.error.message ?? result?.records[0] ?? null;
}

async function keeps(filter: string, record: Partial<SourceRecord>): Promise<unknown> {
  const result = await one({ filter }, record);
  return typeof result === 'string' ? result : result !== null;
}

async function value(expression: string, record: Partial<SourceRecord>): Promise<unknown> {
  const result = await one({ 'set.x': expression }, { value: {}, ...record });
  return typeof result === 'string' || result === null
    ? result
    : (result.value as { x: unknown }).x;
}

describe('a filter', () => {
  test('keeps the records for which it is true', async () => {
    const records = [1, 5, 9].map((amount) => ({ topic: 't', value: { amount } }));
    const result = await apply({ filter: 'value.amount > 4' }, records);
    expect(result).toEqual({ records: [null, records[1], records[2]], failures: [] });
  });

  test.each([
    ["topic == 'orders'", true],
    ["key.startsWith('k')", true],
    ['partition == 3', true],
    ["timestamp > timestamp('2023-01-01T00:00:00Z')", true],
    ["headers.trace == 'second'", true],
    ["'other' in headers", false],
    ["has(value.address.city) && value.address.city == 'Oslo'", true],
    ['has(value.address.street)', false],
    ["value.?address.?street.orValue('none') == 'none'", true],
    ["value.tags.exists(tag, tag == 'b')", true],
    ["value.tags.all(tag, tag.matches('^[a-z]$'))", true],
    ['value.note == null', true],
    ['value.big == 9007199254740993', true],
    ['value.price * 2 == 3.0', true],
    ['value.count * 1.5 == 4.5', true],
    ['type(value.count) == int', true],
  ])('sees %s as %s', async (filter, expected) => {
    const record = {
      key: 'k1',
      partition: 3,
      timestampMs: 1_700_000_000_000,
      headers: [
        { name: 'trace', value: 'first' },
        { name: 'trace', value: 'second' },
      ],
      value: {
        address: { city: 'Oslo' },
        tags: ['a', 'b'],
        note: null,
        big: 9_007_199_254_740_993n,
        price: 1.5,
        count: 3,
      },
    };
    expect(await keeps(filter, record)).toBe(expected);
  });

  test('reads a struct by its schema: ints, decimals, points in time, what is absent', async () => {
    const valueSchema = structSchema({
      id: schemas.int64,
      rate: schemas.float64,
      price: decimalSchema(2),
      at: timestampSchema,
      note: optionalSchema(schemas.string),
      level: { type: 'int32', default: 7 },
      byNumber: { type: 'map', keys: schemas.int32, values: schemas.string },
    });
    const struct = {
      id: 5,
      rate: 3,
      price: new Decimal(1050n, 2),
      at: new Date('2024-02-29T12:00:00Z'),
      byNumber: new Map([[1, 'one']]),
    };
    const record = { value: struct, valueSchema };
    expect(await keeps('type(value.id) == int && type(value.rate) == double', record)).toBe(true);
    expect(await keeps('value.price > 10 && value.price <= 10.5', record)).toBe(true);
    expect(await keeps("string(value.price) == '10.50'", record)).toBe(true);
    expect(await keeps('value.at.getDayOfYear() == 59', record)).toBe(true);
    expect(await keeps('value.note == null && value.level == 7', record)).toBe(true);
    expect(await keeps("value.byNumber[1] == 'one'", record)).toBe(true);
    expect(await keeps('value.nothing == null', record)).toMatch(
      /^filter: No such key: nothing \(characters 7 to 13 of the expression\)$/,
    );
  });

  test('fails a record whose result is neither true nor false, or that lacks a field', async () => {
    expect(await keeps('value.a', { value: { a: 1 } })).toBe(
      'filter: the result is neither true nor false',
    );
    expect(await keeps('value.b > 1', { value: { a: 1 } })).toContain('No such key: b');
    expect(await keeps('value.a > 1', { value: { a: 'text' } })).toContain('no such overload');
    expect(await keeps('value.a > 1', { value: null })).toMatch(/^filter: /);
  });

  test('reaches nothing but the data', async () => {
    for (const escape of [
      'value.constructor',
      'value.__proto__',
      "value['constructor']",
      'value.toString',
    ])
      expect(await keeps(`${escape} == null`, { value: { a: 1 } })).toMatch(
        /No such key|reserved|Reserved/i,
      );
    const hostile = JSON.parse('{"__proto__": {"admin": true}}') as object;
    expect(await keeps('has(value.admin)', { value: hostile })).toBe(false);
  });
});

describe('set', () => {
  test('makes fields of what it computes, from the record as it came', async () => {
    const config = { 'set.total': 'value.price * value.count', 'set.count': 'value.count + 1' };
    const result = await one(config, { value: { price: 2.5, count: 2, other: 'x' } });
    expect(result).toEqual({
      topic: 'orders',
      value: { price: 2.5, count: 3, other: 'x', total: 5 },
    });
  });

  test('gives values of each type', async () => {
    expect(await value('9007199254740992 + 1', {})).toBe(9_007_199_254_740_993n);
    expect(await value('5 + 1', {})).toBe(6);
    expect(await value("'a' + topic", {})).toBe('aorders');
    expect(await value('[1, 2].map(n, n * 2)', {})).toEqual([2, 4]);
    expect(await value("{'a': 1}", {})).toEqual({ a: 1 });
    expect(await value("string(timestamp('2024-02-29T00:00:00Z'))", {})).toBe(
      '2024-02-29T00:00:00.000Z',
    );
    expect(await value("int(timestamp('1970-01-01T00:00:05Z'))", {})).toBe(5);
    expect(await value("b'ab'", {})).toEqual(Buffer.from('ab'));
    expect(await value('9223372036854775807 + 1', {})).toContain('overflow');
    expect(await value('1 / 0', {})).toContain('division by zero');
    expect(await value("duration('1h')", {})).toContain('which no record can hold');
  });

  test('extends the schema: by what the expression is, or by type.<field>', async () => {
    const valueSchema = structSchema({ a: schemas.int32, b: optionalSchema(schemas.string) });
    const result = await one(
      {
        'set.a': 'value.a + 1',
        'set.sum': 'value.a + 1.5',
        'type.sum': 'float64',
        'set.name': "'n'",
        'set.at': "timestamp('1970-01-01T00:00:05Z')",
      },
      { value: { a: 1 }, valueSchema },
    );
    expect(result).toEqual({
      topic: 'orders',
      value: { a: 2, sum: 2.5, name: 'n', at: new Date(5_000) },
      valueSchema: {
        type: 'struct',
        fields: [
          { field: 'a', schema: { type: 'int32' } },
          { field: 'b', schema: { type: 'string', optional: true } },
          { field: 'sum', schema: { type: 'float64', optional: true } },
          { field: 'name', schema: { type: 'string', optional: true } },
          { field: 'at', schema: { ...timestampSchema, optional: true } },
        ],
      },
    });
  });

  test('records with the same schema get the same new schema', async () => {
    const valueSchema: Schema = structSchema({ a: schemas.int32 });
    const records = [1, 2].map((a) => ({ topic: 't', value: { a }, valueSchema }));
    const result = await apply({ 'set.b': '1' }, records);
    expect(result?.records[0]?.valueSchema).toBe(result?.records[1]?.valueSchema);
  });

  test('fails a record whose result does not fit, or whose type nothing says', async () => {
    const valueSchema = structSchema({ a: schemas.int8 });
    const record = { value: { a: 100 }, valueSchema };
    expect(await one({ 'set.a': 'value.a * 2' }, record)).toContain('does not fit type int8');
    expect(await one({ 'set.a': "'x'" }, record)).toContain('does not fit type int8');
    expect(await one({ 'set.b': 'value.a' }, record)).toContain('set type.b');
    expect(await one({ 'set.b': '1' }, { value: 'text' })).toContain('Only Map objects supported');
  });

  test('leaves a null value alone, works on the key, and changes the topic', async () => {
    expect(await one({ 'set.b': '1' }, { value: null })).toEqual({ topic: 'orders', value: null });
    expect(await one({ 'set.b': 'value' }, { key: { a: 1 }, value: 5 }, 'Key')).toEqual({
      topic: 'orders',
      key: { a: 1, b: 5 },
      value: 5,
    });
    expect(await one({ topic: "topic + '-' + value.region" }, { value: { region: 'eu' } })).toEqual(
      {
        topic: 'orders-eu',
        value: { region: 'eu' },
      },
    );
    expect(await one({ topic: 'value.region' }, { value: { region: 5 } })).toContain('no text');
  });
});

describe('a bound of the cost', () => {
  test('refuses lists that nested comprehensions would take too long for', async () => {
    const list = Array.from({ length: 2_000 }, (_, index) => index);
    const nested = 'value.list.exists(a, value.list.exists(b, a + b < 0))';
    expect(await keeps(nested, { value: { list } })).toMatch(/longest list makes up to \d+ steps/);
    expect(await keeps(nested, { value: { list: list.slice(0, 100) } })).toBe(false);
    expect(await keeps('value.list.all(a, a >= 0)', { value: { list } })).toBe(true);
  });

  test('matches in linear time, whatever the pattern', async () => {
    const text = `${'a'.repeat(5_000)}!`;
    expect(await keeps("value.text.matches('^(a+)+$')", { value: { text } })).toBe(false);
    const inList = "value.texts.exists(text, text.matches('^(a+)+$'))";
    expect(await keeps(inList, { value: { texts: [text] } })).toBe(false);
    expect(await keeps("value.text.matches('(')", { value: { text } })).toMatch(/^filter: /);
  });

  test('refuses what doubles without end', () => {
    const source = Array.from({ length: 30 }).reduce<string>(
      (inner, _, index) => `cel.bind(v${String(index)}, topic + topic + topic, ${inner})`,
      "topic == 'x'",
    );
    expect(problemOf({ filter: source })).toContain('may grow without bound');
  });
});

test.each(['bool(value.a)', 'duration(value.a)', 'int(value.a)', 'timestamp(value.a)'])(
  'an error of %s does not show the value',
  async (expression) => {
    const problem = await value(expression, { value: { a: 'hunter2' } });
    expect(problem).toMatch(/^set\.x: .*\(characters 1 to \d+ of the expression\)$/);
    // cel-js leaves the first characters out.
    expect(problem).not.toContain('unter2');
  },
);

function problemOf(config: Readonly<Record<string, string>>): string {
  try {
    findPlugin(builtInTransformations.transforms, 'Expression$Value')?.create(config);
    return '';
  } catch (error) {
    return (error as ConfigError).message;
  }
}

test.each([
  [{ filter: 'value.a >' }, 'Invalid value value.a > for configuration filter: '],
  [{ filter: 'unknown == 1' }, 'Unknown variable: unknown'],
  [{ filter: "'text'" }, 'its result is string, and has to be true or false'],
  [{ filter: "topic + 1 == 'a'" }, 'no such overload: string + int'],
  [{ topic: '5' }, 'its result is int, and has to be a string'],
  [{ 'set.a': '1', 'type.a': 'decimal' }, 'String must be one of: int8'],
  [{ 'set.a': '1', 'type.b': 'int8' }, 'set.b does not set'],
  [{}, 'No expression configured'],
  [{ filter: '1 ==', topic: '2 ==' }, 'configuration topic'],
])('a configuration %j is refused', (config: Record<string, string>, message) => {
  expect(problemOf(config)).toContain(message);
});

test('the predicate says which records are true, and fails those that it cannot judge', () => {
  const plugin = findPlugin(
    builtInTransformations.predicates,
    'io.sluice.transforms.predicates.Expression',
  );
  const predicate = plugin?.create({ expression: "value.kind == 'a'" });
  const records = [{ kind: 'a' }, { kind: 'b' }, {}].map((each) => ({ topic: 't', value: each }));
  expect(predicate?.test(records)).toMatchObject({
    matches: [true, false, false],
    failures: [{ index: 2 }],
  });
});
