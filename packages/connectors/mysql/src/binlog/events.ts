/**
 * The events of the binary log that matter here, of MySQL and MariaDB, from the bytes that the server sends. What is
 * passed over is known to be harmless: an event of another type may be a change, so it ends the task, as on a replica.
 */
import { inflateSync } from 'node:zlib';
import { ConnectError } from '@sluice/connector-api';
import { type Charsets, statementText } from '../charsets.ts';
import { ByteReader } from './byte-reader.ts';
import { readTableMap, type TableMap } from './table-map.ts';

export interface EventHeader {
  /** Seconds since 1970, of the statement. */
  readonly seconds: number;
  readonly type: number;
  readonly serverId: number;
  readonly size: number;
  /** Position after the event, of which the log keeps 32 bits; 0 for what the server made up for this stream. */
  readonly endPosition: number;
  readonly flags: number;
}

export type RowOperation = 'c' | 'u' | 'd';

export type LogEvent =
  | { readonly kind: 'rotate'; readonly file: string; readonly position: number }
  | { readonly kind: 'format'; readonly hasChecksum: boolean }
  /** Begins a transaction; `isAlone`: one statement, after which nothing is committed. */
  | { readonly kind: 'gtid'; readonly gtid: string | undefined; readonly isAlone: boolean }
  | { readonly kind: 'query'; readonly database: string; readonly sql: string }
  | { readonly kind: 'commit' }
  | { readonly kind: 'table'; readonly map: TableMap; readonly body: Buffer }
  | {
      readonly kind: 'rows';
      readonly op: RowOperation;
      readonly tableId: number;
      readonly columnCount: number;
      /** Which columns are in the rows, before and after. */
      readonly present: readonly Buffer[];
      readonly rows: Buffer;
    }
  | { readonly kind: 'heartbeat' }
  | { readonly kind: 'other' };

const headerSize = 19;
const checksumSize = 4;
/** Which file was loaded, and how. */
const executeLoadHeaderSize = 13;
/** Most that a compressed event may have unpacked. */
const unpackedBytesMax = 1024 * 1024 * 1024;

export const eventTypes = {
  query: 2,
  rotate: 4,
  format: 15,
  xid: 16,
  executeLoad: 18,
  tableMap: 19,
  incident: 26,
  heartbeat: 27,
  gtid: 33,
  anonymousGtid: 34,
  xaPrepare: 38,
  partialUpdate: 39,
  transactionPayload: 40,
  heartbeatOfLongPosition: 41,
  taggedGtid: 42,
  mariadbGtid: 162,
  compressedQuery: 165,
} as const;

/** Version of the layout and operation, by type. */
const rowTypes: Readonly<Record<number, { op: RowOperation; version: 1 | 2; packed: boolean }>> = {
  23: { op: 'c', version: 1, packed: false },
  24: { op: 'u', version: 1, packed: false },
  25: { op: 'd', version: 1, packed: false },
  30: { op: 'c', version: 2, packed: false },
  31: { op: 'u', version: 2, packed: false },
  32: { op: 'd', version: 2, packed: false },
  166: { op: 'c', version: 1, packed: true },
  167: { op: 'u', version: 1, packed: true },
  168: { op: 'd', version: 1, packed: true },
  169: { op: 'c', version: 2, packed: true },
  170: { op: 'u', version: 2, packed: true },
  171: { op: 'd', version: 2, packed: true },
};

/** Types that change no row themselves. */
const harmlessTypes: ReadonlySet<number> = new Set([
  3, // Stop
  5, // Intvar: for the statement after it, which is judged by itself, as with the next three
  9, // Append_block, of a file that a LOAD DATA loads
  11, // Delete_file, of one that it does not
  13, // Rand
  14, // User_var
  17, // Begin_load_query: the file's beginning
  28, // Ignorable
  29, // Rows_query: the statement that the rows after it are of
  35, // Previous_gtids
  36, // Transaction_context, of group replication, as the next one
  37, // View_change
  160, // MariaDB's Annotate_rows: as Rows_query
  161, // MariaDB's Binlog_checkpoint
  163, // MariaDB's Gtid_list
  164, // MariaDB's Start_encryption: of the file; what is sent is not encrypted
]);

/** The server says so of events that a replica may pass over. */
const ignorableFlag = 0x80;

const other = { kind: 'other' } as const;

export function readHeader(bytes: Buffer): EventHeader {
  return {
    seconds: bytes.readUInt32LE(0),
    type: bytes.readUInt8(4),
    serverId: bytes.readUInt32LE(5),
    size: bytes.readUInt32LE(9),
    endPosition: bytes.readUInt32LE(13),
    flags: bytes.readUInt16LE(17),
  };
}

/** @throws ConnectError for an event whose changes cannot be read. */
export function readEvent(
  bytes: Buffer,
  header: EventHeader,
  hasChecksum: boolean,
  charsets: Charsets,
): LogEvent {
  const reader = new ByteReader(bytes, headerSize, bytes.length - (hasChecksum ? checksumSize : 0));
  const rowType = rowTypes[header.type];
  if (rowType) return readRows(reader, rowType);
  switch (header.type) {
    case eventTypes.rotate: {
      const position = Number(reader.unsigned64());
      return { kind: 'rotate', position, file: reader.text(reader.left) };
    }
    case eventTypes.format:
      // The event says of itself whether there are checksums: its last byte before its own one.
      return { kind: 'format', hasChecksum: bytes[bytes.length - checksumSize - 1] === 1 };
    case eventTypes.mariadbGtid:
      return readMariadbGtid(reader, header.serverId);
    case eventTypes.gtid:
      return readMysqlGtid(reader);
    case eventTypes.anonymousGtid:
      return { kind: 'gtid', gtid: undefined, isAlone: false };
    case eventTypes.query:
      return readQuery(reader, { charsets });
    // LOAD DATA as a statement.
    case eventTypes.executeLoad:
      return readQuery(reader, { charsets, extraHeaderSize: executeLoadHeaderSize });
    case eventTypes.compressedQuery:
      return readQuery(reader, { charsets, isPacked: true });
    case eventTypes.xid:
    case eventTypes.xaPrepare:
      return { kind: 'commit' };
    case eventTypes.tableMap: {
      const body = reader.bytes.subarray(reader.at, reader.end);
      return { kind: 'table', map: readTableMap(reader), body };
    }
    case eventTypes.heartbeat:
    case eventTypes.heartbeatOfLongPosition:
      return { kind: 'heartbeat' };
    case eventTypes.partialUpdate:
      throw new ConnectError(
        'the binary log has partial updates of JSON, which are not supported: set binlog_row_value_options to an empty value',
      );
    case eventTypes.transactionPayload:
      throw new ConnectError(
        'the binary log has compressed transactions, which are not supported: set binlog_transaction_compression to OFF',
      );
    case eventTypes.taggedGtid:
      throw new ConnectError(
        'the binary log has tagged GTIDs, which are not supported: do not set gtid_next to one with a tag',
      );
    default:
      if (harmlessTypes.has(header.type) || (header.flags & ignorableFlag) !== 0) return other;
      throw new ConnectError(
        `the binary log has an event of type ${String(header.type)}, which is not known and may be a change: turn off the feature of the server that logs it, and delete the offsets to read the tables again`,
      );
  }
}

function readMariadbGtid(reader: ByteReader, serverId: number): LogEvent {
  const sequence = reader.unsigned64();
  const domain = reader.unsigned(4);
  const isAlone = (reader.unsigned(1) & 1) !== 0;
  return { kind: 'gtid', gtid: `${domain}-${serverId}-${sequence}`, isAlone };
}

function readMysqlGtid(reader: ByteReader): LogEvent {
  reader.skip(1);
  const hex = reader.take(16).toString('hex');
  const uuid = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
  return { kind: 'gtid', gtid: `${uuid}:${reader.unsigned64()}`, isAlone: false };
}

interface QueryForm {
  readonly charsets: Charsets;
  readonly isPacked?: boolean;
  readonly extraHeaderSize?: number;
}

function readQuery(
  reader: ByteReader,
  { charsets, extraHeaderSize = 0, isPacked = false }: QueryForm,
): LogEvent {
  reader.skip(8);
  const databaseLength = reader.unsigned(1);
  reader.skip(2);
  const variablesSize = reader.unsigned(2);
  reader.skip(extraHeaderSize);
  const collation = clientCollation(new ByteReader(reader.take(variablesSize)));
  const database = reader.text(databaseLength);
  reader.skip(1);
  const rest = reader.take(reader.left);
  const bytes = isPacked ? unpacked(rest) : rest;
  const charset = collation === undefined ? 'utf8' : charsets.get(collation);
  return { kind: 'query', database, sql: statementText(bytes, charset) };
}

/** Sizes of the session's variables that come before its character sets, by their codes. */
const variableSizes: Readonly<Record<number, number>> = { 0: 4, 1: 8, 3: 4 };
const variableCodes = { catalogOfOld: 2, charsets: 4, catalog: 6 } as const;

/** Its character set is that of the statement; undefined: the event does not say it. */
function clientCollation(variables: ByteReader): number | undefined {
  while (variables.left > 0) {
    const code = variables.unsigned(1);
    if (code === variableCodes.charsets) return variables.unsigned(2);
    const size =
      code === variableCodes.catalog
        ? variables.unsigned(1)
        : code === variableCodes.catalogOfOld
          ? variables.unsigned(1) + 1
          : variableSizes[code];
    if (size === undefined) return undefined;
    variables.skip(size);
  }
  return undefined;
}

function readRows(
  reader: ByteReader,
  { op, packed, version }: { op: RowOperation; version: 1 | 2; packed: boolean },
): LogEvent {
  const tableId = reader.unsigned(6);
  reader.skip(2);
  if (version === 2) reader.skip(reader.unsigned(2) - 2);
  const columnCount = reader.lengthEncoded();
  const size = Math.ceil(columnCount / 8);
  const present = [reader.take(size), ...(op === 'u' ? [reader.take(size)] : [])];
  const rest = reader.take(reader.left);
  return {
    kind: 'rows',
    op,
    tableId,
    columnCount,
    present,
    rows: packed ? unpacked(rest) : rest,
  };
}

/** MariaDB's `log_bin_compress`: how many bytes say how long it was, that length, and zlib's bytes. */
function unpacked(bytes: Buffer): Buffer {
  const first = bytes[0] ?? 0;
  const algorithm = (first >> 4) & 7;
  const lengthSize = first & 7;
  if ((first & 0x80) === 0 || algorithm !== 0)
    throw new ConnectError('the binary log has an event that is compressed in an unknown way');
  return inflateSync(bytes.subarray(1 + lengthSize), { maxOutputLength: unpackedBytesMax });
}
