import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineBuffer } from '../src/line-buffer.ts';

interface Line {
  readonly text: string;
  readonly position: number;
}

/** What Kafka Connect's reader would find, one byte at a time, without any buffer. */
function linesOf(bytes: Buffer, from = 0): Line[] {
  const lines: Line[] = [];
  let start = from;
  for (let at = from; at < bytes.length; at += 1) {
    if (bytes[at] !== 0x0a && bytes[at] !== 0x0d) continue;
    if (bytes[at] === 0x0d && at + 1 === bytes.length) break;
    const end = at;
    if (bytes[at] === 0x0d && bytes[at + 1] === 0x0a) at += 1;
    lines.push({ text: bytes.toString('utf8', start, end), position: at + 1 });
    start = at + 1;
  }
  return lines;
}

/** Reads `bytes` from a position on, at most `sizes[i]` bytes at the i-th read. */
function cut(bytes: Buffer, sizes: readonly number[], from = 0, chunkBytes = 16): Line[] {
  const buffer = new LineBuffer(from, { chunkBytes });
  const lines: Line[] = [];
  for (let reads = 0; ; reads += 1) {
    let text: string | undefined;
    while ((text = buffer.next()) !== undefined) lines.push({ text, position: buffer.position });
    if (buffer.readPosition === bytes.length) return lines;
    if (reads % 2 === 1) buffer.rest();
    const room = buffer.room();
    const size = Math.min(room.length, sizes[reads % sizes.length] ?? 1);
    const at = buffer.readPosition;
    buffer.advance(bytes.copy(room, 0, at, Math.min(at + size, bytes.length)));
  }
}

const piece = fc.oneof(
  fc.constantFrom('\n', '\r', '\r\n', '\n\r', ''),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.string({ minLength: 20, maxLength: 100 }),
);
const content = fc.array(piece, { maxLength: 20 }).map((pieces) => Buffer.from(pieces.join('')));
const readSizes = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 10 });

describe('cutting bytes into lines', () => {
  test('gives the same lines and positions however the bytes arrive', () => {
    fc.assert(
      fc.property(content, readSizes, fc.integer({ min: 1, max: 64 }), (bytes, sizes, chunk) => {
        expect(cut(bytes, sizes, 0, chunk)).toEqual(linesOf(bytes));
      }),
      { numRuns: 500 },
    );
  });

  test('resumed after any line, gives exactly the rest', () => {
    fc.assert(
      fc.property(content, readSizes, fc.nat(), (bytes, sizes, pick) => {
        const all = linesOf(bytes);
        const after = pick % (all.length + 1);
        const position = after === 0 ? 0 : (all[after - 1]?.position ?? 0);
        expect(cut(bytes, sizes, position)).toEqual(all.slice(after));
      }),
      { numRuns: 500 },
    );
  });

  test.each<[string, string, Line[]]>([
    [
      'line feeds',
      'a\nb\n',
      [
        { text: 'a', position: 2 },
        { text: 'b', position: 4 },
      ],
    ],
    [
      'carriage returns',
      'a\rb\rc',
      [
        { text: 'a', position: 2 },
        { text: 'b', position: 4 },
      ],
    ],
    [
      'both together',
      'a\r\nb\r\n',
      [
        { text: 'a', position: 3 },
        { text: 'b', position: 6 },
      ],
    ],
    [
      'empty lines',
      '\n\r\n\r\r\n',
      [
        { text: '', position: 1 },
        { text: '', position: 3 },
        { text: '', position: 4 },
        { text: '', position: 6 },
      ],
    ],
    ['characters of several bytes', 'zażółć\n', [{ text: 'zażółć', position: 11 }]],
    ['no end yet', 'abc', []],
    ['a return that may be half of a terminator', 'abc\r', []],
  ])('knows %s', (_title, text, lines) => {
    expect(linesOf(Buffer.from(text))).toEqual(lines);
    expect(cut(Buffer.from(text), [1])).toEqual(lines);
  });

  test('takes a line far larger than a read, and frees the room for it afterwards', () => {
    const long = 'x'.repeat(100_000);
    const bytes = Buffer.from(`${long}\nshort\n`);
    expect(cut(bytes, [1_000], 0, 1_024)).toEqual(linesOf(bytes));

    const buffer = new LineBuffer(0, { chunkBytes: 1_024 });
    for (let at = 0; at <= long.length; at = buffer.readPosition)
      buffer.advance(bytes.copy(buffer.room(), 0, at, long.length + 1));
    expect(buffer.next()).toHaveLength(long.length);
    expect(buffer.next()).toBeUndefined();
    expect(buffer.room()).toHaveLength(1_024);
  });

  test('refuses a line beyond the limit by its position', () => {
    const buffer = new LineBuffer(7, { chunkBytes: 8, lineBytesMax: 32 });
    const fill = () => {
      for (let reads = 0; reads < 10; reads += 1) buffer.advance(buffer.room().fill('x').length);
    };
    expect(fill).toThrow('the line at byte 7 is longer than 32 bytes');
  });
});
