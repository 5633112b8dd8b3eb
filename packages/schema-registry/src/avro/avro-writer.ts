/**
 * Writes values of a Connect schema as an Avro type has them. Compiled once for both into functions that write
 * straight into the record's bytes. The type is the schema's own, or another that can stand for it: fields are
 * found by name, what is missing gets the type's default, what is too much is left out.
 */
import { DataError, type Schema, type SchemaField } from '@sluice/connector-api';
import {
  entriesOf,
  isNullish,
  isPlainObject,
  kindOf,
  propertyReader,
} from '@sluice/connector-api/data-values';
import { scrubFullName, scrubName } from '../scrub-name.ts';
import type { ByteSink } from '../wire/byte-sink.ts';
import { isAnything, writeAnything } from './anything.ts';
import { writeBytes, writeText } from './avro-bytes.ts';
import { storedAs } from './avro-defaults.ts';
import { isUnionStruct } from './avro-kinds.ts';
import type { AvroOptions } from './avro-options.ts';
import {
  type AvroRecord,
  type AvroType,
  type AvroUnion,
  isMapEntry,
  splitName,
} from './avro-type.ts';
import { encodeJson } from './encode-json.ts';
import { entryFields, memberName } from './from-avro.ts';

/** @throws DataError when the value does not fit */
export type AvroWrite = (value: unknown, sink: ByteSink) => void;

/** @throws DataError when the type cannot stand for the schema */
export function avroWriter(
  schema: Schema | undefined,
  type: AvroType,
  options: AvroOptions,
): AvroWrite {
  if (!schema) {
    if (isAnything(type)) return writeAnything;
    throw new DataError('Data without a schema does not fit the registered schema');
  }
  const write =
    type.kind === 'union'
      ? unionWriter(schema, type, options)
      : requiredWriter(schema, type, options);
  const fallback =
    schema.optional && options.keepsNulls ? undefined : (schema.default ?? undefined);
  if (fallback === undefined) return write;
  return (value, sink) => write(isNullish(value) ? fallback : value, sink);
}

function requiredWriter(schema: Schema, type: AvroType, options: AvroOptions): AvroWrite {
  const write = bareWriter(schema, type, options);
  return (value, sink) => {
    if (isNullish(value)) throw new DataError('Found null value for non-optional schema');
    write(value, sink);
  };
}

function unionWriter(schema: Schema, union: AvroUnion, options: AvroOptions): AvroWrite {
  const { types } = union;
  const nullIndex = types.findIndex(({ kind }) => kind === 'null');
  const write = isUnionStruct(schema)
    ? memberWriter(schema, union, options)
    : branchWriter(schema, union, options);
  return (value, sink) => {
    if (!isNullish(value)) {
      write(value, sink);
      return;
    }
    if (nullIndex < 0 || !schema.optional)
      throw new DataError('Found null value for non-optional schema');
    sink.zigzag32(nullIndex);
  };
}

function branchWriter(schema: Schema, { types }: AvroUnion, options: AvroOptions): AvroWrite {
  const problems: string[] = [];
  for (const [index, type] of types.entries()) {
    if (type.kind === 'null') continue;
    try {
      const write = bareWriter(schema, type, options);
      return (value, sink) => {
        sink.zigzag32(index);
        write(value, sink);
      };
    } catch (error) {
      if (!(error instanceof DataError)) throw error;
      problems.push(error.message);
    }
  }
  throw new DataError(problems[0] ?? 'A union of nothing but null holds no values');
}

/** The struct that stands for a union: the first field that is set says which type. */
function memberWriter(schema: Schema, { types }: AvroUnion, options: AvroOptions): AvroWrite {
  const members = (schema.fields ?? []).map(({ field, schema: of }) => {
    const name = options.scrubsNames ? scrubFullName(field) : field;
    const index = types.findIndex(
      (type) => type.kind !== 'null' && [field, name].includes(memberName(type, options)),
    );
    const type = types[index];
    if (!type) throw new DataError(`The union has no type for the field ${field}`);
    return { read: propertyReader(field), index, write: bareWriter(of, type, options) };
  });
  return (value, sink) => {
    if (!isPlainObject(value)) throw mismatch(schema, value);
    for (const { read, index, write } of members) {
      const one = read(value);
      if (isNullish(one)) continue;
      sink.zigzag32(index);
      write(one, sink);
      return;
    }
    throw new DataError('Found a union of which no field is set');
  };
}

function bareWriter(schema: Schema, type: AvroType, options: AvroOptions): AvroWrite {
  switch (schema.type) {
    case 'int8':
      return integerWriter(schema, 8, type);
    case 'int16':
      return integerWriter(schema, 16, type);
    case 'int32':
      return integerWriter(schema, 32, type);
    case 'int64':
      return integerWriter(schema, 64, type);
    case 'float32':
    case 'float64':
      return floatWriter(schema, type);
    case 'boolean':
      if (type.kind !== 'boolean') throw unfit(schema, type);
      return (value, sink) => {
        if (typeof value !== 'boolean') throw mismatch(schema, value);
        sink.byte(value ? 1 : 0);
      };
    case 'string':
      return stringWriter(schema, type);
    case 'bytes':
      return bytesWriter(schema, type);
    case 'array':
      return arrayWriter(schema, type, options);
    case 'map':
      return mapWriter(schema, type, options);
    case 'struct':
      if (type.kind !== 'record') throw unfit(schema, type);
      return recordWriter(schema, type, options);
    default:
      return schema.type satisfies never;
  }
}

function integerWriter(schema: Schema, bits: number, type: AvroType): AvroWrite {
  const limit = 2 ** (bits - 1);
  const isLogical = schema.name !== undefined;
  const { kind } = type;
  const isSame = kind === 'long' || (kind === 'int' && bits <= 32);
  if (!isSame && kind !== 'float' && kind !== 'double') throw unfit(schema, type);
  return (given, sink) => {
    const value = isLogical ? storedAs(schema, given) : given;
    if (typeof value === 'number') {
      if (!Number.isInteger(value)) throw mismatch(schema, value);
      if (value < -limit || value >= limit) throw outOfRange(schema);
    } else if (typeof value !== 'bigint') throw mismatch(schema, value);
    else if (BigInt.asIntN(bits, value) !== value) throw outOfRange(schema);
    if (isSame) sink.zigzag64(value);
    else if (kind === 'float') sink.float(Number(value));
    else sink.double(Number(value));
  };
}

function floatWriter(schema: Schema, type: AvroType): AvroWrite {
  const isSingle = type.kind === 'float' && schema.type === 'float32';
  if (!isSingle && type.kind !== 'double') throw unfit(schema, type);
  return (value, sink) => {
    if (typeof value !== 'number') throw mismatch(schema, value);
    if (isSingle) sink.float(value);
    else sink.double(value);
  };
}

function stringWriter(schema: Schema, type: AvroType): AvroWrite {
  if (type.kind === 'enum') {
    const positions = new Map(type.symbols.map((symbol, index) => [symbol, index]));
    return (value, sink) => {
      if (typeof value !== 'string') throw mismatch(schema, value);
      const index = positions.get(value);
      if (index === undefined) throw new DataError(`The enum ${type.name} has no such symbol`);
      sink.zigzag32(index);
    };
  }
  if (type.kind !== 'string' && type.kind !== 'bytes') throw unfit(schema, type);
  return (value, sink) => {
    if (typeof value !== 'string') throw mismatch(schema, value);
    writeText(value, sink);
  };
}

function bytesWriter(schema: Schema, type: AvroType): AvroWrite {
  const isLogical = schema.name !== undefined;
  if (type.kind !== 'bytes' && type.kind !== 'fixed') throw unfit(schema, type);
  return (given, sink) => {
    const value = isLogical ? storedAs(schema, given) : given;
    if (!(value instanceof Uint8Array)) throw mismatch(schema, value);
    if (type.kind === 'fixed') writeFixed(value, type.size, value !== given, sink);
    else writeBytes(value, sink);
  };
}

/** A decimal has as few bytes as possible: the rest repeats its sign. */
function writeFixed(bytes: Uint8Array, size: number, isDecimal: boolean, sink: ByteSink): void {
  if (bytes.length > size || (bytes.length < size && !isDecimal))
    throw new DataError(
      `${String(bytes.length)} bytes do not fit an Avro fixed of ${String(size)}`,
    );
  const sign = (bytes[0] ?? 0) > 0x7f ? 0xff : 0;
  for (let missing = size - bytes.length; missing > 0; missing -= 1) sink.byte(sign);
  sink.raw(bytes);
}

function arrayWriter(schema: Schema, type: AvroType, options: AvroOptions): AvroWrite {
  if (type.kind !== 'array' || !schema.items) throw unfit(schema, type);
  const write = avroWriter(schema.items, type.items, options);
  return (value, sink) => {
    if (!Array.isArray(value)) throw mismatch(schema, value);
    if (value.length > 0) sink.zigzag32(value.length);
    for (const one of value) write(one, sink);
    sink.byte(0);
  };
}

function mapWriter(schema: Schema, type: AvroType, options: AvroOptions): AvroWrite {
  const { keys, values } = schema;
  if (!keys || !values) throw unfit(schema, type);
  let writeKey: AvroWrite;
  let writeOne: AvroWrite;
  if (type.kind === 'map' && keys.type === 'string') {
    writeKey = requiredWriter(keys, { kind: 'string', props: {} }, options);
    writeOne = avroWriter(values, type.values, options);
  } else if (type.kind === 'array' && isMapEntry(type.items)) {
    const entry = entryFields(type.items);
    writeKey = avroWriter(keys, entry.key.type, options);
    writeOne = avroWriter(values, entry.value.type, options);
  } else throw unfit(schema, type);
  return (value, sink) => {
    if (!(value instanceof Map || isPlainObject(value))) throw mismatch(schema, value);
    const entries = [...entriesOf(value)];
    if (entries.length > 0) sink.zigzag32(entries.length);
    for (const [key, one] of entries) {
      writeKey(key, sink);
      writeOne(one, sink);
    }
    sink.byte(0);
  };
}

function recordWriter(schema: Schema, type: AvroRecord, options: AvroOptions): AvroWrite {
  const byName = new Map(
    (schema.fields ?? []).map((each): [string, SchemaField] => [
      options.scrubsNames ? scrubName(each.field) : each.field,
      each,
    ]),
  );
  const fields = type.fields.map((field) => {
    const found = byName.get(field.name);
    if (found)
      return {
        name: found.field,
        read: propertyReader(found.field),
        write: avroWriter(found.schema, field.type, options),
      };
    if (field.default === undefined)
      throw new DataError(
        `The registered schema ${type.name} has a field ${field.name} without a default, which the data does not have`,
      );
    const bytes = encodeJson(field.type, field.default);
    return {
      name: field.name,
      read: () => undefined,
      write: (_value: unknown, sink: ByteSink) => sink.raw(bytes),
    };
  });
  return (value, sink) => {
    if (!isPlainObject(value)) throw mismatch(schema, value);
    for (const { name, read, write } of fields) {
      try {
        write(read(value), sink);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        throw new DataError(`${error.message} (field ${name})`, { cause: error });
      }
    }
  };
}

function unfit(schema: Schema, type: AvroType): DataError {
  const name = 'name' in type ? ` ${splitName(type.name).name}` : '';
  return new DataError(
    `Values of a schema of type ${schema.type.toUpperCase()} cannot be written as Avro ${type.kind}${name}`,
  );
}

function mismatch(schema: Schema, value: unknown): DataError {
  return new DataError(`Invalid type for ${schema.type.toUpperCase()}: ${kindOf(value)}`);
}

function outOfRange(schema: Schema): DataError {
  return new DataError(`Invalid value for ${schema.type.toUpperCase()}: out of range`);
}
