/**
 * The event that says how the rows after it are laid out. Types, lengths and which columns may be null are in each;
 * names, signs, character sets, labels and the key only if the server has `binlog_row_metadata=FULL`.
 */
import { ByteReader, hasBit, hasHighBit } from './byte-reader.ts';

/** Types of the log, by MySQL's numbers. */
export const logTypes = {
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
  varchar: 15,
  bit: 16,
  timestamp2: 17,
  datetime2: 18,
  time2: 19,
  compressedBlob: 140,
  compressedVarchar: 141,
  vector: 242,
  json: 245,
  newdecimal: 246,
  enum: 247,
  set: 248,
  blob: 252,
  varString: 253,
  string: 254,
  geometry: 255,
} as const;

export interface LogColumn {
  readonly type: number;
  /** What the type needs to be read: a length, digits of a second, or precision × 256 + scale. */
  readonly meta: number;
  readonly isNullable: boolean;
}

/** What a table map says beyond what is needed to read rows. */
export interface LogMetadata {
  readonly names: readonly string[];
  readonly isUnsigned: readonly boolean[];
  /** Ids of collations, of columns of texts, enums and sets. */
  readonly collations: readonly (number | undefined)[];
  /** In the character set of their column. */
  readonly labels: readonly (readonly Buffer[])[];
  /** Indexes of columns. */
  readonly key: readonly number[];
}

export interface TableMap {
  readonly tableId: number;
  readonly database: string;
  readonly table: string;
  readonly columns: readonly LogColumn[];
  /** Place of the first column of a type that is not known; those after it cannot be read either. */
  readonly unknownAt: number | undefined;
  /** Undefined without `binlog_row_metadata=FULL`. */
  readonly metadata: LogMetadata | undefined;
}

const knownTypes: ReadonlySet<number> = new Set(Object.values(logTypes));

const numericTypes: ReadonlySet<number> = new Set([
  logTypes.tiny,
  logTypes.short,
  logTypes.int24,
  logTypes.long,
  logTypes.longlong,
  logTypes.newdecimal,
  logTypes.float,
  logTypes.double,
  logTypes.year,
]);

const characterTypes: ReadonlySet<number> = new Set([
  logTypes.string,
  logTypes.varString,
  logTypes.varchar,
  logTypes.blob,
  logTypes.compressedBlob,
  logTypes.compressedVarchar,
  // It is stored as a blob, and so has the character set of bytes.
  logTypes.geometry,
]);

export function readTableMap(reader: ByteReader): TableMap {
  const tableId = reader.unsigned(6);
  reader.skip(2);
  const database = reader.text(reader.unsigned(1));
  reader.skip(1);
  const table = reader.text(reader.unsigned(1));
  reader.skip(1);
  const count = reader.lengthEncoded();
  const types = reader.take(count);
  const metaEnd = reader.lengthEncoded() + reader.at;
  const unknownAt = types.findIndex((type) => !knownTypes.has(type));
  // Nobody can tell how much the metadata of an unknown type is, and where that of the next one begins.
  const typed = Array.from(types, (type, index) =>
    unknownAt < 0 || index < unknownAt ? typeAndMeta(type, reader) : { type, meta: 0 },
  );
  reader.at = metaEnd;
  const nullable = reader.take(Math.ceil(count / 8));
  const columns = typed.map((each, index) => ({ ...each, isNullable: hasBit(nullable, index) }));
  return {
    tableId,
    database,
    table,
    columns,
    unknownAt: unknownAt < 0 ? undefined : unknownAt,
    metadata: readMetadata(reader, columns),
  };
}

function typeAndMeta(type: number, reader: ByteReader): { type: number; meta: number } {
  switch (type) {
    case logTypes.float:
    case logTypes.double:
    case logTypes.blob:
    case logTypes.geometry:
    case logTypes.json:
    case logTypes.vector:
    case logTypes.time2:
    case logTypes.datetime2:
    case logTypes.timestamp2:
    case logTypes.compressedBlob:
      return { type, meta: reader.unsigned(1) };
    case logTypes.varchar:
    case logTypes.varString:
    case logTypes.compressedVarchar:
      return { type, meta: reader.unsigned(2) };
    case logTypes.bit: {
      const bits = reader.unsigned(1);
      return { type, meta: reader.unsigned(1) * 8 + bits };
    }
    case logTypes.newdecimal:
      return { type, meta: reader.unsignedBig(2) };
    case logTypes.enum:
    case logTypes.set:
    case logTypes.string:
      return stringMeta(reader.unsigned(1), reader.unsigned(1));
    default:
      return { type, meta: 0 };
  }
}

/** Of lengths above 255 two bits are in the type. */
function stringMeta(realType: number, length: number): { type: number; meta: number } {
  if (realType === logTypes.enum || realType === logTypes.set)
    return { type: realType, meta: length };
  const isLong = (realType & 0x30) !== 0x30;
  return isLong
    ? { type: realType | 0x30, meta: length | (((realType & 0x30) ^ 0x30) << 4) }
    : { type: realType, meta: length };
}

interface RawMetadata {
  signs?: Buffer;
  defaultCollations?: Buffer;
  collations?: Buffer;
  enumDefaultCollations?: Buffer;
  enumCollations?: Buffer;
  names?: string[];
  setLabels?: Buffer[][];
  enumLabels?: Buffer[][];
  key: number[];
}

function readMetadata(reader: ByteReader, columns: readonly LogColumn[]): LogMetadata | undefined {
  const raw: RawMetadata = { key: [] };
  while (reader.left > 0) {
    const kind = reader.unsigned(1);
    const end = reader.lengthEncoded() + reader.at;
    readField(kind, reader, end, raw);
    reader.at = end;
  }
  if (raw.names?.length !== columns.length) return undefined;
  const numbers = placesOf(columns, ({ type }) => numericTypes.has(type));
  const collations = new Map([
    ...collationsOf(
      placesOf(columns, ({ type }) => characterTypes.has(type)),
      raw.defaultCollations,
      raw.collations,
    ),
    ...collationsOf(
      placesOf(columns, ({ type }) => type === logTypes.enum || type === logTypes.set),
      raw.enumDefaultCollations,
      raw.enumCollations,
    ),
  ]);
  const enums = placesOf(columns, ({ type }) => type === logTypes.enum);
  const sets = placesOf(columns, ({ type }) => type === logTypes.set);
  return {
    names: raw.names,
    isUnsigned: columns.map((_, index) => {
      const place = numbers.indexOf(index);
      return place >= 0 && raw.signs !== undefined && hasHighBit(raw.signs, place);
    }),
    collations: columns.map((_, index) => collations.get(index)),
    labels: columns.map(
      (_, index) =>
        raw.enumLabels?.[enums.indexOf(index)] ?? raw.setLabels?.[sets.indexOf(index)] ?? [],
    ),
    key: raw.key,
  };
}

function readField(kind: number, reader: ByteReader, end: number, raw: RawMetadata): void {
  const bytes = (): Buffer => reader.take(end - reader.at);
  switch (kind) {
    case 1:
      raw.signs = bytes();
      break;
    case 2:
      raw.defaultCollations = bytes();
      break;
    case 3:
      raw.collations = bytes();
      break;
    case 4:
      raw.names = texts(reader, end);
      break;
    case 5:
      raw.setLabels = labelLists(reader, end);
      break;
    case 6:
      raw.enumLabels = labelLists(reader, end);
      break;
    case 8:
      while (reader.at < end) raw.key.push(reader.lengthEncoded());
      break;
    case 9:
      while (reader.at < end) {
        raw.key.push(reader.lengthEncoded());
        // Length of the prefix.
        reader.lengthEncoded();
      }
      break;
    case 10:
      raw.enumDefaultCollations = bytes();
      break;
    case 11:
      raw.enumCollations = bytes();
      break;
    default:
  }
}

function placesOf(
  columns: readonly LogColumn[],
  isOne: (column: LogColumn) => boolean,
): readonly number[] {
  return columns.flatMap((column, index) => (isOne(column) ? [index] : []));
}

/** Either a default and those that differ from it, or one for each. */
function collationsOf(
  places: readonly number[],
  defaults: Buffer | undefined,
  each: Buffer | undefined,
): [index: number, collation: number][] {
  if (defaults) {
    const numbers = numbersOf(defaults);
    const differing = new Map<number, number>();
    for (let at = 1; at + 1 < numbers.length; at += 2)
      differing.set(numbers[at] ?? 0, numbers[at + 1] ?? 0);
    return places.map((index, place) => [index, differing.get(place) ?? numbers[0] ?? 0]);
  }
  if (!each) return [];
  const numbers = numbersOf(each);
  return places.map((index, place) => [index, numbers[place] ?? 0]);
}

function numbersOf(bytes: Buffer): number[] {
  const reader = new ByteReader(bytes);
  const numbers: number[] = [];
  while (reader.left > 0) numbers.push(reader.lengthEncoded());
  return numbers;
}

function texts(reader: ByteReader, end: number): string[] {
  const all: string[] = [];
  while (reader.at < end) all.push(reader.lengthEncodedText());
  return all;
}

function labelLists(reader: ByteReader, end: number): Buffer[][] {
  const lists: Buffer[][] = [];
  while (reader.at < end)
    lists.push(
      Array.from({ length: reader.lengthEncoded() }, () => reader.take(reader.lengthEncoded())),
    );
  return lists;
}
