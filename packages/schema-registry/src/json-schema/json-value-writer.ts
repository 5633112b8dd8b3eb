/** Values of a schema as JSON text, as Confluent's JsonSchemaConverter writes them. */
import {
  bytesOfDecimal,
  DataError,
  Decimal,
  daysOfDate,
  logicalTypeOf,
  msOfTime,
  msOfTimestamp,
  type Schema,
} from '@sluice/connector-api';
import {
  entriesOf,
  isNullish,
  isPlainObject,
  kindOf,
  propertyReader,
} from '@sluice/connector-api/data-values';
import { javaDouble, javaFloat } from '@sluice/connector-api/values';
import { jsonString } from '@sluice/converters';
import { isUnionStruct } from './json-kinds.ts';
import type { JsonSchemaOptions } from './json-options.ts';

type Options = Pick<JsonSchemaOptions, 'decimalFormat' | 'keepsNulls'>;

/** Undefined for null that is no value of the schema: a struct leaves it out. @throws DataError */
export type JsonValueWriter = (value: unknown) => string | undefined;

export function jsonValueWriter(schema: Schema, options: Options): JsonValueWriter {
  const write = bare(schema, options);
  const fallback = options.keepsNulls ? undefined : (schema.default ?? undefined);
  return (value) => {
    if (!isNullish(value)) return write(value);
    if (fallback !== undefined) return write(fallback);
    return schema.optional ? 'null' : undefined;
  };
}

function bare(schema: Schema, options: Options): JsonValueWriter {
  switch (logicalTypeOf(schema)) {
    case 'Decimal':
      return (value) => {
        if (!(value instanceof Decimal)) throw mismatch(schema, value);
        return options.decimalFormat === 'NUMERIC'
          ? value.toString()
          : `"${bytesOfDecimal(schema, value).toString('base64')}"`;
      };
    case 'Date':
      return dateWriter(schema, daysOfDate);
    case 'Time':
      return dateWriter(schema, msOfTime);
    case 'Timestamp':
      return dateWriter(schema, msOfTimestamp);
    default:
      return plain(schema, options);
  }
}

function dateWriter(schema: Schema, convert: (value: Date) => number): JsonValueWriter {
  return (value) => {
    if (!(value instanceof Date)) throw mismatch(schema, value);
    return String(convert(value));
  };
}

const integerBits = { int8: 8, int16: 16, int32: 32, int64: 64 } as const;

function plain(schema: Schema, options: Options): JsonValueWriter {
  switch (schema.type) {
    case 'int8':
    case 'int16':
    case 'int32':
    case 'int64':
      return integerWriter(schema, integerBits[schema.type]);
    case 'float32':
    case 'float64': {
      const write = schema.type === 'float32' ? javaFloat : javaDouble;
      return (value) => {
        if (typeof value !== 'number') throw mismatch(schema, value);
        // JSON has no such numbers; Jackson writes them as strings.
        return Number.isFinite(value) ? write(value) : `"${String(value)}"`;
      };
    }
    case 'boolean':
      return (value) => {
        if (typeof value !== 'boolean') throw mismatch(schema, value);
        return value ? 'true' : 'false';
      };
    case 'string':
      return (value) => {
        if (typeof value !== 'string') throw mismatch(schema, value);
        return jsonString(value);
      };
    case 'bytes':
      return (value) => {
        if (!(value instanceof Uint8Array)) throw mismatch(schema, value);
        return `"${Buffer.from(value).toString('base64')}"`;
      };
    case 'array':
      return arrayWriter(schema, options);
    case 'map':
      return mapWriter(schema, options);
    case 'struct':
      return isUnionStruct(schema) ? unionWriter(schema, options) : structWriter(schema, options);
    default:
      return schema.type satisfies never;
  }
}

function integerWriter(schema: Schema, bits: number): JsonValueWriter {
  const limit = 2 ** (bits - 1);
  return (value) => {
    if (typeof value === 'number' && Number.isInteger(value)) {
      if (value >= -limit && value < limit) return String(BigInt(value));
    } else if (typeof value === 'bigint') {
      if (BigInt.asIntN(bits, value) === value) return String(value);
    } else throw mismatch(schema, value);
    throw new DataError(`Invalid value for ${schema.type.toUpperCase()}: out of range`);
  };
}

function arrayWriter(schema: Schema, options: Options): JsonValueWriter {
  const write = jsonValueWriter(partOf(schema.items), options);
  return (value) => {
    if (!Array.isArray(value)) throw mismatch(schema, value);
    return `[${value.map((one) => write(one) ?? 'null').join(',')}]`;
  };
}

/** Required strings as keys: an object. Others: a list of objects with key and value. */
function mapWriter(schema: Schema, options: Options): JsonValueWriter {
  const keys = partOf(schema.keys);
  const writeKey = jsonValueWriter(keys, options);
  const writeOne = jsonValueWriter(partOf(schema.values), options);
  const isObject = keys.type === 'string' && !keys.optional;
  return (value) => {
    if (!(value instanceof Map || isPlainObject(value))) throw mismatch(schema, value);
    const entries = Array.from(entriesOf(value), ([key, one]) => {
      const [keyText, text] = [writeKey(key) ?? 'null', writeOne(one) ?? 'null'];
      return isObject ? `${keyText}:${text}` : `{"key":${keyText},"value":${text}}`;
    });
    return isObject ? `{${entries.join(',')}}` : `[${entries.join(',')}]`;
  };
}

function structWriter(schema: Schema, options: Options): JsonValueWriter {
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => ({
    field,
    read: propertyReader(field),
    prefix: `${jsonString(field)}:`,
    write: jsonValueWriter(of, options),
  }));
  return (value) => {
    if (!isPlainObject(value)) throw mismatch(schema, value);
    let text = '';
    for (const { field, read, prefix, write } of fields) {
      try {
        const written = write(read(value));
        if (written === undefined) continue;
        text += (text === '' ? '' : ',') + prefix + written;
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        throw new DataError(`${error.message} (field ${field})`, { cause: error });
      }
    }
    return `{${text}}`;
  };
}

/** The first field that is set says what the value is. */
function unionWriter(schema: Schema, options: Options): JsonValueWriter {
  const members = (schema.fields ?? []).map(({ field, schema: of }) => ({
    read: propertyReader(field),
    write: jsonValueWriter(of, options),
  }));
  return (value) => {
    if (!isPlainObject(value)) throw mismatch(schema, value);
    for (const { read, write } of members) {
      const one = read(value);
      if (!isNullish(one)) return write(one);
    }
    return schema.optional ? 'null' : undefined;
  };
}

function partOf(part: Schema | undefined): Schema {
  if (part) return part;
  throw new DataError('What has elements without a schema cannot be converted to JSON Schema');
}

function mismatch(schema: Schema, value: unknown): DataError {
  return new DataError(`Invalid type for ${schema.type.toUpperCase()}: ${kindOf(value)}`);
}
