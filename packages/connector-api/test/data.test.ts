/** Schemas, their values, structs, projections. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { anySchema, anySchemaAndValue } from '../src/arbitraries.ts';
import {
  arraySchema,
  DataError,
  Decimal,
  dateSchema,
  decimalSchema,
  mapSchema,
  optionalSchema,
  projectValue,
  type Schema,
  SchemaBuilder,
  SchemaBuilderError,
  SchemaProjectorError,
  Struct,
  schemaField,
  schemas,
  schemasEqual,
  struct,
  structSchema,
  timeSchema,
  timestampSchema,
  validateValue,
} from '../src/index.ts';

const line = SchemaBuilder.struct()
  .field('sku', schemas.string)
  .field('price', decimalSchema(2))
  .field('count', SchemaBuilder.int32().defaultValue(1).build())
  .build();

const order = SchemaBuilder.struct()
  .name('com.acme.Order')
  .version(3)
  .field('id', schemas.int64)
  .field('note', schemas.optionalString)
  .field('lines', arraySchema(line))
  .field('tags', optionalSchema(mapSchema(schemas.string, schemas.int8)))
  .build();

const price = Decimal.fromString('9.90');

describe('SchemaBuilder', () => {
  test('builds plain frozen data', () => {
    expect(line).toEqual({
      type: 'struct',
      fields: [
        { field: 'sku', schema: { type: 'string' } },
        {
          field: 'price',
          schema: {
            type: 'bytes',
            name: 'org.apache.kafka.connect.data.Decimal',
            version: 1,
            parameters: { scale: '2' },
          },
        },
        { field: 'count', schema: { type: 'int32', default: 1 } },
      ],
    });
    expect(Object.isFrozen(line) && Object.isFrozen(line.fields)).toBe(true);
    expect(structuredClone(order)).toEqual(order);
  });

  test('may be used as in Java, ignoring what a call returns', () => {
    const builder = SchemaBuilder.struct();
    for (const name of ['a', 'b']) builder.field(name, schemas.string);
    expect(builder.build().fields?.map(({ field }) => field)).toEqual(['a', 'b']);
  });

  test('starts from a schema that there is', () => {
    const wider = SchemaBuilder.from(order).field('more', schemas.boolean).build();
    expect(wider.name).toBe('com.acme.Order');
    expect(wider.fields).toHaveLength(5);
    expect(order.fields).toHaveLength(4);
  });

  test.each<[string, () => unknown, string]>([
    [
      'a name given twice',
      () => SchemaBuilder.int8().name('a').name('b'),
      'Invalid SchemaBuilder call: name has already been set.',
    ],
    [
      'a field given twice',
      () => SchemaBuilder.struct().field('a', schemas.int8).field('a', schemas.int8),
      'Cannot create field because of field name duplication a',
    ],
    [
      'fields of what is no struct',
      () => SchemaBuilder.string().field('a', schemas.int8),
      'Cannot create fields on type STRING',
    ],
    [
      'a default of another type',
      () => SchemaBuilder.int8().defaultValue(300),
      'Invalid default value: Invalid JavaScript value for schema with type INT8: number out of range for default',
    ],
    [
      'both optional and required',
      () => SchemaBuilder.int8().optional().required(),
      'Invalid SchemaBuilder call: optional has already been set.',
    ],
  ])('refuses %s', (_title, build, message) => {
    expect(build).toThrow(SchemaBuilderError);
    expect(build).toThrow(message);
  });
});

describe('schemasEqual', () => {
  test('compares all that schemas say', () => {
    expect(schemasEqual(order, structuredClone(order))).toBe(true);
    expect(schemasEqual({ type: 'int8', optional: false }, schemas.int8)).toBe(true);
    expect(schemasEqual({ type: 'int8', parameters: {} }, schemas.int8)).toBe(true);
    expect(
      schemasEqual(
        { type: 'int8', parameters: { a: '1', b: '2' } },
        { type: 'int8', parameters: { b: '2', a: '1' } },
      ),
    ).toBe(true);
    expect(schemasEqual({ type: 'int64', default: 5 }, { type: 'int64', default: 5n })).toBe(true);
    expect(
      schemasEqual(
        { type: 'bytes', default: Buffer.from([1]) },
        { type: 'bytes', default: new Uint8Array([1]) },
      ),
    ).toBe(true);
  });

  test.each<[string, Schema]>([
    ['type', { type: 'int16' }],
    ['optional', { type: 'int8', optional: true }],
    ['name', { type: 'int8', name: 'n' }],
    ['version', { type: 'int8', version: 1 }],
    ['documentation', { type: 'int8', doc: 'd' }],
    ['parameters', { type: 'int8', parameters: { p: '1' } }],
    ['default', { type: 'int8', default: 0 }],
  ])('sees another %s', (_title, other) => {
    expect(schemasEqual(schemas.int8, other)).toBe(false);
    const within = (schema: Schema): Schema => structSchema({ f: arraySchema(schema) });
    expect(schemasEqual(within(schemas.int8), within(other))).toBe(false);
  });

  test('a schema equals its copy, and no other', () => {
    fc.assert(
      fc.property(anySchema, anySchema, (one, other) => {
        expect(schemasEqual(one, copyOf(one))).toBe(true);
        if (schemasEqual(one, other)) expect(one).toEqual(other);
      }),
      { numRuns: 200 },
    );
  });
});

/** Not structuredClone, which knows no Decimal. */
function copyOf(schema: Schema): Schema {
  const { fields, items, keys, values } = schema;
  return {
    ...schema,
    ...(fields
      ? { fields: fields.map((each) => ({ field: each.field, schema: copyOf(each.schema) })) }
      : {}),
    ...(items ? { items: copyOf(items) } : {}),
    ...(keys ? { keys: copyOf(keys) } : {}),
    ...(values ? { values: copyOf(values) } : {}),
  };
}

describe('validateValue', () => {
  test('takes any value of any schema', () => {
    fc.assert(
      fc.property(anySchemaAndValue, ({ schema, value }) => {
        validateValue(schema, value);
      }),
    );
  });

  test('takes both forms of an int64, Maps for plain objects, and absence for null', () => {
    validateValue(schemas.int64, 5n);
    validateValue(schemas.int64, -(2n ** 63n));
    validateValue(mapSchema(schemas.string, schemas.int8), new Map([['a', 1]]));
    validateValue(order, { id: 1, lines: [{ sku: 'a', price }] });
  });

  test.each<[string, Schema, unknown, string]>([
    [
      'null',
      schemas.int32,
      null,
      'Invalid value: null used for required value, schema type: INT32',
    ],
    [
      'a missing field',
      order,
      { lines: [] },
      'Invalid value: null used for required field: "id", schema type: INT64 (at value.id)',
    ],
    [
      'a wrong type deep inside',
      order,
      {
        id: 1,
        lines: [
          { sku: 'a', price },
          { sku: 5, price },
        ],
      },
      'Invalid JavaScript value for schema with type STRING: number for field: "sku" (at value.lines[1].sku)',
    ],
    [
      'a wrong element',
      structSchema({ list: arraySchema(schemas.int8) }),
      { list: [1, null] },
      'Invalid value: null used for required element of array field: "list", schema type: INT8 (at value.list[1])',
    ],
    [
      'a wrong entry, without telling its key',
      order,
      { id: 1, lines: [], tags: { secret: 300 } },
      'Invalid JavaScript value for schema with type INT8: number out of range for value of map field: "tags" (at value.tags[an entry])',
    ],
    [
      'a wrong key',
      mapSchema(schemas.int8, schemas.int8),
      new Map([['a', 1]]),
      'Invalid JavaScript value for schema with type INT8: string for key of map value (at value[a key])',
    ],
    [
      'a field that there is not',
      order,
      { id: 1, lines: [], colour: 'red' },
      'colour is not a valid field name',
    ],
    [
      'a number for a Decimal',
      decimalSchema(2),
      9.9,
      'Invalid JavaScript value for schema "org.apache.kafka.connect.data.Decimal" with type BYTES: fractional number for value',
    ],
    [
      'a number for a Date',
      dateSchema,
      5,
      'Invalid JavaScript value for schema "org.apache.kafka.connect.data.Date" with type INT32: number for value',
    ],
    [
      'an invalid Date',
      timestampSchema,
      new Date(Number.NaN),
      'Invalid JavaScript value for schema "org.apache.kafka.connect.data.Timestamp" with type INT64: invalid Date for value',
    ],
    [
      'a fraction for an integer',
      schemas.int64,
      1.5,
      'Invalid JavaScript value for schema with type INT64: fractional number for value',
    ],
    [
      'an integer that is too large',
      schemas.int64,
      2n ** 63n,
      'Invalid JavaScript value for schema with type INT64: bigint out of range for value',
    ],
    [
      'elements of which nothing is known',
      { type: 'array' },
      [1],
      'No schema defined for element of array (at value[0])',
    ],
  ])('refuses %s', (_title, schema, value, message) => {
    expect(() => validateValue(schema, value)).toThrow(new DataError(message));
  });

  test('a field may have any name', () => {
    const schema = structSchema({ constructor: schemas.optionalString, toString: schemas.int8 });
    validateValue(schema, { toString: 1 });
    expect(() => validateValue(schema, {})).toThrow('required field: "toString"');
  });
});

describe('struct', () => {
  test('checks, orders fields and fills in defaults, also in what is nested', () => {
    const made = struct(order, { lines: [{ price, sku: 'a' }], id: 5n });
    expect(made).toEqual({ id: 5n, lines: [{ sku: 'a', price, count: 1 }] });
    expect(Object.keys(made.lines[0] ?? {})).toEqual(['sku', 'price', 'count']);
    expect(() => Struct.of(order, { id: 1, lines: [{ sku: 'a', price, count: 1.5 }] })).toThrow(
      'for field: "count" (at value.lines[0].count)',
    );
  });

  test('gives any complete value back', () => {
    const anyStruct = anySchemaAndValue.filter(
      ({ schema, value }) => schema.type === 'struct' && value !== null,
    );
    fc.assert(
      fc.property(anyStruct, ({ schema, value }) => {
        expect(struct(schema, value)).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  test('is for struct schemas', () => {
    expect(() => struct(schemas.int8, 5)).toThrow('Not a struct schema: INT8');
    expect(schemaField(order, 'id')?.schema).toBe(schemas.int64);
    expect(schemaField(order, 'nothing')).toBeUndefined();
    expect(() => schemaField(schemas.int8, 'id')).toThrow('Cannot look up fields on non-struct');
  });
});

describe('projectValue', () => {
  test('promotes numbers, fills in defaults and leaves out what is not asked for', () => {
    const target = structSchema({
      id: schemas.float64,
      note: SchemaBuilder.string().defaultValue('none').build(),
      lines: arraySchema(structSchema({ count: schemas.int64 })),
      extra: schemas.optionalString,
      state: SchemaBuilder.string().defaultValue('new').build(),
    });
    const value = { id: 5n, note: null, lines: [{ sku: 'a', price, count: 7 }], tags: {} };
    const source = { ...order };
    expect(projectValue(source, value, { ...target, name: 'com.acme.Order' })).toEqual({
      id: 5,
      note: 'none',
      lines: [{ count: 7 }],
      state: 'new',
    });
  });

  test('keeps any value for its own schema', () => {
    fc.assert(
      fc.property(anySchemaAndValue, ({ schema, value }) => {
        expect(projectValue(schema, value, copyOf(schema))).toEqual(value);
      }),
      { numRuns: 200 },
    );
  });

  test.each<[string, Schema, unknown, Schema, string]>([
    [
      'a smaller type',
      schemas.int64,
      5,
      schemas.int32,
      'Schema type mismatch. source type: INT64 and target type: INT32',
    ],
    [
      'another type',
      schemas.string,
      'a',
      schemas.int32,
      'Schema type mismatch. source type: STRING and target type: INT32',
    ],
    [
      'another name',
      dateSchema,
      new Date(0),
      timeSchema,
      'Schema name mismatch. source name: org.apache.kafka.connect.data.Date and target name: org.apache.kafka.connect.data.Time',
    ],
    [
      'other parameters',
      decimalSchema(2),
      price,
      decimalSchema(3),
      'Schema parameters not equal. source parameters: {scale=2} and target parameters: {scale=3}',
    ],
    [
      'null where the target has none',
      schemas.optionalInt8,
      5,
      schemas.int8,
      'Writer schema is optional, however, target schema does not provide a default value.',
    ],
    [
      'a field that the source lacks',
      line,
      { sku: 'a', price, count: 1 },
      structSchema({ colour: schemas.string }),
      'Required field `colour` is missing from source schema: Schema{STRUCT}',
    ],
    [
      'what does not fit in a field',
      structSchema({ a: schemas.string }),
      { a: 'x' },
      structSchema({ a: schemas.int8 }),
      'Error projecting a: Schema type mismatch. source type: STRING and target type: INT8',
    ],
  ])('refuses %s', (_title, source, value, target, message) => {
    expect(() => projectValue(source, value, target)).toThrow(new SchemaProjectorError(message));
  });
});
