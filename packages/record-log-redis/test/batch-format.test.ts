import type { FetchedRecord, Header, ProduceRecord } from '@sluice/record-log';
import { expect, test } from 'vitest';

import { BatchCursor, encodeBatches } from '../src/batch-format.ts';
import { readVarint, varintBytes, writeVarint, zigzag, zigzagDecode } from '../src/varint.ts';

const nowMs = 1_700_000_000_000;
const bytesMax = 1_000_000;

const variety: ProduceRecord[] = [
  { key: null, value: null, timestampMs: 1_700_000_000_000 },
  { key: Buffer.from('key'), value: Buffer.from('value'), timestampMs: 1_700_000_000_005 },
  {
    key: new Uint8Array(0),
    value: new Uint8Array(0),
    timestampMs: 1_699_999_999_000,
    headers: [
      ['h', Buffer.from([0, 255])],
      ['ü', null],
      ['', new Uint8Array(0)],
    ],
  },
  { key: null, value: Buffer.from('last'), timestampMs: -1, headers: [] },
];

// A batch of `variety` as version 1 has stored it. It must be readable for ever: never change it.
const versionOne = [
  '01 04 80a0abfef962', // version, count, 1 700 000 000 000 in zigzag
  '00 00 00 00',
  '0a 04 6b6579 06 76616c7565 00',
  'cf0f 01 01 03 01 68 03 00ff 02 c3bc 00 00 01',
  '81a0abfef962 00 05 6c617374 00',
]
  .join('')
  .replaceAll(' ', '');

test('a batch is stored in the bytes of version 1', () => {
  const [batch] = encodeBatches(variety, undefined, { nowMs, bytesMax });
  expect(batch?.payload.toString('hex')).toBe(versionOne);
});

test('a stored batch of version 1 is read', () => {
  expect(plain(decode(Buffer.from(versionOne, 'hex'), 104))).toEqual([
    { offset: 100, timestampMs: 1_700_000_000_000, key: null, value: null, headers: [] },
    {
      offset: 101,
      timestampMs: 1_700_000_000_005,
      key: '6b6579',
      value: '76616c7565',
      headers: [],
    },
    {
      offset: 102,
      timestampMs: 1_699_999_999_000,
      key: '',
      value: '',
      headers: [
        ['h', '00ff'],
        ['ü', null],
        ['', ''],
      ],
    },
    { offset: 103, timestampMs: -1, key: null, value: '6c617374', headers: [] },
  ]);
});

test('a batch of a later version is refused by name', () => {
  const payload = Buffer.from(versionOne, 'hex');
  payload[0] = 2;
  expect(() => new BatchCursor(payload, 104)).toThrow(
    expect.objectContaining({
      code: 'log.unknown_format',
      details: { endOffset: 104, version: 2 },
    }),
  );
});

test('a batch that ends early is noticed', () => {
  const payload = Buffer.from(versionOne, 'hex').subarray(0, 20);
  expect(() => decode(payload, 104)).toThrow(RangeError);
});

test('records without a timestamp get the time of the call', () => {
  const records = [
    { key: null, value: null },
    { key: null, value: null, timestampMs: 7 },
  ];
  const [batch] = encodeBatches(records, undefined, { nowMs, bytesMax });
  const read = decode(batch?.payload ?? Buffer.alloc(0), 2);
  expect(read.map(({ timestampMs }) => timestampMs)).toEqual([nowMs, 7]);
});

test('a timestamp that is not whole milliseconds is a mistake of the caller', () => {
  for (const timestampMs of [0.5, Number.NaN, 2 ** 53]) {
    const encode = () =>
      encodeBatches([{ key: null, value: null, timestampMs }], undefined, { nowMs, bytesMax });
    expect(encode).toThrow('whole milliseconds');
  }
});

test('batches are split at the limit, except for a record that is larger by itself', () => {
  const sizes = [10, 40, 40, 300, 10, 10, 90];
  const records = sizes.map((size, index) => ({ key: null, value: Buffer.alloc(size, index) }));
  const batches = encodeBatches(records, undefined, { nowMs, bytesMax: 100 });
  expect(batches.map(({ first, count }) => [first, count])).toEqual([
    [0, 2],
    [2, 1],
    [3, 1],
    [4, 2],
    [6, 1],
  ]);
  const read = batches.flatMap(({ payload, first, count }) => decode(payload, first + count));
  expect(read.map(({ value }) => value?.length)).toEqual(sizes);
  expect(read.map(({ offset }) => offset)).toEqual([0, 1, 2, 3, 4, 5, 6]);
});

test('an order picks the records of one partition', () => {
  const records = ['a', 'b', 'c', 'd'].map((text) => ({ key: null, value: Buffer.from(text) }));
  const [batch] = encodeBatches(records, [3, 1], { nowMs, bytesMax });
  const read = decode(batch?.payload ?? Buffer.alloc(0), 2);
  expect(read.map(({ value }) => value?.toString())).toEqual(['d', 'b']);
});

test('a batch can be read piece by piece, from an offset within it', () => {
  const records = Array.from({ length: 10 }, (_, index) => ({
    key: null,
    value: Buffer.of(index),
  }));
  const [batch] = encodeBatches(records, undefined, { nowMs, bytesMax });
  const cursor = new BatchCursor(batch?.payload ?? Buffer.alloc(0), 110);
  const read: FetchedRecord[] = [];
  expect(cursor.read(103, 4, read)).toBe(4);
  expect(cursor.read(103, 4, read)).toBe(3);
  expect(cursor.read(103, 4, read)).toBe(0);
  expect(read.map(({ offset }) => offset)).toEqual([103, 104, 105, 106, 107, 108, 109]);
});

test('whatever is encoded is read again', () => {
  const random = randomOf(42);
  for (let round = 0; round < 300; round += 1) {
    const records = Array.from({ length: 1 + random(20) }, () => randomRecord(random));
    // Some have those of another one, the array itself.
    const [{ headers } = { headers: undefined }] = records;
    for (const record of records)
      if (headers && random(3) === 0) Object.assign(record, { headers });
    const batches = encodeBatches(records, undefined, { nowMs, bytesMax: 1 + random(2_000) });
    const read = batches.flatMap(({ payload, first, count }) => decode(payload, first + count));
    const expected = records.map((record, offset) => ({
      offset,
      headers: [],
      ...record,
      timestampMs: record.timestampMs ?? nowMs,
    }));
    expect(plain(read)).toEqual(plain(expected));
  }
});

test('records in a row with the same headers share them, whatever array they were written from', () => {
  const headers = (value: string): Header[] => [['n', Buffer.from(value)]];
  const [a, b] = [headers('a'), headers('b')];
  const records = [a, a, headers('a'), b, [], b].map((each, index) => ({
    key: null,
    value: Buffer.of(index),
    headers: each,
  }));
  const [batch] = encodeBatches(records, undefined, { nowMs, bytesMax });
  const read = decode(batch?.payload ?? Buffer.alloc(0), 6).map((each) => each.headers);
  expect(read).toEqual([a, a, a, b, [], b]);
  const [first, ...others] = read;
  expect(others.map((each) => each === first)).toEqual([true, true, false, false, false]);
});

test('numbers up to 2^53 survive', () => {
  const edges = [0, 1, 53].flatMap((power) => [2 ** power - 1, 2 ** power]);
  for (let power = 7; power < 53; power += 1)
    edges.push(2 ** power - 1, 2 ** power, 2 ** power + 1);
  for (const value of edges.filter(Number.isSafeInteger)) {
    const buffer = Buffer.alloc(10);
    const end = writeVarint(buffer, 1, value);
    expect(end - 1).toBe(varintBytes(value));
    expect(readVarint(buffer, 1)).toEqual({ value, next: end });
    if (value < 2 ** 51) {
      expect(zigzagDecode(zigzag(value))).toBe(value);
      expect(zigzagDecode(zigzag(-value)) + 0).toBe(-value + 0);
    }
  }
});

function decode(payload: Buffer, endOffset: number): FetchedRecord[] {
  const records: FetchedRecord[] = [];
  new BatchCursor(payload, endOffset).read(0, Number.POSITIVE_INFINITY, records);
  return records;
}

/** With bytes in hex, for messages that can be read. */
function plain(records: readonly FetchedRecord[]): unknown[] {
  return records.map(({ offset, timestampMs, key, value, headers }) => ({
    offset,
    timestampMs,
    key: hexOf(key),
    value: hexOf(value),
    headers: headers.map(([name, content]) => [name, hexOf(content)]),
  }));
}

function hexOf(content: Uint8Array | null): string | null {
  return content === null ? null : Buffer.from(content).toString('hex');
}

type Random = (below: number) => number;

/** Always the same numbers for a seed (mulberry32). */
function randomOf(seed: number): Random {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function randomRecord(random: Random): ProduceRecord {
  const content = () => (random(4) === 0 ? null : Buffer.alloc(random(300), random(256)));
  return {
    key: content(),
    value: content(),
    ...(random(2) === 0 ? {} : { timestampMs: nowMs + random(100_000) - 50_000 }),
    ...(random(3) === 0
      ? {
          headers: Array.from({ length: random(4) }, () => [`h${random(99)}✓`, content()] as const),
        }
      : {}),
  };
}
