/**
 * Any schema, and any value of it, for property tests of what handles data (converters, transforms). Values
 * look as readers give them: an int64 is a number where it is exact, bytes are a Buffer, every field of a
 * struct is there. Needs fast-check, which only tests have.
 */
import * as fc from 'fast-check';
import { exactInteger, objectMaker } from './data-values.ts';
import { Decimal } from './decimal.ts';
import {
  dateOfDays,
  decimalScaleOf,
  decimalSchema,
  logicalNames,
  logicalTypeOf,
  timeOfMs,
  timestampOfMs,
} from './logical-types.ts';
import {
  arraySchema,
  mapSchema,
  type Schema,
  type SchemaField,
  type SchemaType,
} from './schema.ts';

export interface SchemaAndValue {
  readonly schema: Schema;
  readonly value: unknown;
}

/** Any text, also what trips code that takes field names for safe. */
export const anyName: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'id', 'größe', 'two words', 'a.b', '10', '9') },
  {
    weight: 1,
    arbitrary: fc.constantFrom('__proto__', 'constructor', 'toString', '"', '\\', '\n'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }) },
);

const primitiveTypes: readonly SchemaType[] = [
  'int8',
  'int16',
  'int32',
  'int64',
  'float32',
  'float64',
  'boolean',
  'string',
  'bytes',
];

const primitive: fc.Arbitrary<Schema> = fc
  .constantFrom(...primitiveTypes)
  .map((type): Schema => ({ type }));

const logical: fc.Arbitrary<Schema> = fc.oneof(
  fc.integer({ min: -5, max: 40 }).map((scale): Schema => decimalSchema(scale)),
  fc.constantFrom<Schema>(
    { type: 'int32', name: logicalNames.Date, version: 1 },
    { type: 'int32', name: logicalNames.Time, version: 1 },
    { type: 'int64', name: logicalNames.Timestamp, version: 1 },
  ),
);

/** Types whose values are the same key when they are equal. */
const keySchema: fc.Arbitrary<Schema> = fc
  .constantFrom<SchemaType>('string', 'int8', 'int32', 'int64', 'boolean', 'string')
  .map((type): Schema => ({ type }));

/** Any schema; nested up to three levels. */
export const anySchema: fc.Arbitrary<Schema> = fc.letrec<{ schema: Schema; bare: Schema }>(
  (tie) => ({
    schema: tie('bare').chain(varied),
    bare: fc.oneof(
      { maxDepth: 3, depthIdentifier: 'schema' },
      primitive,
      logical,
      tie('schema').map((items): Schema => arraySchema(items)),
      fc.tuple(keySchema, tie('schema')).map(([keys, values]): Schema => mapSchema(keys, values)),
      fc
        .uniqueArray(fc.tuple(anyName, tie('schema')), { selector: ([name]) => name, maxLength: 5 })
        .map(
          (fields): Schema => ({
            type: 'struct',
            fields: fields.map(([field, schema]): SchemaField => ({ field, schema })),
          }),
        ),
    ),
  }),
).schema;

/** Optional or not, with documentation or without, with a default or without. */
function varied(schema: Schema): fc.Arbitrary<Schema> {
  const isLogical = logicalTypeOf(schema) !== undefined;
  return fc
    .record({
      optional: fc.boolean(),
      name: fc.option(anyName, { nil: undefined, freq: 2 }),
      version: fc.option(fc.integer({ min: 0, max: 1000 }), { nil: undefined, freq: 2 }),
      doc: fc.option(fc.string({ unit: 'binary' }), { nil: undefined, freq: 2 }),
      parameter: fc.option(fc.tuple(anyName, fc.string()), { nil: undefined, freq: 2 }),
      fallback: fc.option(anyValueOf(schema), { nil: undefined, freq: 2 }),
    })
    .map(
      ({ optional, name, version, doc, parameter, fallback }): Schema => ({
        ...schema,
        ...(optional ? { optional } : {}),
        ...(isLogical || name === undefined ? {} : { name }),
        ...(isLogical || version === undefined ? {} : { version }),
        ...(doc === undefined ? {} : { doc }),
        ...(isLogical || !parameter ? {} : { parameters: Object.fromEntries([parameter]) }),
        ...(fallback === undefined || fallback === null ? {} : { default: fallback }),
      }),
    );
}

/** Any schema together with a value of it. */
export const anySchemaAndValue: fc.Arbitrary<SchemaAndValue> = anySchema.chain((schema) =>
  anyValueOf(schema).map((value) => ({ schema, value })),
);

const int64: fc.Arbitrary<number | bigint> = fc
  .oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 9n }))
  .map(exactInteger);

/** Any value of a schema; null where that is allowed and no default would stand for it. */
export function anyValueOf(schema: Schema): fc.Arbitrary<unknown> {
  const required = requiredValueOf(schema);
  return schema.optional === true && schema.default === undefined
    ? fc.option(required, { nil: null, freq: 4 })
    : required;
}

function requiredValueOf(schema: Schema): fc.Arbitrary<unknown> {
  switch (logicalTypeOf(schema)) {
    case 'Decimal': {
      const scale = decimalScaleOf(schema);
      return fc
        .bigInt({ min: -(2n ** 130n), max: 2n ** 130n })
        .map((unscaled) => new Decimal(unscaled, scale));
    }
    case 'Date':
      return fc.integer({ min: -100_000_000, max: 100_000_000 }).map(dateOfDays);
    case 'Time':
      return fc.integer({ min: 0, max: 86_400_000 }).map(timeOfMs);
    case 'Timestamp':
      return fc.integer({ min: -8.64e15, max: 8.64e15 }).map(timestampOfMs);
    case undefined:
      return plainValueOf(schema);
    default:
      throw new Error('unreachable: every logical type has its values');
  }
}

function plainValueOf(schema: Schema): fc.Arbitrary<unknown> {
  switch (schema.type) {
    case 'int8':
      return fc.integer({ min: -128, max: 127 });
    case 'int16':
      return fc.integer({ min: -32_768, max: 32_767 });
    case 'int32':
      return fc.integer();
    case 'int64':
      return int64;
    case 'float32':
      return fc.float();
    case 'float64':
      return fc.double();
    case 'boolean':
      return fc.boolean();
    case 'string':
      return fc.string({ unit: 'binary' });
    case 'bytes':
      return fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes));
    case 'array':
      return fc.array(anyValueOf(partOf(schema.items)), { maxLength: 4 });
    case 'map':
      return mapOf(partOf(schema.keys), partOf(schema.values));
    case 'struct': {
      const fields = schema.fields ?? [];
      const make = objectMaker(fields.map(({ field }) => field));
      return fc.tuple(...fields.map((each) => anyValueOf(each.schema))).map(make);
    }
    default:
      return schema.type satisfies never;
  }
}

function mapOf(keys: Schema, values: Schema): fc.Arbitrary<unknown> {
  const entry = fc.tuple(
    keys.type === 'string' ? anyName : requiredValueOf(keys),
    anyValueOf(values),
  );
  return fc
    .uniqueArray(entry, { selector: ([key]) => key, maxLength: 4 })
    .map((entries) =>
      keys.type === 'string'
        ? Object.fromEntries(entries as [string, unknown][])
        : new Map(entries),
    );
}

function partOf(schema: Schema | undefined): Schema {
  if (!schema) throw new Error('a schema without its parts has no values');
  return schema;
}
