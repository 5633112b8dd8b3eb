/**
 * Schemas and values in the form in which Kafka Connect's own converters are asked about them
 * (`scripts/kafka-connect-oracle/ConverterOracle.java`): JSON in which nothing is lost on either side.
 *
 * A value of a schema: integers and decimals (`unscaled/scale`) as text, floats as the hexadecimal digits of
 * their bits, bytes as base64, dates as milliseconds, maps as pairs, structs as a list in the order of the
 * fields. A value without a schema says what it is: `{"type":"int64","value":"5"}`.
 */
import { Decimal, logicalTypeOf, type Schema, type SchemaType } from '@sluice/connector-api';
import {
  entriesOf,
  exactInteger,
  objectMaker,
  type PlainObject,
  propertyReader,
} from '@sluice/connector-api/data-values';

export type Json = null | boolean | string | readonly Json[] | { readonly [name: string]: unknown };

export function schemaToWire(schema: Schema | undefined): Json {
  if (!schema) return null;
  const { type, optional, name, version, doc, parameters, fields, items, keys, values } = schema;
  return {
    type,
    ...(optional ? { optional } : {}),
    ...(name === undefined ? {} : { name }),
    ...(version === undefined ? {} : { version }),
    ...(doc === undefined ? {} : { doc }),
    ...(parameters && Object.keys(parameters).length > 0
      ? { parameters: Object.entries(parameters) }
      : {}),
    ...(type === 'struct'
      ? {
          fields: (fields ?? []).map((each) => ({
            field: each.field,
            schema: schemaToWire(each.schema),
          })),
        }
      : {}),
    ...(items ? { items: schemaToWire(items) } : {}),
    ...(keys ? { keys: schemaToWire(keys) } : {}),
    ...(values ? { values: schemaToWire(values) } : {}),
    ...(schema.default === undefined || schema.default === null
      ? {}
      : { default: valueToWire(schema, schema.default) }),
  };
}

interface WireSchema extends Omit<Schema, 'parameters' | 'fields' | 'items' | 'keys' | 'values'> {
  readonly parameters?: readonly [string, string][];
  readonly fields?: readonly { readonly field: string; readonly schema: Json }[];
  readonly items?: Json;
  readonly keys?: Json;
  readonly values?: Json;
}

export function schemaFromWire(json: Json | undefined): Schema | undefined {
  if (json === null || json === undefined) return undefined;
  const {
    parameters,
    fields,
    items,
    keys,
    values,
    default: fallback,
    ...rest
  } = json as unknown as WireSchema;
  const part = (name: 'items' | 'keys' | 'values', of: Json | undefined): Partial<Schema> => {
    const schema = schemaFromWire(of);
    return schema ? { [name]: schema } : {};
  };
  const schema: Schema = {
    ...rest,
    ...(parameters ? { parameters: Object.fromEntries(parameters) } : {}),
    ...(fields
      ? {
          fields: fields.map((each) => ({
            field: each.field,
            schema: schemaFromWire(each.schema) as Schema,
          })),
        }
      : {}),
    ...part('items', items),
    ...part('keys', keys),
    ...part('values', values),
  };
  return fallback === undefined
    ? schema
    : { ...schema, default: valueFromWire(schema, fallback as Json) };
}

export function valueToWire(schema: Schema | undefined, value: unknown): Json {
  if (value === null || value === undefined) return null;
  if (!schema) return untypedToWire(value);
  if (value instanceof Decimal) return `${String(value.unscaled)}/${String(value.scale)}`;
  if (value instanceof Date) return String(value.getTime());
  switch (schema.type) {
    case 'array':
      return (value as unknown[]).map((one) => valueToWire(schema.items, one));
    case 'map':
      return Array.from(entriesOf(value), ([key, one]) => [
        valueToWire(schema.keys, key),
        valueToWire(schema.values, one),
      ]);
    case 'struct':
      return (schema.fields ?? []).map((each) =>
        valueToWire(each.schema, propertyReader(each.field)(value as PlainObject)),
      );
    default:
      return primitiveToWire(schema.type, value);
  }
}

function primitiveToWire(type: SchemaType, value: unknown): Json {
  switch (type) {
    case 'float32': {
      const bytes = Buffer.alloc(4);
      bytes.writeFloatBE(value as number);
      return Number.isNaN(value) ? '7fc00000' : bytes.toString('hex');
    }
    case 'float64': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value as number);
      return Number.isNaN(value) ? '7ff8000000000000' : bytes.toString('hex');
    }
    case 'boolean':
      return value as boolean;
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('base64');
    default:
      return String(value);
  }
}

function untypedToWire(value: unknown): Json {
  if (Array.isArray(value))
    return { type: 'array', value: value.map((one) => valueToWire(undefined, one)) };
  if (value instanceof Uint8Array) return { type: 'bytes', value: primitiveToWire('bytes', value) };
  if (value instanceof Date) return { type: 'date', value: String(value.getTime()) };
  if (value instanceof Decimal)
    return { type: 'decimal', value: `${String(value.unscaled)}/${String(value.scale)}` };
  if (typeof value === 'object' && value !== null) {
    const entries = Array.from(entriesOf(value), ([key, one]) => [
      valueToWire(undefined, key),
      valueToWire(undefined, one),
    ]);
    return { type: 'map', value: entries };
  }
  const type = typeOfPrimitive(value);
  return { type, value: primitiveToWire(type, value) };
}

/** A number without a fraction is an integer, as long as it is exact. */
function typeOfPrimitive(value: unknown): SchemaType {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (typeof value === 'bigint') return 'int64';
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? 'int64' : 'float64';
}

export function valueFromWire(schema: Schema | undefined, json: Json | undefined): unknown {
  if (json === null || json === undefined) return null;
  if (!schema) return untypedFromWire(json as { type: string; value: Json });
  switch (logicalTypeOf(schema)) {
    case 'Decimal':
      return decimalFromWire(json as string);
    case 'Date':
    case 'Time':
    case 'Timestamp':
      return new Date(Number(json));
    default:
  }
  switch (schema.type) {
    case 'array':
      return (json as Json[]).map((one) => valueFromWire(schema.items, one));
    case 'map':
      return mapFromWire(
        (json as [Json, Json][]).map(([key, one]) => [
          valueFromWire(schema.keys, key),
          valueFromWire(schema.values, one),
        ]),
      );
    case 'struct': {
      const fields = schema.fields ?? [];
      const make = objectMaker(fields.map((each) => each.field));
      return make(fields.map((each, index) => valueFromWire(each.schema, (json as Json[])[index])));
    }
    default:
      return primitiveFromWire(schema.type, json);
  }
}

function primitiveFromWire(type: SchemaType, json: Json): unknown {
  switch (type) {
    case 'float32':
      return Buffer.from(json as string, 'hex').readFloatBE();
    case 'float64':
      return Buffer.from(json as string, 'hex').readDoubleBE();
    case 'boolean':
    case 'string':
      return json;
    case 'bytes':
      return Buffer.from(json as string, 'base64');
    default:
      return exactInteger(BigInt(json as string));
  }
}

function untypedFromWire({ type, value }: { type: string; value: Json }): unknown {
  switch (type) {
    case 'array':
      return (value as Json[]).map((one) => valueFromWire(undefined, one));
    case 'map':
      return mapFromWire(
        (value as [Json, Json][]).map(([key, one]) => [
          valueFromWire(undefined, key),
          valueFromWire(undefined, one),
        ]),
      );
    case 'date':
      return new Date(Number(value));
    case 'decimal':
      return decimalFromWire(value as string);
    default:
      return primitiveFromWire(type as SchemaType, value);
  }
}

function decimalFromWire(text: string): Decimal {
  const [unscaled = '', scale = ''] = text.split('/');
  return new Decimal(BigInt(unscaled), Number(scale));
}

/** As readers give it: with text for keys, a plain object. */
function mapFromWire(entries: readonly [unknown, unknown][]): unknown {
  return entries.every(([key]) => typeof key === 'string')
    ? Object.fromEntries(entries as [string, unknown][])
    : new Map(entries);
}
