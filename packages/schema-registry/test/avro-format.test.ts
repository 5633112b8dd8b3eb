/** Avro schemas that others have made, and what becomes of them, as Confluent's AvroData has it. */
import { Decimal, decimalSchema, schemas, structSchema } from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import { avroFormat } from '../src/avro/avro-format.ts';
import type { AvroOptions } from '../src/avro/avro-options.ts';
import { read, registered, underTest, withId, write } from './converters-under-test.ts';
import { avroOptions } from './options.ts';

async function readAs(
  schema: unknown,
  data: readonly number[],
  options: Partial<AvroOptions> = {},
) {
  const under = underTest(avroFormat({ ...avroOptions, ...options }));
  const id = await registered(under, 'AVRO', JSON.stringify(schema));
  return { under, ...(await read(under.converter, withId(id, Buffer.from(data)))) };
}

/** Of the schema that was read, the value is written with a schema of which this is registered. */
async function rewritten(
  schema: unknown,
  data: readonly number[],
  options: Partial<AvroOptions> = {},
) {
  const { under, schema: connect, value } = await readAs(schema, data, options);
  const bytes = await write(under.converter, connect, value);
  const { schema: text } = await under.client.schemaById(bytes?.readUInt32BE(1) ?? 0);
  return { text: JSON.parse(text) as unknown, data: [...(bytes?.subarray(5) ?? [])] };
}

const color = { type: 'enum', name: 'Color', namespace: 'com.acme', symbols: ['RED', 'GREEN'] };

describe('reading', () => {
  test('a union of several types is a struct, of which the field of the type is set', async () => {
    const union = [
      'null',
      'string',
      'long',
      { type: 'record', name: 'com.acme.Point', fields: [{ name: 'x', type: 'int' }] },
    ];
    const schema = { type: 'record', name: 'R', fields: [{ name: 'u', type: union }] };
    const text = await readAs(schema, [2, 2, 0x61]);
    expect(text.value).toEqual({ u: { string: 'a', long: null, Point: null } });
    expect((await readAs(schema, [4, 10])).value).toEqual({
      u: { string: null, long: 5, Point: null },
    });
    expect((await readAs(schema, [6, 2])).value).toEqual({
      u: { string: null, long: null, Point: { x: 1 } },
    });
    expect((await readAs(schema, [0])).value).toEqual({ u: null });
    const field = text.schema?.fields?.[0]?.schema;
    expect(field).toMatchObject({
      type: 'struct',
      name: 'io.confluent.connect.avro.Union',
      optional: true,
    });
    const enhanced = await readAs(schema, [6, 2], { isEnhanced: true });
    expect(enhanced.value).toEqual({ u: { string: null, long: null, 'com.acme.Point': { x: 1 } } });
  });

  test('an enum is a string whose parameters are its symbols', async () => {
    const { schema, value } = await readAs(color, [2]);
    expect(value).toBe('GREEN');
    expect(schema).toMatchObject({
      type: 'string',
      name: 'com.acme.Color',
      parameters: {
        'io.confluent.connect.avro.Enum': 'com.acme.Color',
        'io.confluent.connect.avro.Enum.RED': 'RED',
      },
    });
  });

  test('decimals are read from bytes and fixed, with their precision', async () => {
    const logical = { logicalType: 'decimal', precision: 9, scale: 2 };
    const fixed = { type: 'fixed', name: 'Money', size: 4, ...logical };
    const { schema, value } = await readAs(fixed, [0xff, 0xff, 0xff, 0x85]);
    expect(value).toEqual(new Decimal(-123n, 2));
    expect(schema?.parameters).toEqual({
      scale: '2',
      'connect.decimal.precision': '9',
      'connect.fixed.size': '4',
    });
    expect((await readAs({ type: 'bytes', ...logical }, [2, 5])).value).toEqual(new Decimal(5n, 2));
  });

  test('documentation and defaults of fields are kept as parameters and defaults', async () => {
    const schema = {
      type: 'record',
      name: 'R',
      doc: 'a record',
      fields: [{ name: 'x', type: 'int', doc: 'an x', default: 7 }],
    };
    const read7 = await readAs(schema, [2]);
    expect(read7.schema?.parameters).toEqual({
      'io.confluent.connect.avro.record.doc': 'a record',
      'io.confluent.connect.avro.field.doc.x': 'an x',
    });
    expect(read7.schema?.fields?.[0]?.schema).toMatchObject({
      default: 7,
      parameters: { 'io.confluent.connect.avro.field.default': 'true' },
    });
    expect((await rewritten(schema, [2])).text).toMatchObject({
      doc: 'a record',
      fields: [{ name: 'x', doc: 'an x', default: 7 }],
    });
  });

  test('a record that contains itself is refused with what to do instead', async () => {
    const node = {
      type: 'record',
      name: 'Node',
      fields: [{ name: 'next', type: ['null', 'Node'] }],
    };
    await expect(readAs(node, [0])).rejects.toThrow('The Avro record Node contains itself');
  });

  test('bytes that are left over are refused', async () => {
    await expect(readAs('int', [2, 0])).rejects.toThrow('1 bytes are left over');
  });
});

describe('writing', () => {
  test('enums and unions stay what they were, with enhanced.avro.schema.support', async () => {
    const enhanced = { isEnhanced: true };
    expect((await rewritten(color, [2], enhanced)).text).toMatchObject(color);
    const union = {
      type: 'record',
      name: 'com.acme.R',
      fields: [{ name: 'u', type: ['null', 'string', color] }],
    };
    const again = await rewritten(union, [4, 2], enhanced);
    expect(again.data).toEqual([4, 2]);
    expect(again.text).toMatchObject({
      fields: [{ type: ['null', 'string', { type: 'enum', name: 'Color' }] }],
    });
  });

  test('an enum is a string without it', async () => {
    expect((await rewritten(color, [2])).text).toMatchObject({
      type: 'string',
      'connect.name': 'com.acme.Color',
    });
  });

  test('maps without string keys are arrays of entries, of different names where they differ', async () => {
    const map = (keys: 'int32' | 'int64') =>
      ({ type: 'map', keys: schemas[keys], values: schemas.string }) as const;
    const schema = structSchema(
      { a: map('int32'), b: map('int64'), c: map('int32') },
      { name: 'R' },
    );
    const { text } = avroFormat(avroOptions).writerOf(schema);
    const names = [...text.schema.matchAll(/"name":"(MapEntry\d*)"/g)].map(([, name]) => name);
    expect(names).toEqual(['MapEntry', 'MapEntry2']);
    const { converter } = underTest(avroFormat(avroOptions));
    const value = { a: new Map([[1, 'x']]), b: new Map([[2, 'y']]), c: new Map() };
    expect((await read(converter, await write(converter, schema, value))).value).toEqual(value);
  });

  test('without connect.meta.data the schema says nothing of Connect', () => {
    const { text } = avroFormat({ ...avroOptions, hasMetaData: false }).writerOf(decimalSchema(2));
    expect(JSON.parse(text.schema)).toEqual({
      type: 'bytes',
      scale: 2,
      precision: 64,
      logicalType: 'decimal',
    });
  });

  test.each([
    [
      'a name that Avro does not allow',
      structSchema({ 'two words': schemas.int32 }, { name: 'R' }),
      { 'two words': 1 },
      'scrub.invalid.names=true',
    ],
    ['a number out of range', schemas.int8, 128, 'Invalid value for INT8: out of range'],
    ['another type', schemas.int32, 'text', 'Invalid type for INT32: string'],
    ['null that is required', schemas.int32, null, 'Found null value for non-optional schema'],
    ['a decimal of another scale', decimalSchema(2), new Decimal(5n, 3), 'mismatching scale'],
  ])('%s is refused', async (_title, schema, value, message) => {
    const { converter } = underTest(avroFormat(avroOptions));
    await expect(write(converter, schema, value)).rejects.toThrow(message);
  });

  test('two types of one name are refused', async () => {
    const schema = structSchema(
      {
        a: structSchema({ x: schemas.int32 }, { name: 'A' }),
        b: structSchema({ y: schemas.int32 }, { name: 'A' }),
      },
      { name: 'R' },
    );
    const { converter } = underTest(avroFormat(avroOptions));
    await expect(write(converter, schema, { a: { x: 1 }, b: { y: 1 } })).rejects.toThrow(
      "Can't redefine: A",
    );
  });
});

describe('use.latest.version', () => {
  const order = structSchema({ id: schemas.int64 }, { name: 'Order' });
  const latest = async (fields: unknown[], isLatestStrict: boolean) => {
    const under = underTest(avroFormat(avroOptions), { ids: 'latest', isLatestStrict });
    await registered(under, 'AVRO', JSON.stringify({ type: 'record', name: 'Order', fields }));
    return under;
  };

  test('a latest version that needs what the data does not have is refused', async () => {
    const { converter } = await latest(
      [
        { name: 'id', type: 'long' },
        { name: 'x', type: 'int' },
      ],
      true,
    );
    await expect(write(converter, order, { id: 1 })).rejects.toThrow(
      'Set latest.compatibility.strict=false',
    );
  });

  test('one that is not compatible may be written nevertheless, where the values fit', async () => {
    const text = structSchema({ id: schemas.string }, { name: 'Order' });
    const strict = await latest(
      [
        { name: 'id', type: 'bytes' },
        { name: 'x', type: ['null', 'int'] },
      ],
      true,
    );
    await expect(write(strict.converter, text, { id: 'a' })).rejects.toThrow('Incompatible schema');
    const lenient = await latest(
      [
        { name: 'id', type: 'bytes' },
        { name: 'x', type: ['null', 'int'], default: null },
      ],
      false,
    );
    expect((await write(lenient.converter, text, { id: 'a' }))?.subarray(5)).toEqual(
      Buffer.from([2, 0x61, 0]),
    );
  });
});
