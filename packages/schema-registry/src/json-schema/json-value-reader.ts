/** Parsed JSON as values of a schema, as Confluent's JsonSchemaConverter reads it, but refusing what does not fit. */
import {
  DataError,
  Decimal,
  dateOfDays,
  decimalOfBytes,
  logicalTypeOf,
  type Schema,
  timeOfMs,
  timestampOfMs,
} from '@sluice/connector-api';
import { objectMaker, propertyReader } from '@sluice/connector-api/data-values';
import { JsonNumber } from '@sluice/converters';
import { isJsonObject, isUnionStruct } from './json-kinds.ts';
import type { JsonSchemaOptions } from './json-options.ts';
import { memberFor } from './json-union.ts';

type JsonReaderOptions = Pick<JsonSchemaOptions, 'keepsNulls'>;

/** Integers are numbers or bigints; where there are decimals, other numbers are JsonNumbers. @throws DataError */
export type JsonValueReader = (json: unknown) => unknown;

export function jsonValueReader(schema: Schema, options: JsonReaderOptions): JsonValueReader {
  const read = bare(schema, options);
  const fallback =
    schema.optional && options.keepsNulls ? undefined : (schema.default ?? undefined);
  return (json) => {
    if (json !== null && json !== undefined) return read(json);
    if (fallback !== undefined) return fallback;
    // What is absent is null, as in Confluent's, also where it is required.
    if (json === undefined || schema.optional) return null;
    throw new DataError(`Invalid null value for required ${schema.type.toUpperCase()} field`);
  };
}

function bare(schema: Schema, options: JsonReaderOptions): JsonValueReader {
  switch (logicalTypeOf(schema)) {
    case 'Decimal':
      return (json) => readDecimal(schema, json);
    case 'Date':
      return dateReader(schema, 32, dateOfDays);
    case 'Time':
      return dateReader(schema, 32, timeOfMs);
    case 'Timestamp':
      return dateReader(schema, 64, timestampOfMs);
    default:
      return plain(schema, options);
  }
}

function readDecimal(schema: Schema, json: unknown): Decimal {
  if (json instanceof JsonNumber) return Decimal.fromString(json.text);
  if (typeof json === 'bigint' || Number.isSafeInteger(json))
    return new Decimal(BigInt(json as number | bigint), 0);
  if (typeof json === 'string')
    return decimalOfBytes(schema, bytesOf(json, 'Invalid bytes for Decimal field'));
  throw new DataError(
    `Invalid type for Decimal, underlying representation should be numeric or bytes but was ${kindOfJson(json)}`,
  );
}

function dateReader(
  schema: Schema,
  bits: number,
  convert: (stored: number) => Date,
): JsonValueReader {
  const read = integerReader(schema, bits);
  return (json) => convert(Number(read(json)));
}

const integerBits = { int8: 8, int16: 16, int32: 32, int64: 64 } as const;

function plain(schema: Schema, options: JsonReaderOptions): JsonValueReader {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return integerReader(schema, integerBits[schema.type]);
    case 'float32':
      return (json) => Math.fround(readFloat(schema, json));
    case 'float64':
      return (json) => readFloat(schema, json);
    case 'boolean':
      return (json) => {
        if (typeof json !== 'boolean') throw misfit(schema, json);
        return json;
      };
    case 'string':
      return (json) => {
        if (typeof json !== 'string') throw misfit(schema, json);
        return json;
      };
    case 'bytes':
      return (json) => bytesOf(json, 'Invalid bytes field');
    case 'array': {
      const read = jsonValueReader(partOf(schema.items), options);
      return (json) => {
        if (!Array.isArray(json)) throw misfit(schema, json);
        return json.map(read);
      };
    }
    case 'map':
      return mapReader(schema, options);
    case 'struct':
      return isUnionStruct(schema) ? unionReader(schema, options) : structReader(schema, options);
    default:
      return schema.type satisfies never;
  }
}

function integerReader(schema: Schema, bits: number): JsonValueReader {
  const limit = 2 ** (bits - 1);
  return (given) => {
    // Where there are decimals too, 5.0 comes as text.
    const json = given instanceof JsonNumber ? Number(given.text) : given;
    if (typeof json === 'number' && Number.isSafeInteger(json) && json >= -limit && json < limit)
      return json === 0 ? 0 : json;
    if (typeof json === 'bigint' && BigInt.asIntN(bits, json) === json) return json;
    throw misfit(schema, json);
  };
}

function readFloat(schema: Schema, json: unknown): number {
  if (typeof json === 'number') return json;
  if (typeof json === 'bigint') return Number(json);
  if (json instanceof JsonNumber) return Number(json.text);
  // JSON has no such numbers; they are written as strings.
  if (json === 'NaN' || json === 'Infinity' || json === '-Infinity') return Number(json);
  throw misfit(schema, json);
}

const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

function bytesOf(json: unknown, problem: string): Buffer {
  if (typeof json !== 'string' || json.length % 4 !== 0 || !base64.test(json))
    throw new DataError(problem);
  return Buffer.from(json, 'base64');
}

function mapReader(schema: Schema, options: JsonReaderOptions): JsonValueReader {
  const keys = partOf(schema.keys);
  const readKey = jsonValueReader(keys, options);
  const readOne = jsonValueReader(partOf(schema.values), options);
  if (keys.type === 'string' && !keys.optional)
    return (json) => {
      if (!isJsonObject(json))
        throw new DataError(
          `Maps with string fields should be encoded as JSON objects, but found ${kindOfJson(json)}`,
        );
      return Object.fromEntries(Object.entries(json).map(([key, one]) => [key, readOne(one)]));
    };
  const property = { key: propertyReader('key'), value: propertyReader('value') };
  return (json) => {
    if (!Array.isArray(json))
      throw new DataError(
        `Maps with non-string fields should be encoded as JSON array of objects, but found ${kindOfJson(json)}`,
      );
    const entries = json.map((entry: unknown) => {
      if (!isJsonObject(entry))
        throw new DataError(`Found invalid map entry instead of object: ${kindOfJson(entry)}`);
      return [readKey(property.key(entry)), readOne(property.value(entry))] as const;
    });
    return keys.type === 'string'
      ? Object.fromEntries(entries.map(([key, one]) => [String(key), one]))
      : new Map(entries);
  };
}

function unionReader(schema: Schema, options: JsonReaderOptions): JsonValueReader {
  const fields = schema.fields ?? [];
  const make = objectMaker(fields.map(({ field }) => field));
  const schemas = fields.map((each) => each.schema);
  const reads = schemas.map((each) => jsonValueReader(each, options));
  return (json) => {
    const at = memberFor(schemas, json);
    const read = reads[at];
    if (!read) throw new DataError('Did not find matching oneof field for data');
    return make(fields.map((_field, index) => (index === at ? read(json) : null)));
  };
}

function structReader(schema: Schema, options: JsonReaderOptions): JsonValueReader {
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => ({
    field,
    property: propertyReader(field),
    read: jsonValueReader(of, options),
  }));
  const make = objectMaker(fields.map(({ field }) => field));
  return (json) => {
    if (!isJsonObject(json))
      throw new DataError(
        `Structs should be encoded as JSON objects, but found ${kindOfJson(json)}`,
      );
    return make(
      fields.map(({ field, property, read }) => {
        try {
          return read(property(json));
        } catch (error) {
          if (!(error instanceof DataError)) throw error;
          throw new DataError(`${error.message} (field ${field})`, { cause: error });
        }
      }),
    );
  };
}

function misfit(schema: Schema, json: unknown): DataError {
  return new DataError(
    `Invalid value for ${schema.type.toUpperCase()} field: found ${kindOfJson(json)}`,
  );
}

function kindOfJson(json: unknown): string {
  if (json === null) return 'NULL';
  if (Array.isArray(json)) return 'ARRAY';
  if (json instanceof JsonNumber || typeof json === 'number' || typeof json === 'bigint')
    return Number.isInteger(Number(json instanceof JsonNumber ? json.text : json))
      ? 'a number out of range'
      : 'NUMBER';
  return (typeof json).toUpperCase();
}

function partOf(part: Schema | undefined): Schema {
  if (part) return part;
  throw new DataError('What has elements without a schema has no values');
}
