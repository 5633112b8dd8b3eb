import { ConnectError } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { ByteReader } from '../src/binlog/byte-reader.ts';
import { endAfter, LogReader } from '../src/binlog/log-reader.ts';
import { LogStream } from '../src/binlog/log-stream.ts';
import { readTableMap } from '../src/binlog/table-map.ts';
import { ChangeStream } from '../src/change-stream.ts';
import type { Session } from '../src/client.ts';

const gib = 2 ** 30;
const types = { query: 2, rotate: 4, format: 15, xid: 16, rowsQuery: 29, heartbeat: 27 };

interface EventOptions {
  readonly size?: number;
  readonly endPosition?: number;
  readonly flags?: number;
  readonly body?: Buffer;
}

/** An event as a server sends it. `size`: what its header says. */
function eventOf(type: number, options: EventOptions = {}): Buffer {
  const { body = Buffer.alloc(11), endPosition = 0, flags = 0 } = options;
  const head = Buffer.alloc(19);
  head.writeUInt8(type, 4);
  head.writeUInt32LE(options.size ?? head.length + body.length, 9);
  head.writeUInt32LE(endPosition % 2 ** 32, 13);
  head.writeUInt16LE(flags, 17);
  return Buffer.concat([head, body]);
}

function rotateTo(file: string, position: number): Buffer {
  const at = Buffer.alloc(8);
  at.writeBigUInt64LE(BigInt(position));
  return eventOf(types.rotate, { body: Buffer.concat([at, Buffer.from(file)]) });
}

function queryOf(sql: string, endPosition: number): Buffer {
  const head = Buffer.alloc(13);
  return eventOf(types.query, {
    endPosition,
    body: Buffer.concat([head, Buffer.from(`\0${sql}`)]),
  });
}

const from = { file: 'binlog.000001', pos: 4, gtids: undefined };

test.each([
  { type: 39, message: /binlog_row_value_options/ },
  { type: 40, message: /binlog_transaction_compression/ },
  { type: 42, message: /tagged GTIDs/ },
  { type: 20, message: /type 20, which is not known/ },
  { type: 172, message: /type 172, which is not known and may be a change.*delete the offsets/ },
])('event $type of the log cannot be read, and is refused with its place', ({ message, type }) => {
  const read = (): unknown => new LogReader(from, false, new Map()).read(eventOf(type));
  expect(read).toThrow(ConnectError);
  expect(read).toThrow(message);
  expect(read).toThrow(/^binlog\.000001:4: /);
});

test('what is known to change no row is passed over, and what the server says may be', () => {
  const reader = new LogReader(from, false, new Map());
  const known = [3, 5, 9, 11, 13, 14, 17, 28, 29, 35, 36, 37, 160, 161, 163, 164];
  for (const type of known) expect(reader.read(eventOf(type)).event.kind).toBe('other');
  expect(reader.read(eventOf(200, { flags: 0x80 })).event.kind).toBe('other');
  expect(reader.read(eventOf(27)).event.kind).toBe('heartbeat');
  expect(reader.read(eventOf(41)).event.kind).toBe('heartbeat');
});

test('positions go on above 4 GiB, of which the log has 32 bits', () => {
  const reader = new LogReader(from, false, new Map());
  reader.read(rotateTo('binlog.000007', 4));
  let pos = 4;
  for (let count = 1; count <= 12; count += 1) {
    const endPosition = pos + gib - 8;
    const read = reader.read(eventOf(types.rowsQuery, { size: gib - 8, endPosition }));
    expect(read).toMatchObject({ file: 'binlog.000007', pos, endPos: endPosition });
    // Of where the server is, which is not where the stream is.
    reader.read(eventOf(types.heartbeat, { endPosition: 100 }));
    pos = endPosition;
  }
  expect(pos).toBeGreaterThan(11 * gib);
  expect(reader.read(rotateTo('binlog.000008', 4)).file).toBe('binlog.000007');
  expect(reader.read(eventOf(types.rowsQuery, { endPosition: 34 }))).toMatchObject({
    file: 'binlog.000008',
    pos: 4,
    endPos: 34,
  });
});

test('a stream that begins high in a file keeps its place when the format is sent again', () => {
  const reader = new LogReader({ file: 'binlog.000001', pos: 3 * gib }, false, new Map());
  reader.read(rotateTo('binlog.000001', 3 * gib));
  reader.read(eventOf(types.format, { endPosition: 120 }));
  const read = reader.read(eventOf(types.rowsQuery, { endPosition: 3 * gib + 30 }));
  expect(read).toMatchObject({ pos: 3 * gib, endPos: 3 * gib + 30 });
});

test('the rest of a position is found after the one before it', () => {
  expect(endAfter(4 * gib - 10, 20)).toBe(4 * gib + 20);
  expect(endAfter(9 * gib, gib + 7)).toBe(9 * gib + 7);
});

test('the offset after a transaction that ends above 4 GiB says where that is', () => {
  const reader = new LogReader(from, false, new Map());
  const changes = new ChangeStream({
    from,
    inside: undefined,
    gtids: undefined,
    isMariadb: false,
    server: '1',
    tableOf: () => undefined,
    isTable: () => false,
    tableNamed: () => undefined,
    onStatement: () => {},
    schemas: () => undefined,
  });
  const take = (bytes: Buffer): unknown => changes.take(reader.read(bytes), 0);
  take(queryOf('BEGIN', 60));
  for (let count = 1; count <= 5; count += 1)
    take(eventOf(types.rowsQuery, { size: gib, endPosition: 60 + count * gib }));
  take(eventOf(types.xid, { endPosition: 5 * gib + 91 }));
  expect(changes.position()).toEqual({ file: 'binlog.000001', pos: 5 * gib + 91 });
});

test('a position above 4 GiB cannot be asked for, and is refused with what to do', async () => {
  const session = { query: async () => [], unlessCut: async () => {}, destroy: () => {} };
  const opening = LogStream.open({
    // The command is never sent.
    session: session as unknown as Session,
    isMariadb: false,
    hasChecksum: false,
    charsets: new Map(),
    from: { ...from, pos: 5 * gib },
    serverId: 1,
    replicaName: 'shop',
    queueMax: 10,
    heartbeatMs: 1_000,
  });
  await expect(opening).rejects.toThrow(/above 4 GiB.*gtid_mode.*when_needed/);
});

/** `shop.item` with columns of these types, and what their metadata is. */
function mapOf(columnTypes: readonly number[], meta: readonly number[]): Buffer {
  return Buffer.concat([
    Buffer.alloc(8),
    Buffer.from('\u0004shop\0\u0004item\0'),
    Buffer.from([columnTypes.length, ...columnTypes, meta.length, ...meta]),
    Buffer.from([0]),
    // The names, as with binlog_row_metadata=FULL.
    Buffer.from([4, columnTypes.length * 2]),
    Buffer.from(columnTypes.map((_, index) => `\u0001${'abc'[index] ?? ''}`).join('')),
  ]);
}

test('a table map says which column is of a type that is not known, by its name', () => {
  const map = readTableMap(new ByteReader(mapOf([3, 200, 252], [9, 9, 2])));
  expect(map.unknownAt).toBe(1);
  expect(map.metadata?.names).toEqual(['a', 'b', 'c']);
  const known = readTableMap(new ByteReader(mapOf([3, 242, 252], [4, 2])));
  expect(known.unknownAt).toBeUndefined();
  expect(known.columns.map(({ meta }) => meta)).toEqual([0, 4, 2]);
});
