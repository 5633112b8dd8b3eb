import { ConfigError, type Converter, schemas } from '@sluice/connector-api';
import { hasCode } from '@sluice/kernel';
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
  test('writes text as it is and other values in readable form', async () => {
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
    ).toEqual(['zażółć', '', null, null, '5', '1152921504606846976', 'true', '{"a":1}']);
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

  test('takes another encoding, and refuses one that it does not know', () => {
    const latin = new StringConverter({ 'converter.encoding': 'iso-8859-1' });
    expect(latin.toBytes({ topic: 't', values: ['é'] }).bytes).toEqual([Buffer.from([0xe9])]);
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
    ['99999999999999999999', 1e20, 'float64'],
    ['1.5', 1.5, 'float64'],
    ['[1,"x"]', [1, 'x'], undefined],
    ['{"a":1}', { a: 1 }, undefined],
    ['"quoted"', 'quoted', 'string'],
    ['[broken', '[broken', 'string'],
    ['plain text', 'plain text', 'string'],
    ['', '', 'string'],
  ])('reads %s by what it looks like', (text, value, type) => {
    const read = new SimpleHeaderConverter().fromBytes({ topic: 't', bytes: [Buffer.from(text)] });
    expect(read.values).toEqual([value]);
    expect(read.schemas?.[0]?.type).toBe(type);
  });
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
