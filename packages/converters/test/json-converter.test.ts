import {
  ConfigError,
  DataError,
  Decimal,
  dateSchema,
  decimalSchema,
  mapSchema,
  optionalSchema,
  type Schema,
  schemas,
  schemasEqual,
  structSchema,
  timeSchema,
  timestampSchema,
} from '@sluice/connector-api';
import { anySchemaAndValue } from '@sluice/connector-api/arbitraries';
import { exactInteger } from '@sluice/connector-api/data-values';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { JsonConverter } from '../src/index.ts';

const withSchemas = new JsonConverter({});
const schemaless = new JsonConverter({ 'schemas.enable': 'false' });

function write(converter: JsonConverter, value: unknown, schema?: Schema): string | null {
  const batch = { topic: 't', values: [value], ...(schema ? { schemas: [schema] } : {}) };
  const { bytes, failures } = converter.toBytes(batch);
  if (failures[0]) throw failures[0].error;
  return bytes[0] ? Buffer.from(bytes[0]).toString() : null;
}

function read(converter: JsonConverter, text: string | null) {
  const bytes = text === null ? null : Buffer.from(text);
  const { values, schemas: found, failures } = converter.fromBytes({ topic: 't', bytes: [bytes] });
  if (failures[0]) throw failures[0].error;
  return { value: values[0], schema: found?.[0] };
}

describe('with schemas, it writes what Kafka Connect writes', () => {
  test.each<[string, Schema, unknown, string]>([
    [
      'a string',
      schemas.string,
      'foo "bar" ü',
      '{"schema":{"type":"string","optional":false},"payload":"foo \\"bar\\" ü"}',
    ],
    ['an int8', schemas.int8, -128, '{"schema":{"type":"int8","optional":false},"payload":-128}'],
    [
      'an int64 beyond 2^53',
      schemas.int64,
      9223372036854775807n,
      '{"schema":{"type":"int64","optional":false},"payload":9223372036854775807}',
    ],
    [
      'a whole float64',
      schemas.float64,
      12,
      '{"schema":{"type":"double","optional":false},"payload":12.0}',
    ],
    [
      'a float32',
      schemas.float32,
      12.34,
      '{"schema":{"type":"float","optional":false},"payload":12.34}',
    ],
    [
      'a boolean',
      schemas.boolean,
      true,
      '{"schema":{"type":"boolean","optional":false},"payload":true}',
    ],
    [
      'bytes',
      schemas.bytes,
      Buffer.from('test-string'),
      '{"schema":{"type":"bytes","optional":false},"payload":"dGVzdC1zdHJpbmc="}',
    ],
    [
      'an array',
      { type: 'array', items: schemas.int32 },
      [1, 2, 3],
      '{"schema":{"type":"array","items":{"type":"int32","optional":false},"optional":false},"payload":[1,2,3]}',
    ],
    [
      'a map with string keys',
      mapSchema(schemas.string, schemas.int32),
      { key1: 12, key2: 15 },
      '{"schema":{"type":"map","keys":{"type":"string","optional":false},"values":{"type":"int32","optional":false},"optional":false},"payload":{"key1":12,"key2":15}}',
    ],
    [
      'a map with other keys',
      mapSchema(schemas.int32, schemas.int32),
      new Map([[1, 12]]),
      '{"schema":{"type":"map","keys":{"type":"int32","optional":false},"values":{"type":"int32","optional":false},"optional":false},"payload":[[1,12]]}',
    ],
    [
      'a struct with a name and a version',
      structSchema(
        { a: schemas.string, b: optionalSchema(schemas.int32) },
        { name: 'N', version: 2 },
      ),
      { a: 'x', b: null },
      '{"schema":{"type":"struct","fields":[{"type":"string","optional":false,"field":"a"},{"type":"int32","optional":true,"field":"b"}],"optional":false,"name":"N","version":2},"payload":{"a":"x","b":null}}',
    ],
    [
      'documentation, parameters and a default',
      { type: 'string', doc: 'd', parameters: { p: '1' }, default: 'f' },
      null,
      '{"schema":{"type":"string","optional":false,"doc":"d","parameters":{"p":"1"},"default":"f"},"payload":"f"}',
    ],
    [
      'a null that is allowed',
      optionalSchema(schemas.string),
      null,
      '{"schema":{"type":"string","optional":true},"payload":null}',
    ],
  ])('%s', (_title, schema, value, text) => {
    expect(write(withSchemas, value, schema)).toBe(text);
  });

  test('a value without schema', () => {
    expect(write(withSchemas, { a: [1, null] })).toBe('{"schema":null,"payload":{"a":[1,null]}}');
  });

  test('nothing at all as a tombstone', () => {
    expect(write(withSchemas, null)).toBeNull();
    expect(write(schemaless, undefined)).toBeNull();
    expect(read(withSchemas, null)).toEqual({ value: null, schema: undefined });
  });
});

describe('without schemas, it writes the payload alone', () => {
  test.each<[string, unknown, Schema | undefined, string]>([
    ['plain data', { a: 1, b: ['x', true, null] }, undefined, '{"a":1,"b":["x",true,null]}'],
    ['a value with a schema', 12, schemas.float64, '12.0'],
    ['a BigInt as a number', [2n ** 64n], undefined, '[18446744073709551616]'],
    ['bytes as base64', { b: new Uint8Array([1, 2]) }, undefined, '{"b":"AQI="}'],
    ['a Map as an object', new Map([['k', 1n]]), undefined, '{"k":1}'],
    ['a Map with other keys as pairs', new Map([[1, 'v']]), undefined, '[[1,"v"]]'],
    [
      'numbers that JSON lacks as strings',
      [Number.NaN, -Infinity],
      undefined,
      '["NaN","-Infinity"]',
    ],
    ['a date as ISO 8601', { at: new Date(0) }, undefined, '{"at":"1970-01-01T00:00:00.000Z"}'],
  ])('%s', (_title, value, schema, text) => {
    expect(write(schemaless, value, schema)).toBe(text);
  });
});

describe('reading', () => {
  test('gives the schema and the value of an envelope', () => {
    const text =
      '{"schema":{"type":"struct","fields":[{"type":"int64","optional":false,"field":"id"},{"type":"bytes","optional":true,"field":"raw"}],"optional":false,"name":"N","version":3},"payload":{"id":9007199254740993,"raw":"AQI="}}';
    expect(read(withSchemas, text)).toEqual({
      value: { id: 9007199254740993n, raw: Buffer.from([1, 2]) },
      schema: {
        type: 'struct',
        name: 'N',
        version: 3,
        fields: [
          { field: 'id', schema: { type: 'int64' } },
          { field: 'raw', schema: { type: 'bytes', optional: true } },
        ],
      },
    });
  });

  test('does not care for the order of the fields or for whitespace', () => {
    const converter = new JsonConverter({});
    const expected = { value: 5, schema: { type: 'int32' } };
    for (const text of [
      '{"schema":{"type":"int32","optional":false},"payload":5}',
      '{"payload":5,"schema":{"type":"int32","optional":false}}',
      '{"schema":{"type":"int32","optional":false},"payload":5}\n',
      ' { "schema" : {"optional":false,"type":"int32"}, "payload" : 5 } ',
    ])
      expect(read(converter, text)).toEqual(expected);
  });

  test('gives records of one schema the same schema object', () => {
    const text = '{"schema":{"type":"int32","optional":false},"payload":5}';
    const { schemas: found } = withSchemas.fromBytes({
      topic: 't',
      bytes: [Buffer.from(text), Buffer.from(text)],
    });
    expect(found?.[0]).toBeDefined();
    expect(found?.[0]).toBe(found?.[1]);
  });

  test('gives plain JSON as it is, with integers exact', () => {
    expect(read(schemaless, '{"a":[1,2.5,"x",null,true],"b":-9223372036854775808}')).toEqual({
      value: { a: [1, 2.5, 'x', null, true], b: -9223372036854775808n },
      schema: undefined,
    });
    expect(read(schemaless, '12345678901234567890')).toMatchObject({
      value: 12345678901234567890n,
    });
    expect(read(schemaless, '"1234567890123456789"')).toMatchObject({
      value: '1234567890123456789',
    });
    expect(read(schemaless, '0.12345678901234567890')).toMatchObject({
      value: 0.12345678901234568,
    });
    expect(read(schemaless, '')).toMatchObject({ value: null });
  });

  test('reads keys with escapes, which V8 takes for those that came before', () => {
    // What it takes them for is remembered for each shape of objects: each text comes after one that misleads.
    for (const [before, key] of [
      ['\\', '"'],
      ['\\', '\n'],
      ['a\\u', 'a"b'],
    ] as const) {
      for (const value of [
        { b: 1, [before]: 2n ** 60n },
        { b: 1, [key]: [{ [key]: 0.5 }, 'x'] },
      ]) {
        const text = write(schemaless, value);
        expect(read(schemaless, text).value).toEqual(value);
        expect(read(schemaless, `[ ${String(text)} , {} , [ ] ]`).value).toEqual([value, {}, []]);
      }
    }
  });

  test('goes as deep as Kafka Connect, and no deeper', () => {
    const nested = (depth: number, inner = '1'): string =>
      `${'[{"a":'.repeat(depth / 2)}${inner}${'}]'.repeat(depth / 2)}`;
    const tooDeep = 'it is nested deeper than 1000 levels';
    expect(() => read(schemaless, nested(1_000))).not.toThrow();
    expect(() => read(schemaless, nested(1_002))).toThrow(tooDeep);
    expect(() => read(schemaless, nested(200_000))).toThrow(tooDeep);
    expect(() => read(schemaless, nested(2_000, '{"\\"":1}'))).toThrow(tooDeep);
    // Brackets in texts, and many side by side, are no depth.
    expect(() => read(schemaless, nested(2, JSON.stringify('[{"\\'.repeat(5_000))))).not.toThrow();
    expect(() => read(schemaless, `[${'[{}],'.repeat(5_000)}1]`)).not.toThrow();
    const { value } = read(schemaless, nested(1_000));
    expect(write(schemaless, value)).toBe(nested(1_000));
    expect(() => write(schemaless, [[value, value]])).toThrow('nested deeper than 1000 levels');
    const circular: unknown[] = [new Map()];
    circular.push({ circular });
    expect(() => write(schemaless, circular)).toThrow('or contains itself');
  });

  test('takes leading zeros and a byte order mark, as Jackson does', () => {
    expect(read(schemaless, '{"a":007,"b":-00.5,"c":"\\"007","d":[100,0,1e05]}').value).toEqual({
      a: 7,
      b: -0.5,
      c: '"007',
      d: [100, 0, 1e5],
    });
    expect(read(schemaless, '\ufeff{"a":1}').value).toEqual({ a: 1 });
    expect(() => read(schemaless, '{"a":007,}')).toThrow('serialization error');
  });

  test.each([
    ['plain JSON', '{"a":1}'],
    ['a number', '5'],
    ['a third field', '{"schema":null,"payload":1,"more":2}'],
    ['no payload', '{"schema":null}'],
    ['other names', '{"schema":null,"value":1}'],
    ['nothing', ''],
  ])('refuses what is no envelope: %s', (_title, text) => {
    // After a good record, so that the shortcut for a known schema is tried too.
    const converter = new JsonConverter({});
    read(converter, '{"schema":null,"payload":1}');
    expect(() => read(converter, text)).toThrow(
      'JsonConverter with schemas.enable requires "schema" and "payload" fields and may not contain additional fields.' +
        ' If you are trying to deserialize plain JSON data, set schemas.enable=false in your converter configuration.',
    );
  });

  test.each([
    ['no type', '{}', '1', "Schema must contain 'type' field"],
    ['an unknown type', '{"type":"int128"}', '1', 'Unknown schema type: int128'],
    [
      'an array of nothing',
      '{"type":"array"}',
      '[]',
      'Array schema did not specify the element type',
    ],
    ['a map without keys', '{"type":"map"}', '{}', 'Map schema did not specify the key type'],
    [
      'a map without values',
      '{"type":"map","keys":{"type":"string"}}',
      '{}',
      'Map schema did not specify the value type',
    ],
    [
      'a struct without fields',
      '{"type":"struct"}',
      '{}',
      'Struct schema\'s "fields" argument is not an array.',
    ],
    [
      'a field without a name',
      '{"type":"struct","fields":[{"type":"int8"}]}',
      '{}',
      "Struct schema's field name not specified properly",
    ],
    [
      'parameters that are no text',
      '{"type":"int8","parameters":{"p":1}}',
      '1',
      'Schema parameters must have string values.',
    ],
    [
      'a null that is not allowed',
      '{"type":"int32"}',
      'null',
      'Invalid null value for required INT32 field',
    ],
    [
      'a missing field',
      '{"type":"struct","fields":[{"field":"a","type":"string"}]}',
      '{}',
      'Invalid null value for required STRING field',
    ],
    [
      'a map of strings as an array',
      '{"type":"map","keys":{"type":"string"},"values":{"type":"int8"}}',
      '[]',
      'Maps with string fields should be encoded as JSON objects, but found ARRAY',
    ],
    [
      'a map of numbers as an object',
      '{"type":"map","keys":{"type":"int8"},"values":{"type":"int8"}}',
      '{}',
      'Maps with non-string fields should be encoded as JSON array of tuples, but found OBJECT',
    ],
    [
      'a map entry that is no pair',
      '{"type":"map","keys":{"type":"int8"},"values":{"type":"int8"}}',
      '[[1]]',
      'Found invalid map entry, expected length 2 but found :1',
    ],
    [
      'a struct that is a number',
      '{"type":"struct","fields":[]}',
      '5',
      'Structs should be encoded as JSON objects, but found NUMBER',
    ],
    [
      'a number out of range',
      '{"type":"int8"}',
      '128',
      'Invalid value for INT8 field: found a number out of range',
    ],
    ['text for a number', '{"type":"int32"}', '"1"', 'Invalid value for INT32 field: found STRING'],
  ])('refuses %s', (_title, schema, payload, message) => {
    expect(() => read(withSchemas, `{"schema":${schema},"payload":${payload}}`)).toThrow(message);
  });

  test('says that bytes are no JSON', () => {
    for (const converter of [withSchemas, schemaless])
      expect(() => read(converter, '{"a"')).toThrow(
        'Converting byte[] to Kafka Connect data failed due to serialization error: ',
      );
  });

  test.each([
    '{"password": hunter2}',
    'hunter2',
    '"hunter2',
    'undefined',
    '{"password":"hunter2" "user":1}',
    '{"password":"hunter2\u0001"}',
    '{"hunter2\\\\":1,}',
  ])('says of %j what is wrong, and nothing of what stands there', (text) => {
    for (const converter of [withSchemas, schemaless]) {
      const [failure] = converter.fromBytes({ topic: 't', bytes: [Buffer.from(text)] }).failures;
      expect(failure?.error.message).toMatch(/serialization error: \w+/);
      expect(failure?.error.stack).not.toMatch(/hunter|undefined/);
      expect(failure?.error.cause).toBeUndefined();
    }
  });

  test('a default stands for null and for what is missing', () => {
    const text =
      '{"schema":{"type":"struct","fields":[{"field":"a","type":"int32","default":7}]},"payload":{}}';
    expect(read(withSchemas, text).value).toEqual({ a: 7 });
  });
});

describe('a struct is read the same', () => {
  const schema = structSchema({ a: schemas.int32, b: schemas.optionalString, c: timestampSchema });
  const reader = new JsonConverter({
    'schema.content': contentOf(
      write(withSchemas, { a: 1, b: null, c: new Date(5) }, schema) ?? '',
    ),
  });
  const expected = { a: 1, b: null, c: new Date(5) };

  test.each([
    ['with its fields in their order', '{"a":1,"b":null,"c":5}'],
    ['in another order', '{"c":5,"b":null,"a":1}'],
    ['without what is optional', '{"a":1,"c":5}'],
    ['with more than the schema has', '{"a":1,"b":null,"c":5,"d":6,"__proto__":7}'],
    ['with others in between', '{"a":1,"x":0,"b":null,"c":5}'],
    ['with a field twice', '{"a":9,"b":null,"c":5,"a":1}'],
  ])('%s', (_title, text) => {
    const { value } = read(reader, text);
    expect(value).toEqual(expected);
    expect(Object.keys(value as object)).toEqual(['a', 'b', 'c']);
  });

  test('without the sign of a zero', () => {
    const { a } = read(reader, '{"a":-0,"b":null,"c":5}').value as { a: number };
    expect(Object.is(a, 0)).toBe(true);
  });
});

test('a text is written as Jackson does, however long it is and wherever in it the special ones stand', () => {
  const unit = fc.oneof(fc.string({ unit: 'binary', maxLength: 3 }), fc.constant('x'.repeat(20)));
  fc.assert(
    fc.property(fc.array(unit, { maxLength: 12 }), (parts) => {
      const text = parts.join('');
      expect(write(schemaless, text, schemas.string)).toBe(
        `"${text.split('').map(jacksonUnit).join('')}"`,
      );
    }),
    { numRuns: 500 },
  );
});

test('a field called toJSON is data as any other', () => {
  const value = { toJSON: 'x', id: 2n ** 60n };
  expect(write(schemaless, value)).toBe('{"toJSON":"x","id":1152921504606846976}');
});

describe('writing refuses', () => {
  test.each<[string, Schema, unknown, string]>([
    [
      'null where it is not allowed',
      schemas.string,
      null,
      'Conversion error: null value for field that is required and has no default value',
    ],
    ['text for a number', schemas.int64, '5', 'Invalid type for INT64: string'],
    ['a fraction for an integer', schemas.int32, 1.5, 'Invalid type for INT32: fractional number'],
    ['an integer out of range', schemas.int32, 2 ** 31, 'Invalid value for INT32: out of range'],
    ['a BigInt out of range', schemas.int64, 2n ** 63n, 'Invalid value for INT64: out of range'],
    ['a number for text', schemas.string, 5, 'Invalid type for STRING: number'],
    ['text for bytes', schemas.bytes, 'x', 'Invalid type for BYTES: string'],
    [
      'a wrong field, by its name',
      structSchema({ a: structSchema({ b: schemas.int8 }) }),
      { a: { b: 'x' } },
      'Invalid type for INT8: string (field b) (field a)',
    ],
  ])('%s', (_title, schema, value, message) => {
    expect(() => write(withSchemas, value, schema)).toThrow(message);
  });
});

test('a record that cannot be converted does not fail the others', () => {
  const schema = [schemas.int8, schemas.int8, schemas.int8];
  const written = schemaless.toBytes({ topic: 't', values: [1, 1000, 3], schemas: schema });
  expect(written.bytes.map((bytes) => bytes && Buffer.from(bytes).toString())).toEqual([
    '1',
    null,
    '3',
  ]);
  expect(written.failures).toMatchObject([{ index: 1 }]);

  const bytes = ['1', '{', '3'].map((text) => Buffer.from(text));
  const decoded = schemaless.fromBytes({ topic: 't', bytes });
  expect(decoded.values).toEqual([1, null, 3]);
  expect(decoded.failures).toMatchObject([{ index: 1 }]);
});

describe('a round trip', () => {
  const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

  test('keeps plain JSON, BigInts included', () => {
    const leaf = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.boolean(),
      fc.constant(null),
      long.map(exactInteger),
    );
    const tree = fc.letrec((tie) => ({
      node: fc.oneof(
        leaf,
        fc.array(tie('node'), { maxLength: 4 }),
        fc.dictionary(fc.string(), tie('node'), { maxKeys: 4 }),
      ),
    })).node;
    fc.assert(
      fc.property(tree, (value) => {
        const text = write(schemaless, value);
        expect(text === null ? null : read(schemaless, text).value).toEqual(value);
      }),
    );
  });

  test('keeps all digits of integers, wherever in a text they stand', () => {
    const token = fc.oneof(
      fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n }).map(integerToken),
      long.map(integerToken),
      fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => {
        const text = JSON.stringify(value);
        return /^-?\d+$/.test(text) ? integerToken(BigInt(text)) : { text, value };
      }),
      fc.stringMatching(/^[-:,0-9]{0,40}$/).map((text) => ({
        text: JSON.stringify(text),
        value: text,
      })),
    );
    const separated = fc.tuple(token, fc.nat({ max: 20 }));
    fc.assert(
      fc.property(fc.array(separated), (tokens) => {
        const text = tokens.map(([{ text: one }, spaces]) => ' '.repeat(spaces) + one).join(',');
        const expected = tokens.map(([{ value }]) => value);
        expect(read(schemaless, `[${text}]`).value).toEqual(expected);
        const fields = tokens.map(([{ text: one }], index) => `"${index}":${one}`).join(',');
        expect(read(schemaless, `{${fields}}`).value).toEqual(
          Object.fromEntries(expected.entries()),
        );
      }),
      { numRuns: 500 },
    );
  });

  const options = fc
    .record({
      decimalFormat: fc.constantFrom('BASE64', 'numeric'),
      replaceNull: fc.boolean(),
    })
    .map(({ decimalFormat, replaceNull }) => ({
      'decimal.format': decimalFormat,
      'replace.null.with.default': String(replaceNull),
    }));

  test('keeps any value of any schema, and the schema', { timeout: 60_000 }, () => {
    fc.assert(
      fc.property(anySchemaAndValue, options, ({ schema, value }, config) => {
        const converter = new JsonConverter(config);
        const copy = read(converter, write(converter, value, schema));
        expect(copy.value).toEqual(value);
        expect(schemasEqual(copy.schema, schema)).toBe(true);
        expect(Object.isFrozen(copy.schema)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('keeps any value that is read by the schema of the configuration', () => {
    fc.assert(
      fc.property(anySchemaAndValue, options, ({ schema, value }, config) => {
        const text = write(new JsonConverter(config), value, schema) ?? '';
        const payload = write(
          new JsonConverter({ ...config, 'schemas.enable': 'false' }),
          value,
          schema,
        );
        const reader = new JsonConverter({ ...config, 'schema.content': contentOf(text) });
        const copy = read(reader, payload);
        expect(copy.value).toEqual(value);
        expect(schemasEqual(copy.schema, schema)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test('gives the same for a batch of many schemas as one by one', () => {
    fc.assert(
      fc.property(fc.array(anySchemaAndValue, { maxLength: 8 }), (records) => {
        const converter = new JsonConverter({ 'schemas.cache.size': '2' });
        const { bytes } = converter.toBytes({
          topic: 't',
          values: records.map(({ value }) => value),
          schemas: records.map(({ schema }) => schema),
        });
        const { values, failures } = converter.fromBytes({ topic: 't', bytes });
        expect(failures).toEqual([]);
        expect(values).toEqual(records.map(({ value }) => value));
      }),
      { numRuns: 100 },
    );
  });

  test('any bytes are a value or a clear error, also damaged ones', () => {
    const damaged = fc
      .tuple(anySchemaAndValue, fc.nat(), fc.nat({ max: 255 }))
      .map(([{ schema, value }, at, byte]) => {
        const bytes = Buffer.from(write(withSchemas, value, schema) ?? '');
        bytes[at % bytes.length] = byte;
        return bytes;
      });
    const content = '{"type":"struct","fields":[{"type":"int32","field":"a"}]}';
    const converters = [
      withSchemas,
      schemaless,
      new JsonConverter({ 'schema.content': content }),
      new JsonConverter({}),
    ];
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), damaged), (bytes) => {
        for (const converter of converters) {
          const { failures } = converter.fromBytes({ topic: 't', bytes: [bytes] });
          for (const { error } of failures) expect(error).toBeInstanceOf(DataError);
        }
      }),
      { numRuns: 500 },
    );
  });
});

/** The schema's own text, out of the envelope. */
function integerToken(exact: bigint): { readonly text: string; readonly value: number | bigint } {
  return { text: String(exact), value: exactInteger(exact) };
}

/** One UTF-16 unit within a JSON string. */
function jacksonUnit(unit: string): string {
  const code = unit.charCodeAt(0);
  if (code >= 0xd800 && code <= 0xdfff) return `\\u${code.toString(16).toUpperCase()}`;
  return JSON.stringify(unit)
    .slice(1, -1)
    .replace(/^\\u(.*)$/, (_, digits: string) => `\\u${digits.toUpperCase()}`);
}

function contentOf(text: string): string {
  return text.slice('{"schema":'.length, payloadAt(text));
}

/** Where the schema ends: its braces are counted outside of strings. */
function payloadAt(text: string): number {
  let depth = 0;
  let isString = false;
  for (let index = '{"schema":'.length; index < text.length; index += 1) {
    const character = text.charAt(index);
    if (isString && character === '\\') index += 1;
    else if (character === '"') isString = !isString;
    else if (!isString && character === '{') depth += 1;
    else if (!isString && character === '}' && --depth === 0) return index + 1;
  }
  throw new Error('the schema does not end');
}

describe('logical types', () => {
  const price = Decimal.fromString('-12.50');

  test.each<[string, Schema, unknown, string]>([
    ['a decimal', decimalSchema(2), price, '"+x4="'],
    ['a date', dateSchema, new Date('2020-02-29'), '18321'],
    ['a date before 1970', dateSchema, new Date('1969-12-31'), '-1'],
    ['a time', timeSchema, new Date(45_296_789), '45296789'],
    ['a timestamp', timestampSchema, new Date(-1), '-1'],
  ])('%s is written as what it is stored as, and comes back', (_title, schema, value, payload) => {
    expect(write(schemaless, value, schema)).toBe(payload);
    expect(read(withSchemas, write(withSchemas, value, schema)).value).toEqual(value);
  });

  test('a decimal keeps its digits as a number, too', () => {
    const numeric = new JsonConverter({ 'decimal.format': 'Numeric' });
    const text = write(numeric, price, decimalSchema(2)) ?? '';
    expect(text).toContain('"payload":-12.50}');
    for (const converter of [numeric, withSchemas])
      expect(read(converter, text).value).toEqual(price);
    const long = text.replace('-12.50', '123456789012345678901234567890.10');
    expect(read(withSchemas, long).value).toEqual(
      Decimal.fromString('123456789012345678901234567890.10'),
    );
    // The second time the schema is known.
    expect(read(withSchemas, long.replace('0.10', '1E+3')).value).toEqual(
      Decimal.fromString('123456789012345678901234567891E+3'),
    );
  });

  test.each<[string, Schema, unknown, string]>([
    [
      'a decimal of another scale',
      decimalSchema(3),
      price,
      'Decimal value has mismatching scale for given Decimal schema. Schema has scale 3, value has scale 2.',
    ],
    [
      'a number for a decimal',
      decimalSchema(2),
      1.5,
      'Invalid type for Decimal, expected Decimal but was fractional number',
    ],
    [
      'a date with a time',
      dateSchema,
      new Date(5),
      'Kafka Connect Date type should not have any time fields set to non-zero values.',
    ],
    [
      'a time with a date',
      timeSchema,
      new Date('2020-02-29'),
      'Kafka Connect Time type should not have any date fields set to non-zero values.',
    ],
    ['a number for a timestamp', timestampSchema, 5, 'expected Date but was number'],
  ])('writing refuses %s', (_title, schema, value, message) => {
    expect(() => write(withSchemas, value, schema)).toThrow(message);
  });

  test.each<[string, string, string, string]>([
    [
      'text for a date',
      'Date',
      '"x"',
      'underlying representation should be integer but was STRING',
    ],
    ['a far date', 'Date', '2147483647', 'beyond what a JavaScript Date holds'],
    ['a time of two days', 'Time', '86400001', 'Time values must use number of milliseconds'],
    ['a boolean for a timestamp', 'Timestamp', 'true', 'should be integral but was BOOLEAN'],
    ['no base64 for a decimal', 'Decimal', '"a!b"', 'Invalid bytes for Decimal field'],
    ['no bytes for a decimal', 'Decimal', '""', 'Invalid bytes for Decimal field'],
    ['an object for a decimal', 'Decimal', '{}', 'should be numeric or bytes but was OBJECT'],
  ])('reading refuses %s', (_title, name, payload, message) => {
    const type = { Date: 'int32', Time: 'int32', Timestamp: 'int64', Decimal: 'bytes' }[name];
    const schema = `{"type":"${String(type)}","name":"org.apache.kafka.connect.data.${name}","parameters":{"scale":"2"}}`;
    expect(() => read(withSchemas, `{"schema":${schema},"payload":${payload}}`)).toThrow(message);
  });
});

describe('replace.null.with.default=false', () => {
  const keeping = new JsonConverter({ 'replace.null.with.default': 'false' });
  const schema = structSchema({
    a: { type: 'int32', default: 7, optional: true },
    b: { type: 'int32', default: 8 },
  });

  test('keeps null where the schema allows it, in both directions', () => {
    const text = write(keeping, { a: null, b: 1 }, schema) ?? '';
    expect(text).toContain('"payload":{"a":null,"b":1}');
    expect(read(keeping, text).value).toEqual({ a: null, b: 1 });
    expect(read(withSchemas, text).value).toEqual({ a: 7, b: 1 });
  });

  test('refuses it elsewhere', () => {
    expect(() => write(keeping, { a: 1, b: null }, schema)).toThrow('Conversion error: null value');
  });
});

describe('schema.content', () => {
  const content =
    '{"type":"struct","fields":[{"type":"int64","field":"id"},{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"2"},"field":"price"}]}';

  test('is the schema of plain JSON', () => {
    const converter = new JsonConverter({ 'schema.content': content });
    expect(read(converter, '{"id":9007199254740993,"price":9.90}')).toMatchObject({
      schema: { type: 'struct' },
      value: { id: 9007199254740993n, price: Decimal.fromString('9.90') },
    });
    expect(read(converter, null)).toEqual({ schema: undefined, value: null });
    expect(() => read(converter, '{"schema":null,"payload":1}')).toThrow(
      'Invalid null value for required INT64 field',
    );
  });

  test('does not count without schemas', () => {
    const converter = new JsonConverter({ 'schema.content': content, 'schemas.enable': 'false' });
    expect(read(converter, '5')).toEqual({ schema: undefined, value: 5 });
  });

  test.each(['{', '{"type":"int128"}', '{}'])('must be a schema: %s', (text) => {
    expect(() => new JsonConverter({ 'schema.content': text })).toThrow(ConfigError);
  });
});

test('decimal.format must be one that there is', () => {
  expect(() => new JsonConverter({ 'decimal.format': 'HEX' })).toThrow(
    'Invalid value HEX for configuration decimal.format: String must be one of (case insensitive): NUMERIC, BASE64',
  );
});
