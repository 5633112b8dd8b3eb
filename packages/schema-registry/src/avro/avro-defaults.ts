/** Defaults as JSON, in Avro schemas and in `connect.default`, both ways. */
import {
  bytesOfDecimal,
  DataError,
  Decimal,
  dateOfDays,
  daysOfDate,
  decimalOfBytes,
  logicalTypeOf,
  msOfTime,
  msOfTimestamp,
  type Schema,
  timeOfMs,
  timestampOfMs,
  validateValue,
} from '@sluice/connector-api';
import {
  entriesOf,
  isNullish,
  objectMaker,
  type PlainObject,
  propertyReader,
} from '@sluice/connector-api/data-values';
import { javaDouble, javaFloat } from '@sluice/connector-api/values';
import { fieldNameOf, isAvroMap } from './avro-kinds.ts';
import type { AvroOptions } from './avro-options.ts';
import { rawJson } from './avro-text.ts';
import { avroNames } from './avro-type.ts';

type Options = Pick<AvroOptions, 'scrubsNames' | 'allowsOptionalMapKeys'>;

/** A value of a schema as JSON. @throws DataError when it does not fit */
export function defaultJson(schema: Schema, value: unknown, options: Options): unknown {
  if (schema.type !== 'struct' || schema.name !== avroNames.union)
    validateValue({ ...schema, optional: true }, value, 'default');
  return toJson(schema, value, options);
}

function toJson(schema: Schema, value: unknown, options: Options): unknown {
  if (isNullish(value))
    return isNullish(schema.default) ? null : toJson(schema, schema.default, options);
  const stored = storedAs(schema, value);
  switch (schema.type) {
    case 'float32':
    case 'float64': {
      const text =
        schema.type === 'float32' ? javaFloat(stored as number) : javaDouble(stored as number);
      // JSON has no such numbers.
      return Number.isFinite(stored) ? rawJson(text) : text;
    }
    case 'bytes':
      return Buffer.from(stored as Uint8Array).toString('latin1');
    case 'array':
      return (stored as unknown[]).map((one) => toJson(part(schema.items), one, options));
    case 'map': {
      const entries = Array.from(entriesOf(stored as object), ([key, one]) => [
        toJson(part(schema.keys), key, options),
        toJson(part(schema.values), one, options),
      ]);
      return isAvroMap(schema, options)
        ? Object.fromEntries(entries as [string, unknown][])
        : entries;
    }
    case 'struct':
      return Object.fromEntries(
        (schema.fields ?? []).map(({ field, schema: of }) => [
          fieldNameOf(field, options),
          toJson(of, propertyReader(field)(stored as PlainObject), options),
        ]),
      );
    default:
      return stored;
  }
}

/** What a logical value is stored as. */
export function storedAs(schema: Schema, value: unknown): unknown {
  switch (logicalTypeOf(schema)) {
    case 'Decimal':
      if (value instanceof Decimal) return bytesOfDecimal(schema, value);
      break;
    case 'Date':
      if (value instanceof Date) return daysOfDate(value);
      break;
    case 'Time':
      if (value instanceof Date) return msOfTime(value);
      break;
    case 'Timestamp':
      if (value instanceof Date) return msOfTimestamp(value);
      break;
    default:
      return value;
  }
  throw new DataError(
    `Invalid type for ${String(schema.name)}: expected ${schema.name?.endsWith('Decimal') ? 'Decimal' : 'Date'}`,
  );
}

/** @throws DataError beyond what a Date holds */
export function fromStored(schema: Schema, stored: unknown): unknown {
  switch (logicalTypeOf(schema)) {
    case 'Decimal':
      return decimalOfBytes(schema, stored as Uint8Array);
    case 'Date':
      return dateOfDays(stored as number);
    case 'Time':
      return timeOfMs(stored as number);
    case 'Timestamp':
      return timestampOfMs(stored as number | bigint);
    default:
      return stored;
  }
}

/**
 * Whether Avro allows it as the default of a field. In a union it must be of the first type, which for what is
 * optional without a default is null. What is not allowed there stays in `connect.default` only.
 */
export function isValidFieldDefault(schema: Schema, value: unknown, options: Options): boolean {
  if (schema.optional && schema.type === 'struct') return false;
  return isValidWithin(schema, value, options);
}

function isValidWithin(schema: Schema, given: unknown, options: Options): boolean {
  const value = given ?? schema.default ?? null;
  if (schema.optional) {
    const isNullFirst = isNullish(schema.default) || schema.type === 'struct';
    if (isNullFirst) return value === null;
    if (value === null) return false;
  }
  switch (schema.type) {
    case 'float32':
    case 'float64':
      return Number.isFinite(value);
    case 'array':
      return (value as unknown[]).every((one) => isValidWithin(part(schema.items), one, options));
    case 'map':
      if (!isAvroMap(schema, options)) return false;
      return Array.from(entriesOf(value as object)).every(([, one]) =>
        isValidWithin(part(schema.values), one, options),
      );
    case 'struct':
      if (schema.name === avroNames.union) return false;
      return (schema.fields ?? []).every(({ field, schema: of }) =>
        isValidWithin(of, propertyReader(field)(value as PlainObject), options),
      );
    default:
      return true;
  }
}

/** The default that JSON says; undefined for one that does not fit, which Confluent's converter leaves out, too. */
export function defaultFromJson(schema: Schema, json: unknown, options: Options): unknown {
  if (isNullish(json)) return undefined;
  try {
    const value = fromJson(schema, json, options);
    validateValue({ ...schema, optional: true }, value, 'default');
    return value ?? undefined;
  } catch (error) {
    if (error instanceof DataError) return undefined;
    throw error;
  }
}

function fromJson(schema: Schema, json: unknown, options: Options): unknown {
  if (isNullish(json)) return null;
  switch (schema.type) {
    case 'float32':
    case 'float64': {
      const number =
        typeof json === 'number' || typeof json === 'bigint' || isSpecial(json)
          ? Number(json)
          : json;
      return schema.type === 'float32' && typeof number === 'number' ? Math.fround(number) : number;
    }
    case 'bytes':
      if (typeof json !== 'string') throw misfit(schema);
      return fromStored(schema, Buffer.from(json, 'latin1'));
    case 'int32':
    case 'int64':
      if (typeof json !== 'number' && typeof json !== 'bigint') throw misfit(schema);
      return fromStored(schema, json);
    case 'array':
      if (!Array.isArray(json)) throw misfit(schema);
      return json.map((one) => fromJson(part(schema.items), one, options));
    case 'map':
      return mapFromJson(schema, json, options);
    case 'struct': {
      if (typeof json !== 'object' || Array.isArray(json)) throw misfit(schema);
      const fields = schema.fields ?? [];
      return objectMaker(fields.map(({ field }) => field))(
        fields.map(({ field, schema: of }) =>
          fromJson(
            of,
            propertyReader(fieldNameOf(field, options))(json as PlainObject) ?? of.default,
            options,
          ),
        ),
      );
    }
    default:
      return json;
  }
}

function mapFromJson(schema: Schema, json: unknown, options: Options): unknown {
  const { keys, values } = { keys: part(schema.keys), values: part(schema.values) };
  const entries = Array.isArray(json)
    ? json.map((entry: unknown) => {
        if (!Array.isArray(entry)) throw misfit(schema);
        return [fromJson(keys, entry[0], options), fromJson(values, entry[1], options)] as const;
      })
    : Object.entries(json as object).map(
        ([key, one]) => [key, fromJson(values, one, options)] as const,
      );
  return keys.type === 'string' ? Object.fromEntries(entries) : new Map(entries);
}

function isSpecial(json: unknown): boolean {
  return json === 'NaN' || json === 'Infinity' || json === '-Infinity';
}

function misfit(schema: Schema): DataError {
  return new DataError(`The default does not fit its schema of type ${schema.type.toUpperCase()}`);
}

function part(of: Schema | undefined): Schema {
  if (!of) throw new DataError('The elements have no schema');
  return of;
}
