/**
 * Writes values of a Connect schema as a Protobuf message has them: compiled once into functions that write straight
 * into the record's bytes. Fields are found by name.
 */
import { DataError, logicalTypeOf, type Schema } from '@sluice/connector-api';
import {
  entriesOf,
  isNullish,
  isPlainObject,
  kindOf,
  propertyReader,
} from '@sluice/connector-api/data-values';
import type { ByteSink } from '../wire/byte-sink.ts';
import { writeLogical } from './known-messages.ts';
import { fieldNameOf, isEnumSchema, isUnionStruct, scalarKindOf } from './proto-kinds.ts';
import {
  isMapField,
  type ProtoEnum,
  type ProtoField,
  type ProtoMessage,
  type ScalarKind,
  wrappedKinds,
} from './proto-model.ts';
import { type ProtobufOptions, wellKnown } from './proto-options.ts';
import { isZero, scalarWriter, wireTypeOf, wireTypes, writeTag } from './proto-wire.ts';

/** @throws DataError when the value does not fit */
export type ProtoWrite = (value: unknown, sink: ByteSink) => void;

/** What is in a message of a struct. @throws DataError when the message cannot stand for the schema */
export function messageWriter(
  schema: Schema,
  message: ProtoMessage,
  options: ProtobufOptions,
): ProtoWrite {
  const byName = new Map(message.fields.map((field) => [field.name, field]));
  const fields = (schema.fields ?? []).map(({ field, schema: of }) => {
    const write = isUnionStruct(of)
      ? unionWriter(of, byName, options)
      : fieldWriter(of, fieldNamed(field, byName, options), options);
    const fallback = of.optional && options.keepsNulls ? undefined : (of.default ?? undefined);
    return { field, read: propertyReader(field), write, fallback };
  });
  return (value, sink) => {
    if (!isPlainObject(value)) throw mismatch(schema, value);
    for (const { field, read, write, fallback } of fields) {
      const one = read(value) ?? fallback;
      // What is missing is not written, whether it is required or not.
      if (isNullish(one)) continue;
      try {
        write(one, sink);
      } catch (error) {
        if (!(error instanceof DataError)) throw error;
        throw new DataError(`${error.message} (field ${field})`, { cause: error });
      }
    }
  };
}

function fieldNamed(
  name: string,
  byName: ReadonlyMap<string, ProtoField>,
  options: ProtobufOptions,
): ProtoField {
  const found = byName.get(fieldNameOf(name, options));
  if (found) return found;
  throw new DataError(`Cannot find field with name ${name} in the registered schema`);
}

function unionWriter(
  schema: Schema,
  byName: ReadonlyMap<string, ProtoField>,
  options: ProtobufOptions,
): ProtoWrite {
  const members = (schema.fields ?? []).map(({ field, schema: of }) => ({
    read: propertyReader(field),
    write: fieldWriter(of, fieldNamed(field, byName, options), options),
  }));
  return (value, sink) => {
    if (!isPlainObject(value)) throw mismatch(schema, value);
    for (const { read, write } of members) {
      const one = read(value);
      if (isNullish(one)) continue;
      write(one, sink);
      return;
    }
    throw new DataError('Cannot find non-null field');
  };
}

/** Writes a value, which is not null, with its tag. */
function fieldWriter(schema: Schema, field: ProtoField, options: ProtobufOptions): ProtoWrite {
  if (schema.type === 'map') return mapWriter(schema, field, options);
  if (schema.type === 'array') return arrayWriter(schema, field, options);
  if (field.isRepeated) throw unfit(schema, field);
  const { type, number } = field;
  if (type.kind === 'message') return lengthWriter(number, contentWriter(schema, field, options));
  const { kind, write, check } = plainWriter(schema, field);
  const wireType = wireTypeOf(kind);
  // The zero of the type stands for nothing, unless what is absent is something else.
  const omitsZero = !field.isOptional && !field.isRequired && field.oneof === undefined;
  return (given, sink) => {
    const value = check(given);
    if (omitsZero && isZero(kind, value)) return;
    writeTag(number, wireType, sink);
    write(value, sink);
  };
}

function lengthWriter(number: number, write: ProtoWrite): ProtoWrite {
  return (value, sink) => {
    writeTag(number, wireTypes.length, sink);
    const start = sink.length;
    write(value, sink);
    sink.insertLength(start);
  };
}

interface PlainWriter {
  readonly kind: ScalarKind;
  readonly write: ProtoWrite;
  /** The value as its kind has it. @throws DataError */
  readonly check: (value: unknown) => unknown;
}

function plainWriter(schema: Schema, field: ProtoField): PlainWriter {
  const { type } = field;
  if (type.kind === 'enum') {
    return { kind: 'int32', write: scalarWriter('int32'), check: enumCheck(schema, type.of) };
  }
  if (type.kind === 'message' || logicalTypeOf(schema) !== undefined) throw unfit(schema, field);
  return {
    kind: type.kind,
    write: scalarWriter(type.kind),
    check: scalarCheck(schema, type.kind, field),
  };
}

function enumCheck(schema: Schema, { name, values }: ProtoEnum): (value: unknown) => unknown {
  if (!isEnumSchema(schema) && schema.type !== 'string')
    throw new DataError(`Values of type ${schema.type.toUpperCase()} are none of the enum ${name}`);
  const numbers = new Map(values.map((value) => [value.name, value.number]));
  return (value) => {
    if (typeof value !== 'string') throw mismatch(schema, value);
    const number = numbers.get(value);
    if (number === undefined) throw new DataError(`The enum ${name} has no such value`);
    return number;
  };
}

const integerBits: Readonly<Partial<Record<Schema['type'], number>>> = {
  int8: 8,
  int16: 16,
  int32: 32,
  int64: 64,
};

function scalarCheck(
  schema: Schema,
  kind: ScalarKind,
  field: ProtoField,
): (value: unknown) => unknown {
  const bits = integerBits[schema.type];
  const isInteger = /int|fixed/.test(kind);
  const fits =
    bits === undefined
      ? scalarKindOf(schema) === kind || (kind === 'double' && schema.type === 'float32')
      : isInteger && (bits <= 32 || /64|uint32|^fixed32/.test(kind));
  if (!fits) throw unfit(schema, field);
  if (bits === undefined) return (value) => value;
  const isUnsigned32 = kind === 'uint32' || kind === 'fixed32';
  const [min, max] = isUnsigned32 ? [0, 2 ** 32] : [-(2 ** (bits - 1)), 2 ** (bits - 1)];
  return (value) => {
    if (typeof value === 'number' ? !Number.isInteger(value) : typeof value !== 'bigint')
      throw mismatch(schema, value);
    const number = value as number | bigint;
    if (number < min || number >= max)
      throw new DataError(`Invalid value for ${schema.type.toUpperCase()}: out of range`);
    return value;
  };
}

/** What is in the message that a value of the schema is. */
function contentWriter(schema: Schema, field: ProtoField, options: ProtobufOptions): ProtoWrite {
  const { type } = field;
  if (type.kind !== 'message') throw unfit(schema, field);
  const logical = logicalTypeOf(schema);
  if (logical !== undefined) {
    if (type.of.fullName !== messageOfLogical[logical]) throw unfit(schema, field);
    return (value, sink) => writeLogical(logical, value, sink);
  }
  if (schema.type === 'struct') return messageWriter(schema, type.of, options);
  const wrapped = wrappedKinds.get(type.of.fullName);
  if (wrapped === undefined) throw unfit(schema, field);
  return wrappedWriter(schema, wrapped);
}

const messageOfLogical = {
  Decimal: wellKnown.decimal,
  Date: wellKnown.date,
  Time: wellKnown.time,
  Timestamp: wellKnown.timestamp,
} as const;

/** What is in a wrapper message. */
export function wrappedWriter(schema: Schema, kind: ScalarKind): ProtoWrite {
  const field: ProtoField = {
    name: 'value',
    number: 1,
    type: { kind },
    isRepeated: false,
    isPacked: false,
    isOptional: false,
    isRequired: false,
    params: {},
  };
  const { write, check } = plainWriter(schema, field);
  return (given, sink) => {
    const value = check(given);
    if (isZero(kind, value)) return;
    writeTag(1, wireTypeOf(kind), sink);
    write(value, sink);
  };
}

function arrayWriter(schema: Schema, field: ProtoField, options: ProtobufOptions): ProtoWrite {
  const { items } = schema;
  if (!items || !field.isRepeated) throw unfit(schema, field);
  const { number } = field;
  const list = (value: unknown): readonly unknown[] => {
    if (!Array.isArray(value)) throw mismatch(schema, value);
    if (value.some(isNullish)) throw new DataError('Protobuf has no null in an array');
    return value;
  };
  if (field.type.kind === 'message') {
    const write = lengthWriter(number, contentWriter(items, field, options));
    return (value, sink) => {
      for (const one of list(value)) write(one, sink);
    };
  }
  const { kind, write, check } = plainWriter(items, field);
  if (!field.isPacked) {
    const wireType = wireTypeOf(kind);
    return (value, sink) => {
      for (const one of list(value)) {
        writeTag(number, wireType, sink);
        write(check(one), sink);
      }
    };
  }
  const writeAll = lengthWriter(number, (elements, sink) => {
    for (const one of elements as readonly unknown[]) write(check(one), sink);
  });
  return (value, sink) => {
    const elements = list(value);
    if (elements.length > 0) writeAll(elements, sink);
  };
}

function mapWriter(schema: Schema, field: ProtoField, options: ProtobufOptions): ProtoWrite {
  const { keys, values } = schema;
  if (!keys || !values || !isMapField(field) || field.type.kind !== 'message')
    throw unfit(schema, field);
  const [keyField, valueField] = field.type.of.fields;
  if (!keyField || !valueField) throw unfit(schema, field);
  const writeKey = fieldWriter(keys, keyField, options);
  const writeOne = fieldWriter(values, valueField, options);
  const writeEntry = lengthWriter(field.number, (entry, sink) => {
    const [key, one] = entry as readonly [unknown, unknown];
    if (!isNullish(key)) writeKey(key, sink);
    if (!isNullish(one)) writeOne(one, sink);
  });
  return (value, sink) => {
    if (!(value instanceof Map || isPlainObject(value))) throw mismatch(schema, value);
    for (const entry of entriesOf(value)) writeEntry(entry, sink);
  };
}

function unfit(schema: Schema, { name, type }: ProtoField): DataError {
  const of = type.kind === 'message' || type.kind === 'enum' ? type.of.fullName : type.kind;
  return new DataError(
    `Values of a schema of type ${schema.type.toUpperCase()} cannot be written as the Protobuf field ${name} of type ${of}`,
  );
}

function mismatch(schema: Schema, value: unknown): DataError {
  return new DataError(`Invalid type for ${schema.type.toUpperCase()}: ${kindOf(value)}`);
}
