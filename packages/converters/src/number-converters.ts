/**
 * Kafka Connect's converters of one primitive type: big-endian numbers of a fixed size, and one byte for a
 * boolean. What they read has the optional schema of the type.
 */
import {
  type BytesBatch,
  type ConvertedBytes,
  type ConvertedData,
  type Converter,
  type DataBatch,
  DataError,
  type Schema,
  schemas,
} from '@sluice/connector-api';
import { exactInteger, kindOf } from '@sluice/connector-api/data-values';
import { asBuffer, convertFromBytes, convertToBytes } from './batch.ts';

interface Primitive {
  /** In Kafka Connect's messages. */
  readonly name: string;
  /** Kafka's class that reads it, in messages. */
  readonly deserializer: string;
  readonly schema: Schema;
  readonly size: number;
  readonly fits: (value: unknown) => boolean;
  readonly write: (bytes: Buffer, value: never) => void;
  readonly read: (bytes: Buffer) => unknown;
}

class PrimitiveConverter implements Converter {
  readonly #primitive: Primitive;

  constructor(primitive: Primitive) {
    this.#primitive = primitive;
  }

  toBytes({ values, schemas: given }: DataBatch): ConvertedBytes {
    const { name, size, fits, write, schema } = this.#primitive;
    return convertToBytes(values, given, (of, value) => {
      if (schema.type === 'boolean' && of && of.type !== 'boolean')
        throw new DataError(`Invalid schema type for BooleanConverter: ${of.type.toUpperCase()}`);
      if (value === null || value === undefined) return null;
      if (!fits(value)) throw new DataError(misfit(name, value));
      const bytes = Buffer.allocUnsafe(size);
      write(bytes, value as never);
      return bytes;
    });
  }

  fromBytes({ bytes }: BytesBatch): ConvertedData {
    const { name, size, schema, read, deserializer } = this.#primitive;
    return convertFromBytes(bytes, (one) => {
      if (one === null) return { schema, value: null };
      if (one.length !== size)
        throw new DataError(
          `Failed to deserialize ${name}: Size of data received by ${deserializer} is not ${String(size)}`,
        );
      return { schema, value: read(asBuffer(one)) };
    });
  }
}

function misfit(name: string, value: unknown): string {
  return name === 'boolean'
    ? `BooleanConverter is not compatible with objects of type ${kindOf(value)}`
    : `Failed to serialize to ${name} (was ${kindOf(value)})`;
}

function isInteger(bits: number): (value: unknown) => boolean {
  const limit = 2 ** (bits - 1);
  return (value) =>
    typeof value === 'bigint'
      ? BigInt.asIntN(bits, value) === value
      : typeof value === 'number' && Number.isInteger(value) && value >= -limit && value < limit;
}

const isNumber = (value: unknown): boolean => typeof value === 'number';

const short: Primitive = {
  name: 'short',
  deserializer: 'ShortDeserializer',
  schema: schemas.optionalInt16,
  size: 2,
  fits: isInteger(16),
  write: (bytes, value: number | bigint) => bytes.writeInt16BE(Number(value)),
  read: (bytes) => bytes.readInt16BE(),
};

const integer: Primitive = {
  name: 'integer',
  deserializer: 'IntegerDeserializer',
  schema: schemas.optionalInt32,
  size: 4,
  fits: isInteger(32),
  write: (bytes, value: number | bigint) => bytes.writeInt32BE(Number(value)),
  read: (bytes) => bytes.readInt32BE(),
};

const long: Primitive = {
  name: 'long',
  deserializer: 'LongDeserializer',
  schema: schemas.optionalInt64,
  size: 8,
  fits: isInteger(64),
  write: (bytes, value: number | bigint) => bytes.writeBigInt64BE(BigInt(value)),
  read: (bytes) => exactInteger(bytes.readBigInt64BE()),
};

/** Java has one way to write what is no number. */
const float: Primitive = {
  name: 'float',
  deserializer: 'Deserializer',
  schema: schemas.optionalFloat32,
  size: 4,
  fits: isNumber,
  write: (bytes, value: number) =>
    Number.isNaN(value) ? bytes.writeUInt32BE(0x7fc00000) : bytes.writeFloatBE(value),
  read: (bytes) => bytes.readFloatBE(),
};

const double: Primitive = {
  name: 'double',
  deserializer: 'DoubleDeserializer',
  schema: schemas.optionalFloat64,
  size: 8,
  fits: isNumber,
  write: (bytes, value: number) =>
    Number.isNaN(value) ? bytes.writeBigUInt64BE(0x7ff8000000000000n) : bytes.writeDoubleBE(value),
  read: (bytes) => bytes.readDoubleBE(),
};

const bool: Primitive = {
  name: 'boolean',
  deserializer: 'BooleanDeserializer',
  schema: schemas.optionalBoolean,
  size: 1,
  fits: (value) => typeof value === 'boolean',
  write: (bytes, value: boolean) => bytes.writeUInt8(value ? 1 : 0),
  read: (bytes) => {
    const byte = bytes.readUInt8();
    if (byte > 1)
      throw new DataError(
        `Failed to deserialize boolean: Unexpected byte received by BooleanDeserializer: ${String(bytes.readInt8())}`,
      );
    return byte === 1;
  },
};

/** Converters by Kafka Connect's class names in `org.apache.kafka.connect.converters`. */
export const primitiveConverters: Readonly<Record<string, () => Converter>> = {
  ShortConverter: () => new PrimitiveConverter(short),
  IntegerConverter: () => new PrimitiveConverter(integer),
  LongConverter: () => new PrimitiveConverter(long),
  FloatConverter: () => new PrimitiveConverter(float),
  DoubleConverter: () => new PrimitiveConverter(double),
  BooleanConverter: () => new PrimitiveConverter(bool),
};
