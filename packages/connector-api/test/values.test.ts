/** Text of values, and values of text. What Kafka Connect itself does stands in the converters' goldens. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchemaAndValue } from '../src/arbitraries.ts';
import {
  DataError,
  Decimal,
  dateSchema,
  decimalSchema,
  type Schema,
  schemas,
  structSchema,
  timeSchema,
  timestampSchema,
} from '../src/index.ts';
import { convertValue, parseValue, valueToText } from '../src/values/index.ts';

describe('a value as text', () => {
  test.each<[string, Schema | undefined, unknown, string]>([
    ['text', undefined, 'a "b"', 'a "b"'],
    ['text in a list', undefined, ['a "b\\'], '["a \\"b\\\\"]'],
    ['integers', undefined, [1, 2n ** 60n], '[1,1152921504606846976]'],
    [
      'fractions, as Java prints them',
      undefined,
      [1.5, 1e21, 1e-7, -0],
      '[1.5,1.0E21,1.0E-7,-0.0]',
    ],
    ['a float64 without fraction', schemas.float64, 5, '5.0'],
    ['what is no number', schemas.float64, Number.NaN, 'NaN'],
    ['a decimal', undefined, Decimal.fromString('1.50'), '1.50'],
    ['bytes', undefined, Buffer.from([1]), 'AQ=='],
    ['bytes in a list', undefined, [Buffer.from([1])], '["AQ=="]'],
    ['a Map', undefined, new Map<unknown, unknown>([[1, 'a']]), '{1:"a"}'],
    ['an object', undefined, { a: null, b: true }, '{"a":null,"b":true}'],
    [
      'a struct in the order of its schema, with defaults',
      structSchema({ a: { type: 'float32', default: 2 }, b: schemas.int8 }),
      { b: 1 },
      '{"a":2.0,"b":1}',
    ],
    ['a day', dateSchema, new Date('2020-02-29'), '2020-02-29'],
    ['a time', timeSchema, new Date(45_296_789), '12:34:56.789Z'],
    ['a timestamp', timestampSchema, new Date(1_582_979_696_789), '2020-02-29T12:34:56.789Z'],
    ['a timestamp before 1970', timestampSchema, new Date(-1), '1969-12-31T23:59:59.999Z'],
    ['a day before 1970', dateSchema, new Date(-86_400_000), '1969-12-31'],
    ['a far day', dateSchema, new Date('+012345-01-01'), '12345-01-01'],
  ])('%s', (_title, schema, value, text) => {
    expect(valueToText(schema, value)).toBe(text);
  });

  test('not of a function', () => {
    expect(() => valueToText(undefined, () => 1)).toThrow(DataError);
  });
});

describe('text as a value', () => {
  test('never throws', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({ unit: fc.constantFrom(...'[]{}",:\\ 1-.eEZTnull'.split('')) }),
        ),
        (text) => {
          const { schema, value } = parseValue(text);
          if (schema?.type === 'string') expect(value).toBe(text);
        },
      ),
      { numRuns: 2000 },
    );
    expect(parseValue('['.repeat(100_000)).schema?.type).toBe('string');
    expect(parseValue('9'.repeat(100_000)).schema?.type).toBe('string');
    expect(parseValue('1e2147483647').schema?.name).toContain('Decimal');
  });

  test('is what was written, where text can say what it was', () => {
    const exact = anySchemaAndValue.filter(({ schema, value }) => isExactAsText(schema, value));
    fc.assert(
      fc.property(exact, ({ schema, value }) => {
        const read = parseValue(valueToText(schema, value)).value;
        expect(read).toEqual(value);
      }),
      { numRuns: 500 },
    );
  });
});

function isExactAsText(schema: Schema, value: unknown): boolean {
  if (value === null) return true;
  if (schema.name?.endsWith('.Timestamp')) {
    const ms = (value as Date).getTime();
    return ms > 86_400_000 && ms < 253_402_300_800_000;
  }
  if (schema.name?.startsWith('org.apache')) return false;
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
    case 'boolean':
      return true;
    case 'array':
      return (
        schema.items !== undefined &&
        !schema.items.optional &&
        (value as unknown[]).every((one) => isExactAsText(schema.items ?? schema, one))
      );
    default:
      return false;
  }
}

describe('convertValue', () => {
  test.each<[unknown, Schema, Schema | undefined, unknown]>([
    ['42', schemas.int32, undefined, 42],
    ['42.9', schemas.int32, undefined, 42],
    [300, schemas.int8, undefined, 44],
    [1e300, schemas.int64, undefined, 2n ** 63n - 1n],
    [Number.NaN, schemas.int64, undefined, 0],
    ['1e20', schemas.int64, undefined, 7766279631452241920n],
    [2n ** 60n, schemas.float64, undefined, 2 ** 60],
    ['true', schemas.boolean, undefined, true],
    ['0', schemas.boolean, undefined, false],
    [7, schemas.boolean, undefined, true],
    [1.5, schemas.string, schemas.float32, '1.5'],
    ['[1,2]', { type: 'array', items: schemas.int8 }, undefined, [1, 2]],
    ['{"a":1}', { type: 'map', keys: schemas.string, values: schemas.int8 }, undefined, { a: 1 }],
    ['2020-02-29', dateSchema, undefined, new Date('2020-02-29')],
    [1, dateSchema, undefined, new Date('1970-01-02')],
    [new Date('2020-02-29T12:00:00Z'), dateSchema, timestampSchema, new Date('2020-02-29')],
    [new Date('2020-02-29T00:00:01Z'), timeSchema, timestampSchema, new Date(1000)],
    [new Date(-1000), timeSchema, timestampSchema, new Date(86_399_000)],
    [new Date('2020-02-29'), timestampSchema, dateSchema, new Date('2020-02-29')],
    [new Date('2020-02-29'), schemas.int32, dateSchema, 18_321],
    ['9.90', decimalSchema(2), undefined, Decimal.fromString('9.90')],
    [5, decimalSchema(2), undefined, Decimal.fromString('5.0')],
    [null, schemas.optionalInt8, undefined, null],
  ])('%s to %o', (value, to, from, expected) => {
    expect(convertValue(to, from, value)).toEqual(expected);
  });

  test.each<[unknown, Schema, string]>([
    [null, schemas.int8, 'Unable to convert a null value to a schema that requires a value'],
    ['secret', schemas.int8, 'Unable to convert string to a number'],
    ['secret', dateSchema, 'Unable to convert string to a number'],
    [{}, schemas.int8, 'Unable to convert object to a number'],
    [5, { type: 'array', items: schemas.int8 }, 'Unable to convert number to Schema{ARRAY}'],
    [5, schemas.bytes, 'Unable to convert number to Schema{BYTES}'],
    [new Date(0), schemas.int8, 'Unable to convert Date to a number'],
  ])('refuses %s to %o', (value, to, message) => {
    expect(() => convertValue(to, undefined, value)).toThrow(new DataError(message));
  });
});
