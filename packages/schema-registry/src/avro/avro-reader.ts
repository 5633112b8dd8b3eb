/** Reads Avro data into values of the Connect schema that `fromAvro` makes of the type. */
import { DataError, type Schema } from '@sluice/connector-api';
import { objectMaker } from '@sluice/connector-api/data-values';
import type { ByteSource } from '../wire/byte-source.ts';
import { isAnything, readAnything } from './anything.ts';
import { readBlocks, readBytes, readText } from './avro-bytes.ts';
import { fromStored } from './avro-defaults.ts';
import type { AvroOptions } from './avro-options.ts';
import {
  type AvroArray,
  type AvroRecord,
  type AvroType,
  type AvroUnion,
  bytesMinOf,
  isMapEntry,
} from './avro-type.ts';
import { entryFields, memberName, singleTypeOf } from './from-avro.ts';

/** @throws DataError when the bytes are none of the type */
export type AvroRead = (source: ByteSource) => unknown;

/** `schema` is what `fromAvro` has made of the type with the same options. */
export function avroReader(
  type: AvroType,
  schema: Schema | undefined,
  options: AvroOptions,
): AvroRead {
  if (!schema) {
    if (isAnything(type)) return readAnything;
    throw new DataError('An Avro type without a schema has no values');
  }
  switch (type.kind) {
    case 'null':
      return () => null;
    case 'boolean':
      return (source) => source.byte() !== 0;
    case 'int':
      return integerReader(schema, (source) => source.zigzag32());
    case 'long':
      return integerReader(schema, (source) => source.zigzag64());
    case 'float':
      return (source) => source.float();
    case 'double':
      return (source) => source.double();
    case 'bytes':
      return bytesReader(schema, readBytes);
    case 'fixed':
      return bytesReader(schema, (source) => Buffer.from(source.raw(type.size)));
    case 'string':
      return readText;
    case 'enum':
      return (source) => {
        const symbol = type.symbols[source.zigzag32()];
        if (symbol === undefined) throw invalid(`the enum ${type.name} has no such symbol`);
        return symbol;
      };
    case 'array':
      return arrayReader(type, schema, options);
    case 'map': {
      const read = avroReader(type.values, schema.values, options);
      const bytesMin = 1 + bytesMinOf(type.values);
      return (source) =>
        Object.fromEntries(
          readBlocks(source, bytesMin, (each) => [readText(each), read(each)] as const),
        );
    }
    case 'record':
      return recordReader(type, schema, options);
    case 'union':
      return unionReader(type, schema, options);
    default:
      return type satisfies never;
  }
}

const integerBits: Readonly<Record<string, number>> = { int8: 8, int16: 16 };

function integerReader(schema: Schema, read: (source: ByteSource) => number | bigint): AvroRead {
  const bits = integerBits[schema.type];
  if (bits !== undefined) {
    const limit = 2 ** (bits - 1);
    return (source) => {
      const value = read(source);
      if (value < -limit || value >= limit)
        throw invalid(`a number out of the range of ${schema.type.toUpperCase()}`);
      return value;
    };
  }
  return schema.name === undefined ? read : (source) => fromStored(schema, read(source));
}

function bytesReader(schema: Schema, read: (source: ByteSource) => Buffer): AvroRead {
  return schema.name === undefined ? read : (source) => fromStored(schema, read(source));
}

function arrayReader({ items }: AvroArray, schema: Schema, options: AvroOptions): AvroRead {
  const bytesMin = bytesMinOf(items);
  if (!isMapEntry(items)) {
    const read = avroReader(items, schema.items, options);
    return (source) => readBlocks(source, bytesMin, read);
  }
  const { key, value } = entryFields(items);
  const readKey = avroReader(key.type, schema.keys, options);
  const readOne = avroReader(value.type, schema.values, options);
  const isKeyFirst = items.fields[0] === key;
  const readEntry = (source: ByteSource): [unknown, unknown] => {
    if (isKeyFirst) return [readKey(source), readOne(source)];
    const one = readOne(source);
    return [readKey(source), one];
  };
  const isObject = schema.keys?.type === 'string';
  return (source) => {
    const entries = readBlocks(source, bytesMin, readEntry);
    return isObject
      ? Object.fromEntries(entries.map(([name, one]) => [String(name), one]))
      : new Map(entries);
  };
}

function recordReader(type: AvroRecord, schema: Schema, options: AvroOptions): AvroRead {
  const reads = type.fields.map((field, index) =>
    avroReader(field.type, schema.fields?.[index]?.schema, options),
  );
  const make = objectMaker(type.fields.map(({ name }) => name));
  return (source) => {
    const values: unknown[] = [];
    for (const read of reads) values.push(read(source));
    return make(values);
  };
}

function unionReader(union: AvroUnion, schema: Schema, options: AvroOptions): AvroRead {
  const { types } = union;
  const single = singleTypeOf(union, options);
  if (single) {
    const read = avroReader(single.type, schema, options);
    const reads = types.map(({ kind }) => (kind === 'null' ? () => null : read));
    return (source) => branchOf(source, reads)(source);
  }
  const names = types.map((type) => memberName(type, options));
  const fields = (schema.fields ?? []).map(({ field }) => field);
  const make = objectMaker(fields);
  const reads = types.map((type, index): AvroRead => {
    if (type.kind === 'null') return () => null;
    const at = fields.indexOf(names[index] ?? '');
    const read = avroReader(type, schema.fields?.[at]?.schema, options);
    return (source) => {
      const one = read(source);
      return make(fields.map((_field, position) => (position === at ? one : null)));
    };
  });
  return (source) => branchOf(source, reads)(source);
}

function branchOf(source: ByteSource, reads: readonly AvroRead[]): AvroRead {
  const index = source.zigzag32();
  const read = reads[index];
  if (!read) throw invalid(`no type ${String(index)} in a union`);
  return read;
}

function invalid(reason: string): DataError {
  return new DataError(`Invalid Avro data: ${reason}`);
}
