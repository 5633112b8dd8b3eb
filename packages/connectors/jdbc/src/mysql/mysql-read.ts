/**
 * MySQL's and MariaDB's values as Kafka Connect's, from the texts of the protocol. Enums, sets and JSON are texts;
 * bits and geometry are bytes, as the server stores them.
 */
import {
  DataError,
  dateSchema,
  decimalSchema,
  optionalSchema,
  type Schema,
  schemas,
  timeOfMs,
  timeSchema,
} from '@sluice/connector-api';
import type { FieldPacket } from 'mysql2';
import type { ReadColumn, ReadOptions } from '../dialect.ts';
import { numericReader, readInteger } from '../source/numeric-mapping.ts';
import { timestampReader } from '../source/timestamp-granularity.ts';
import { parseInstant } from '../time-zone.ts';

interface CellReader {
  readonly schema: Schema;
  readonly read: (cell: string | Buffer) => unknown;
}

const types = {
  decimal: 0,
  tiny: 1,
  short: 2,
  long: 3,
  float: 4,
  double: 5,
  timestamp: 7,
  longlong: 8,
  int24: 9,
  date: 10,
  time: 11,
  datetime: 12,
  year: 13,
  bit: 16,
  json: 245,
  newdecimal: 246,
  geometry: 255,
} as const;

const flagNotNull = 1;
const flagUnsigned = 32;
/** The character set of what is no text. */
const binarySet = 63;

export function describeColumns(
  fields: readonly FieldPacket[],
  options: ReadOptions,
): ReadColumn[] {
  return fields.map((field) => {
    const type = field.columnType ?? field.type ?? types.json;
    const zone = type === types.timestamp ? 'UTC' : options.zone;
    const { read, schema } = cellReader(field, type, { ...options, zone });
    const known = options.info?.columns.find(({ name }) => name === field.name);
    const isRequired = known ? !known.isNullable : (Number(field.flags) & flagNotNull) !== 0;
    return {
      name: field.name,
      schema: isRequired ? schema : optionalSchema(schema),
      value: (cell) => named(field.name, () => read(cell)),
      instant: (cell) => named(field.name, () => parseInstant(textOf(cell), zone)),
    };
  });
}

function cellReader(field: FieldPacket, type: number, options: ReadOptions): CellReader {
  const isUnsigned = (Number(field.flags) & flagUnsigned) !== 0;
  switch (type) {
    case types.tiny:
      return numberOf(isUnsigned ? schemas.int16 : schemas.int8);
    case types.short:
      return numberOf(isUnsigned ? schemas.int32 : schemas.int16);
    case types.year:
      return numberOf(schemas.int16);
    case types.int24:
      return numberOf(schemas.int32);
    case types.long:
      return numberOf(isUnsigned ? schemas.int64 : schemas.int32);
    case types.longlong:
      return isUnsigned
        ? ofText(numericReader({ precision: 20, scale: 0 }, options.numericMapping, decimalSchema))
        : { schema: schemas.int64, read: (cell) => readInteger(textOf(cell)) };
    case types.float:
      return {
        schema: schemas.float32,
        read: (cell) => Math.fround(Number(textOf(cell))),
      };
    case types.double:
      return isFloat(field.name, options)
        ? { schema: schemas.float32, read: (cell) => Math.fround(Number(textOf(cell))) }
        : numberOf(schemas.float64);
    case types.decimal:
    case types.newdecimal:
      return ofText(
        numericReader(decimalType(field, isUnsigned), options.numericMapping, decimalSchema),
      );
    case types.date:
      return {
        schema: dateSchema,
        read: (cell) => new Date(parseInstant(textOf(cell), 'UTC').ms),
      };
    case types.time:
      return { schema: timeSchema, read: (cell) => readTime(textOf(cell)) };
    case types.timestamp:
    case types.datetime:
      return ofText(timestampReader(options));
    case types.bit:
      return field.length === 1 || columnLength(field) === 1
        ? { schema: schemas.int8, read: (cell) => bytesOf(cell)[0] ?? 0 }
        : { schema: schemas.bytes, read: bytesOf };
    case types.geometry:
      return { schema: schemas.bytes, read: bytesOf };
    default:
      return type !== types.json && characterSet(field) === binarySet
        ? { schema: schemas.bytes, read: bytesOf }
        : { schema: schemas.string, read: textOf };
  }
}

/** A FLOAT is selected as a DOUBLE: as a text it would have six digits only. */
function isFloat(name: string, { info }: ReadOptions): boolean {
  return info?.columns.some((column) => column.name === name && column.type === 'float') ?? false;
}

function decimalType(field: FieldPacket, isUnsigned: boolean) {
  const scale = field.decimals ?? 0;
  const length = columnLength(field);
  return { precision: length - (scale > 0 ? 1 : 0) - (isUnsigned ? 0 : 1), scale };
}

/** The driver's types say less than its fields have. */
interface FieldDetails {
  readonly columnLength?: number;
  readonly characterSet?: number;
}

function columnLength(field: FieldPacket): number {
  return (field as FieldDetails).columnLength ?? 0;
}

function characterSet(field: FieldPacket): number | undefined {
  return (field as FieldDetails).characterSet;
}

function numberOf(schema: Schema): CellReader {
  return {
    schema,
    read: (cell) => (schema.type === 'int64' ? readInteger(textOf(cell)) : Number(textOf(cell))),
  };
}

function ofText(reader: { schema: Schema; read: (text: string) => unknown }): CellReader {
  return { schema: reader.schema, read: (cell) => reader.read(textOf(cell)) };
}

function textOf(cell: string | Buffer): string {
  return typeof cell === 'string' ? cell : cell.toString('utf8');
}

function bytesOf(cell: string | Buffer): Buffer {
  return typeof cell === 'string' ? Buffer.from(cell) : cell;
}

/** A TIME may be a span of 34 days, also a negative one. */
function readTime(text: string): Date {
  const [, hours, minutes, seconds, fraction = ''] =
    /^(\d+):(\d\d):(\d\d)(?:\.(\d+))?$/.exec(text) ?? [];
  const ms =
    (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000 +
    Number(fraction.padEnd(3, '0').slice(0, 3));
  if (!(ms <= 86_400_000)) throw new DataError('a time beyond a day');
  return timeOfMs(ms);
}

function named<Value>(column: string, read: () => Value): Value {
  try {
    return read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new DataError(
      `Column ${column} has ${reason}. Read it as text: "query" with CAST(${column} AS CHAR), or leave the row out`,
      { cause },
    );
  }
}
