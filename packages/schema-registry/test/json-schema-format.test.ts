/** JSON Schemas that others have made, and what becomes of them, as Confluent's JsonSchemaData has it. */
import { Decimal, decimalSchema, schemas, structSchema } from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import type { JsonSchemaOptions } from '../src/json-schema/json-options.ts';
import { jsonSchemaFormat } from '../src/json-schema/json-schema-format.ts';
import { read, registered, underTest, withId, write } from './converters-under-test.ts';
import { jsonOptions } from './options.ts';

async function readAs(schema: unknown, json: string, options: Partial<JsonSchemaOptions> = {}) {
  const under = underTest(jsonSchemaFormat({ ...jsonOptions, ...options }));
  const id = await registered(under, 'JSON', JSON.stringify(schema));
  return await read(under.converter, withId(id, Buffer.from(json)));
}

const person = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Person',
  type: 'object',
  properties: {
    name: { type: 'string', description: 'whole' },
    age: { type: ['integer', 'null'] },
    color: { type: 'string', enum: ['red', 'green'] },
    address: { $ref: '#/definitions/address' },
    home: { $ref: '#/definitions/address' },
  },
  required: ['name'],
  definitions: { address: { type: 'object', properties: { street: { type: 'string' } } } },
};

describe('reading', () => {
  test('objects are structs; references, enums and types with null are resolved', async () => {
    const json = '{"name":"Ann","age":null,"color":"red","address":{"street":"x"},"more":1}';
    const { value, schema } = await readAs(person, json);
    expect(value).toEqual({
      name: 'Ann',
      age: null,
      color: 'red',
      address: { street: 'x' },
      home: null,
    });
    expect(schema).toMatchObject({ type: 'struct', name: 'Person', version: 1 });
    const [name, age, color] = (schema?.fields ?? []).map((each) => each.schema);
    expect(name).toEqual({ type: 'string', doc: 'whole' });
    expect(age).toEqual({ type: 'int64', optional: true });
    expect(color?.parameters).toEqual({
      'io.confluent.connect.json.Enum': '',
      'io.confluent.connect.json.Enum.red': 'red',
      'io.confluent.connect.json.Enum.green': 'green',
    });
  });

  test('what is not required is optional, with use.optional.for.nonrequired', async () => {
    const { schema } = await readAs(person, '{"name":"Ann"}', { isOptionalUnlessRequired: true });
    expect(schema?.fields?.map((each) => each.schema.optional ?? false)).toEqual([
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  test('a union is a struct, of which the field is set that fits best', async () => {
    const object = (...names: string[]) => ({
      type: 'object',
      properties: Object.fromEntries(names.map((name) => [name, { type: 'string' }])),
    });
    const union = { oneOf: [{ type: 'null' }, { type: 'string' }, object('a'), object('a', 'b')] };
    const field = (index: number) => `io.confluent.connect.json.OneOf.field.${String(index)}`;
    const { value, schema } = await readAs(union, '{"a":"1","b":"2"}');
    expect(value).toEqual({ [field(0)]: null, [field(1)]: null, [field(2)]: { a: '1', b: '2' } });
    expect(schema).toMatchObject({ name: 'io.confluent.connect.json.OneOf', optional: true });
    expect((await readAs(union, '"text"')).value).toMatchObject({ [field(0)]: 'text' });
  });

  test('allOf has the properties of all its parts', async () => {
    const schema = {
      allOf: [{ $ref: '#/$defs/a' }, { properties: { b: { type: 'integer' } } }],
      $defs: { a: { type: 'object', properties: { a: { type: 'string' } } } },
    };
    expect((await readAs(schema, '{"a":"x","b":9007199254740993}')).value).toEqual({
      a: 'x',
      b: 9007199254740993n,
    });
  });

  test('references to other documents come from the registry', async () => {
    const under = underTest(jsonSchemaFormat({ ...jsonOptions, validates: true }));
    await registered(under, 'JSON', '{"type":"object","properties":{"x":{"type":"integer"}}}', {
      subject: 'inner',
    });
    const outer = JSON.stringify({ type: 'object', properties: { inner: { $ref: 'inner.json' } } });
    const id = await registered(under, 'JSON', outer, {
      references: [{ name: 'inner.json', subject: 'inner', version: 1 }],
    });
    expect(
      (await read(under.converter, withId(id, Buffer.from('{"inner":{"x":1}}')))).value,
    ).toEqual({ inner: { x: 1 } });
    await expect(
      read(under.converter, withId(id, Buffer.from('{"inner":{"x":"1"}}'))),
    ).rejects.toThrow('at /inner/x: must be integer');
  });

  test.each([
    [
      'a schema that contains itself',
      { type: 'object', properties: { next: { $ref: '#' } } },
      '{}',
      'contains itself',
    ],
    ['a schema of anything', {}, '1', 'has no Connect schema'],
    ['a reference to nothing', { $ref: '#/definitions/x' }, '1', 'has no "#/definitions/x"'],
    ['JSON of another kind', { type: 'integer' }, '"1"', 'Invalid value for INT64 field'],
    ['what is no JSON', { type: 'integer' }, '{', 'serialization error'],
    ['nothing', { type: 'integer' }, '', 'no JSON behind the id'],
  ])('%s is refused', async (_title, schema, json, message) => {
    await expect(readAs(schema, json)).rejects.toThrow(message);
  });
});

describe('validation', () => {
  test.each([
    'http://json-schema.org/draft-07/schema#',
    'https://json-schema.org/draft/2019-09/schema',
    'https://json-schema.org/draft/2020-12/schema',
  ])('by %s', async ($schema) => {
    const schema = { $schema, type: 'string', format: 'email' };
    expect((await readAs(schema, '"a@b.c"', { validates: true })).value).toBe('a@b.c');
    await expect(readAs(schema, '"a"', { validates: true })).rejects.toThrow(
      'must match format "email"',
    );
    expect((await readAs(schema, '"a"')).value).toBe('a');
  });

  test('use.latest.version is strict by validating what is written', async () => {
    const under = underTest(jsonSchemaFormat(jsonOptions), { ids: 'latest' });
    await registered(
      under,
      'JSON',
      '{"type":"object","properties":{"id":{"type":"integer","maximum":5}}}',
    );
    const schema = structSchema({ id: schemas.int32 });
    expect((await write(under.converter, schema, { id: 5 }))?.subarray(5).toString()).toBe(
      '{"id":5}',
    );
    await expect(write(under.converter, schema, { id: 6 })).rejects.toThrow('must be <= 5');
  });
});

describe('decimals', () => {
  test.each([
    ['BASE64', '"BOI="'],
    ['NUMERIC', '12.50'],
  ] as const)('%s', async (decimalFormat, text) => {
    const { converter } = underTest(jsonSchemaFormat({ ...jsonOptions, decimalFormat }));
    const bytes = await write(converter, decimalSchema(2), new Decimal(1250n, 2));
    expect(bytes?.subarray(5).toString()).toBe(text);
    expect((await read(converter, bytes)).value).toEqual(new Decimal(1250n, 2));
  });
});
