import { isUtf8 } from 'node:buffer';
import {
  ConfigError,
  type Converter,
  Decimal,
  mapSchema,
  type Schema,
  schemas,
  structSchema,
} from '@sluice/connector-api';
import { hasCode } from '@sluice/kernel';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  ByteArrayConverter,
  converterFor,
  createConverter,
  JsonConverter,
  SimpleHeaderConverter,
  StringConverter,
} from '../src/index.ts';

async function textsOf(converter: Converter, values: readonly unknown[]) {
  const { bytes } = await converter.toBytes({ topic: 't', values });
  return bytes.map((one) => (one === null ? null : Buffer.from(one).toString()));
}

describe('StringConverter', () => {
  test('writes text as it is and other values as Java prints them', async () => {
    expect(
      await textsOf(new StringConverter({}), [
        'zażółć',
        '',
        null,
        undefined,
        5,
        2n ** 60n,
        true,
        { a: 1n },
      ]),
    ).toEqual(['zażółć', '', null, null, '5', '1152921504606846976', 'true', '{a=1}']);
  });

  test.each<[string, Schema | undefined, unknown, string]>([
    ['a float', schemas.float64, 5, '5.0'],
    ['a list', undefined, [1, 'a', null], '[1, a, null]'],
    ['a map', mapSchema(schemas.string, schemas.float32), { a: 1, b: 2 }, '{a=1.0, b=2.0}'],
    [
      'a struct, without what is null',
      structSchema({ a: schemas.int8, b: schemas.optionalString, c: schemas.string }),
      { a: 1, b: null, c: 'x' },
      'Struct{a=1,c=x}',
    ],
    ['a decimal', undefined, Decimal.fromString('1E+3'), '1E+3'],
    ['a date', undefined, new Date(0), 'Thu Jan 01 00:00:00 UTC 1970'],
    ['bytes, for which Java has no text', undefined, Buffer.from([1]), 'AQ=='],
  ])('writes %s', (_title, schema, value, text) => {
    const { bytes } = new StringConverter({}).toBytes({
      topic: 't',
      values: [value],
      schemas: [schema],
    });
    expect(Buffer.from(bytes[0] ?? []).toString()).toBe(text);
  });

  test('reads text with the optional string schema', () => {
    const bytes = [Buffer.from('zażółć'), null, new Uint8Array()];
    expect(new StringConverter({}).fromBytes({ topic: 't', bytes })).toEqual({
      values: ['zażółć', null, ''],
      schemas: Array.from({ length: 3 }, () => ({ type: 'string', optional: true })),
      failures: [],
    });
  });

  test('reads a part of a larger buffer', () => {
    const bytes = [
      new Uint8Array(Buffer.from('abcdef').buffer, Buffer.from('').byteOffset, 0),
      Buffer.from('abcdef').subarray(2, 4),
    ];
    expect(new StringConverter({}).fromBytes({ topic: 't', bytes }).values).toEqual(['', 'cd']);
  });

  test.each<[string, string, string, number[]]>([
    ['iso-8859-1', 'é', 'é', [0xe9]],
    ['ISO-8859-1', 'a😀€', 'a??', [0x61, 0x3f, 0x3f]],
    ['US-ASCII', 'é', '?', [0x3f]],
    ['UTF-16', 'é', 'é', [0xfe, 0xff, 0, 0xe9]],
    ['UTF-16BE', 'é', 'é', [0, 0xe9]],
    ['UTF-16LE', 'é', 'é', [0xe9, 0]],
    ['UTF8', 'a\ud800', 'a?', [0x61, 0x3f]],
  ])('takes the encoding %s for %j', (encoding, text, read, bytes) => {
    const converter = new StringConverter({ 'converter.encoding': encoding });
    expect(converter.toBytes({ topic: 't', values: [text] }).bytes).toEqual([Buffer.from(bytes)]);
    expect(converter.fromBytes({ topic: 't', bytes: [Buffer.from(bytes)] }).values).toEqual([read]);
  });

  test('gives text for any bytes in any encoding', () => {
    const encodings = ['UTF-8', 'UTF-16', 'UTF-16BE', 'UTF-16LE', 'ISO-8859-1', 'US-ASCII'];
    fc.assert(
      fc.property(fc.constantFrom(...encodings), fc.uint8Array(), (encoding, bytes) => {
        const converter = new StringConverter({ 'converter.encoding': encoding });
        const [value] = converter.fromBytes({ topic: 't', bytes: [bytes] }).values;
        expect(value).toBeTypeOf('string');
      }),
    );
  });

  test('refuses an encoding that it does not know', () => {
    expect(() => new StringConverter({ 'converter.encoding': 'EBCDIC' })).toThrow(ConfigError);
  });
});

describe('ByteArrayConverter', () => {
  test('passes bytes through and refuses the rest', () => {
    const bytes = new Uint8Array([1, 2]);
    const converted = new ByteArrayConverter().toBytes({
      topic: 't',
      values: [bytes, null, 'text'],
    });
    expect(converted.bytes).toEqual([bytes, null, null]);
    expect(converted.failures.map(({ index, error }) => [index, error.message])).toEqual([
      [2, 'ByteArrayConverter is not compatible with objects of type string'],
    ]);
  });

  test('refuses a schema of another type', () => {
    const { failures } = new ByteArrayConverter().toBytes({
      topic: 't',
      values: [null],
      schemas: [schemas.string],
    });
    expect(failures[0]?.error.message).toBe('Invalid schema type for ByteArrayConverter: STRING');
  });
});

describe('SimpleHeaderConverter', () => {
  test('writes values as readable text', async () => {
    expect(
      await textsOf(new SimpleHeaderConverter(), [
        'a "b"',
        5,
        true,
        null,
        [1, 'x'],
        new Uint8Array([1]),
      ]),
    ).toEqual(['a "b"', '5', 'true', null, '[1,"x"]', 'AQ==']);
  });

  test.each([
    ['null', null, undefined],
    ['true', true, 'boolean'],
    ['127', 127, 'int8'],
    ['128', 128, 'int16'],
    ['-40000', -40000, 'int32'],
    ['9007199254740993', 9007199254740993n, 'int64'],
    ['99999999999999999999', new Decimal(99999999999999999999n, 0), 'bytes'],
    ['1.5', 1.5, 'float32'],
    ['3.14159265358979', 3.14159265358979, 'float64'],
    ['[1,"x"]', [1, 'x'], 'array'],
    ['{"a":1}', { a: 1 }, 'map'],
    ['"quoted"', '"quoted"', 'string'],
    ['2020-02-29', new Date('2020-02-29'), 'int32'],
    ['12:30', '12:30', 'string'],
    ['[broken', '[broken', 'string'],
    ['plain text', 'plain text', 'string'],
    ['', '', 'string'],
  ])('reads %s by what it looks like', (text, value, type) => {
    const read = new SimpleHeaderConverter().fromBytes({ topic: 't', bytes: [Buffer.from(text)] });
    expect(read.values).toEqual([value]);
    expect(read.schemas?.[0]?.type).toBe(type);
  });
});

test('SimpleHeaderConverter leaves what is no text as bytes', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      const read = new SimpleHeaderConverter().fromBytes({ topic: 't', bytes: [bytes] });
      expect(read.failures).toEqual([]);
      if (!isUtf8(bytes)) expect(read.values).toEqual([bytes]);
    }),
  );
});

describe('finding a converter', () => {
  test.each([
    ['org.apache.kafka.connect.json.JsonConverter', JsonConverter],
    ['JsonConverter', JsonConverter],
    ['Json', JsonConverter],
    ['org.apache.kafka.connect.storage.StringConverter', StringConverter],
    ['org.apache.kafka.connect.converters.ByteArrayConverter', ByteArrayConverter],
  ])('%s is known', (name, expected) => {
    expect(createConverter(name, {})).toBeInstanceOf(expected);
  });

  test('an unknown one is refused by name, with those that are known', () => {
    const unknown = 'io.confluent.connect.avro.AvroConverter';
    expect(() => createConverter(unknown)).toThrow(
      'unknown converter class "io.confluent.connect.avro.AvroConverter": use one of org.apache.kafka.connect.json.JsonConverter, org.apache.kafka.connect.storage.StringConverter, org.apache.kafka.connect.converters.ByteArrayConverter',
    );
    expect(() => createConverter(unknown)).toThrow(
      expect.toSatisfy((error) => hasCode(error, 'converter.unknown')),
    );
  });

  test('one for headers does not convert values', () => {
    expect(() => createConverter('SimpleHeaderConverter', {})).toThrow('unknown converter class');
  });

  const worker = {
    'key.converter': 'StringConverter',
    'value.converter': 'JsonConverter',
    'value.converter.schemas.enable': 'false',
  };

  test("a connector without one has the worker's, with the worker's settings", async () => {
    expect(converterFor('key', {}, worker)).toBeInstanceOf(StringConverter);
    expect(await textsOf(converterFor('value', {}, worker), [1])).toEqual(['1']);
  });

  test("a connector's own does not mix with the worker's settings", async () => {
    const own = { 'value.converter': 'JsonConverter' };
    expect(await textsOf(converterFor('value', own, worker), [1])).toEqual([
      '{"schema":null,"payload":1}',
    ]);
  });

  test('headers have a default, keys and values have none', () => {
    expect(converterFor('header', {}, {})).toBeInstanceOf(SimpleHeaderConverter);
    expect(() => converterFor('key', {}, {})).toThrow('no key.converter');
  });
});
