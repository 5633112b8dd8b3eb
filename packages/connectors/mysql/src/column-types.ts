/** How each type of MySQL and MariaDB is written: Debezium's schemas, and their values. Pure. */
import { ConnectError, type Schema, schemas } from '@sluice/connector-api';
import {
  type BinaryMode,
  binaryType,
  bitsSchema,
  type DecimalMode,
  decimalType,
  enumSchema,
  jsonSchema,
  pointSchema,
  type TimePrecisionMode,
} from '@sluice/connector-capture';
import { decoderOf } from './charsets.ts';
import type { Column, RawValue } from './column.ts';
import { temporalType } from './temporal-column-types.ts';
import { asText, of, same, type ValueType } from './value-type.ts';

export interface ValueSettings {
  readonly decimals: DecimalMode;
  readonly times: TimePrecisionMode;
  readonly binary: BinaryMode;
  readonly unsignedBigints: 'long' | 'precise';
}

export const yearSchema: Schema = Object.freeze({
  type: 'int32',
  name: 'io.debezium.time.Year',
  version: 1,
});

const geometrySchema: Schema = Object.freeze({
  type: 'struct',
  name: 'io.debezium.data.geometry.Geometry',
  version: 1,
  doc: 'Geometry',
  fields: [
    { field: 'wkb', schema: schemas.bytes },
    { field: 'srid', schema: schemas.optionalInt32 },
  ],
});

/** Undefined: a type that is not supported. */
export function valueTypeOf(column: Column, settings: ValueSettings): ValueType | undefined {
  const { isUnsigned = false } = column;
  switch (column.type) {
    case 'tinyint':
      return number(schemas.int16);
    case 'smallint':
      return number(isUnsigned ? schemas.int32 : schemas.int16);
    case 'mediumint':
      return number(schemas.int32);
    case 'int':
      return number(isUnsigned ? schemas.int64 : schemas.int32);
    case 'bigint':
      return isUnsigned ? unsignedBigint(settings) : number(schemas.int64);
    case 'float':
      return number(schemas.float32);
    case 'double':
      return number(schemas.float64);
    case 'decimal':
      return of(decimalType(settings.decimals, decimalShape(column)), same, decimalText);
    case 'year':
      return number(yearSchema);
    case 'bit':
      return bits(column.length ?? 1);
    default:
      return temporalType(column, settings) ?? textType(column, settings);
  }
}

function textType(column: Column, settings: ValueSettings): ValueType | undefined {
  switch (column.type) {
    case 'char':
    case 'varchar':
    case 'tinytext':
    case 'text':
    case 'mediumtext':
    case 'longtext':
      return charactersType(schemas.string, column, '');
    case 'binary':
      return of(binaryType(settings.binary), (value) => padded(value as Buffer, column), same);
    case 'varbinary':
    case 'tinyblob':
    case 'blob':
    case 'mediumblob':
    case 'longblob':
      return of(binaryType(settings.binary), same, same);
    case 'json':
      return charactersType(jsonSchema, column, '{}');
    case 'enum':
      return enumType(column);
    case 'set':
      return setType(column);
    case 'point':
      return { schema: pointSchema, fallback: pointOf(noPoint), ofLog: pointOf, ofText: pointOf };
    case 'geometry':
    case 'linestring':
    case 'polygon':
    case 'multipoint':
    case 'multilinestring':
    case 'multipolygon':
    case 'geometrycollection':
    case 'geomcollection':
      return {
        schema: geometrySchema,
        fallback: geometryOf(noPoint),
        ofLog: geometryOf,
        ofText: geometryOf,
      };
    default:
      return undefined;
  }
}

function number(schema: Schema): ValueType {
  return { schema, fallback: 0, ofLog: same, ofText: (bytes) => numberOfText(asText(bytes)) };
}

function numberOfText(text: string): number | bigint {
  const value = Number(text);
  return Number.isSafeInteger(value) || !/^-?\d+$/.test(text) ? value : BigInt(text);
}

function unsignedBigint({ unsignedBigints }: ValueSettings): ValueType {
  if (unsignedBigints === 'precise')
    return of(decimalType('precise', { scale: 0 }), String, asText);
  // As Java's long: what is above its range comes out negative.
  const wrapped = (value: number | bigint): number | bigint =>
    typeof value === 'bigint' ? BigInt.asIntN(64, value) : value;
  return {
    schema: schemas.int64,
    fallback: 0,
    ofLog: (value) => wrapped(value as number | bigint),
    ofText: (bytes) => wrapped(numberOfText(asText(bytes))),
  };
}

/** Those of ZEROFILL have zeros before them. */
function decimalText(bytes: Buffer): string {
  return asText(bytes).replace(/^0+(?=\d)/, '');
}

function decimalShape({ precision = 10, scale = 0 }: Column): {
  precision: number;
  scale: number;
} {
  return { precision, scale };
}

function bits(length: number): ValueType {
  if (length === 1) {
    const read = (value: RawValue): boolean => (value as Buffer)[0] === 1;
    return { schema: schemas.boolean, fallback: false, ofLog: read, ofText: read };
  }
  // The lowest byte first, as Debezium.
  const turned = (value: RawValue): Buffer => Buffer.from([...(value as Buffer)].toReversed());
  return {
    schema: bitsSchema(length),
    fallback: Buffer.alloc(0),
    ofLog: turned,
    ofText: turned,
  };
}

function charactersType(
  schema: Schema,
  { charset = 'utf8mb4', name }: Column,
  fallback: string,
): ValueType {
  const decode = decoderOf(charset);
  if (!decode)
    throw new ConnectError(
      `column ${name} has the character set ${charset}, which is not supported: leave it out with column.exclude.list`,
    );
  return {
    schema,
    fallback,
    // MySQL's JSON is a text already.
    ofLog: (value) => (typeof value === 'string' ? value : decode(value as Buffer)),
    ofText: asText,
  };
}

/** The log leaves out the zeros at the end. */
function padded(bytes: Buffer, { length = bytes.length }: Column): Buffer {
  return bytes.length >= length
    ? bytes
    : Buffer.concat([bytes, Buffer.alloc(length - bytes.length)]);
}

function enumType({ labels = [] }: Column): ValueType {
  return {
    schema: enumSchema(labels),
    fallback: labels[0] ?? '',
    // 0: what a server without strict mode makes of a label that there is not.
    ofLog: (value) => labels[Number(value) - 1] ?? '',
    ofText: asText,
  };
}

function setType({ labels = [] }: Column): ValueType {
  return {
    schema: Object.freeze({
      type: 'string',
      name: 'io.debezium.data.EnumSet',
      version: 1,
      parameters: { allowed: labels.join(',') },
    }),
    fallback: '',
    ofLog: (value) =>
      labels.filter((_, place) => ((value as bigint) >> BigInt(place)) & 1n).join(','),
    ofText: asText,
  };
}

/** MySQL's own form: four bytes of the reference system, then well-known binary. */
const noPoint = Buffer.concat([Buffer.alloc(4), Buffer.from([1, 1, 0, 0, 0]), Buffer.alloc(16)]);

function geometryOf(value: RawValue): { wkb: Buffer; srid: number | null } {
  const bytes = value as Buffer;
  const srid = bytes.readUInt32LE(0);
  return { wkb: bytes.subarray(4), srid: srid === 0 ? null : srid };
}

function pointOf(value: RawValue): unknown {
  const { srid, wkb } = geometryOf(value);
  return { x: wkb.readDoubleLE(5), y: wkb.readDoubleLE(13), wkb, srid };
}
