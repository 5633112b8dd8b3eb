import { describe, expect, test } from 'vitest';
import { ByteReader } from '../src/binlog/byte-reader.ts';
import { decimalText } from '../src/binlog/decimal-text.ts';
import { readEvent, readHeader } from '../src/binlog/events.ts';
import { jsonText } from '../src/binlog/json-text.ts';

/** Bytes that are written in hexadecimal, with spaces where it helps. */
function bytes(hex: string): Buffer {
  return Buffer.from(hex.replaceAll(' ', ''), 'hex');
}

test.each([
  // The example of MySQL's manual of the format.
  { hex: '81 0DFB38D2 04D2', precision: 14, scale: 4, text: '1234567890.1234' },
  { hex: '7E F204C72D FB2D', precision: 14, scale: 4, text: '-1234567890.1234' },
  { hex: '80', precision: 2, scale: 0, text: '0' },
  { hex: '80 0000', precision: 5, scale: 3, text: '0.000' },
  { hex: '7F', precision: 1, scale: 1, text: '-0.0' },
])('the decimal $text is read', ({ hex, precision, scale, text }) => {
  expect(decimalText(new ByteReader(bytes(hex)), precision, scale)).toBe(text);
});

describe("MySQL's binary JSON becomes a text", () => {
  test.each([
    { hex: '', text: 'null' },
    { hex: '04 00', text: 'null' },
    { hex: '05 FFFF', text: '-1' },
    { hex: '0A FFFFFFFFFFFFFFFF', text: '18446744073709551615' },
    { hex: '0B 000000000000F83F', text: '1.5' },
    { hex: '0C 03 6122C3', text: '"a\\"\uFFFD"' },
    { hex: '00 0100 0C00 0B00 0100 05 0100 61', text: '{"a":1}' },
    { hex: '02 0200 0C00 0C 0A00 04 0100 01 78', text: '["x",true]' },
    // An array in an object: its offsets begin at itself.
    {
      hex: '00 0100 1500 0B00 0100 02 0C00 61 0100 0900 0C 0700 01 78',
      text: '{"a":["x"]}',
    },
    { hex: '03 01000000 0D000000 07 FFFFFFFF', text: '[-1]' },
    // A decimal and a date, which JSON has not.
    { hex: '0F F6 04 0302 81 17', text: '1.23' },
    { hex: '0F 0A 08 00000000 00BAB219', text: '"2024-02-29"' },
  ])('$text', ({ hex, text }) => {
    expect(jsonText(bytes(hex))).toBe(text);
  });

  test('one that contains itself is refused, not followed for ever', () => {
    expect(() => jsonText(bytes('02 0100 0700 02 0000'))).toThrow(/nested too deeply/);
  });
});

test('a statement is read in the character set of its client, which comes after other variables', () => {
  const variables = (collation: number): Buffer =>
    Buffer.concat([
      Buffer.from([0, 1, 2, 3, 4]),
      Buffer.from([1, 1, 2, 3, 4, 5, 6, 7, 8]),
      Buffer.from([6, 3]),
      Buffer.from('std'),
      Buffer.from([3, 1, 0, 1, 0]),
      Buffer.from([4, collation, 0, 45, 0, 45, 0]),
    ]);
  const read = (collation: number, sql: Buffer): unknown => {
    const own = variables(collation);
    const head = Buffer.alloc(19);
    head.writeUInt8(2, 4);
    const lengths = Buffer.from([4, 0, 0, own.length, 0]);
    const event = Buffer.concat([head, Buffer.alloc(8), lengths, own, Buffer.from('shop\0'), sql]);
    const charsets = new Map([
      [8, 'latin1'],
      [4, 'cp850'],
      [45, 'utf8mb4'],
    ]);
    return readEvent(event, readHeader(event), false, charsets);
  };
  const latin = Buffer.from('DROP TABLE größe', 'latin1');
  expect(read(8, latin)).toMatchObject({ sql: 'DROP TABLE größe' });
  expect(read(45, Buffer.from('DROP TABLE größe'))).toMatchObject({ sql: 'DROP TABLE größe' });
  // Neither is there a decoder of the one, nor is the other one known.
  expect(read(4, latin)).toMatchObject({ sql: 'DROP TABLE gr\uFFFD\uFFFDe' });
  expect(read(99, latin)).toMatchObject({ sql: 'DROP TABLE gr\uFFFD\uFFFDe' });
});

test('a LOAD DATA that was logged as a statement is read as one', () => {
  const sql = "LOAD DATA INFILE 'x' INTO TABLE item";
  const variables = Buffer.from([0, 1, 2, 3, 4]);
  const event = Buffer.concat([
    Buffer.alloc(19),
    Buffer.alloc(8),
    Buffer.from([4, 0, 0, variables.length, 0]),
    Buffer.alloc(13),
    variables,
    Buffer.from('shop\0'),
    Buffer.from(sql),
  ]);
  event.writeUInt8(18, 4);
  expect(readEvent(event, readHeader(event), false, new Map())).toEqual({
    kind: 'query',
    database: 'shop',
    sql,
  });
});
