/**
 * Cuts a stream of bytes into lines and knows the byte position after each. Lines end with \n, \r\n or \r; a
 * \r at the very end of what was read is undecided until the next byte comes. Only complete lines come out.
 *
 * It owns one buffer: `[start, end)` is what was read and not yet cut, `[start, scanned)` of it is known to
 * hold no terminator, so that a long line that arrives in pieces is not scanned again and again. The buffer
 * grows for a long line, up to a limit, and shrinks afterwards; there is none before the first read.
 */
import { ConnectError } from '@sluice/connector-api';

const newline = 0x0a;
const carriageReturn = 0x0d;

const chunkBytesDefault = 256 * 1024;
/** Longer lines are refused: they would fit neither the heap nor any log. */
const lineBytesMaxDefault = 64 * 1024 * 1024;

const noBytes = Buffer.alloc(0);

export interface LineBufferOptions {
  /** Room for one read. */
  readonly chunkBytes?: number;
  readonly lineBytesMax?: number;
}

export class LineBuffer {
  readonly #chunkBytes: number;
  readonly #lineBytesMax: number;
  #buffer: Buffer;
  /** The first `#end` bytes of the buffer. */
  #filled: Buffer;
  #start = 0;
  #scanned = 0;
  #end = 0;
  /** Position in the file of `#start`. */
  #position: number;
  /** Where the next \r at or after `#scanned` is; −1: none in the buffer; undefined: not looked for. */
  #nextReturn: number | undefined;

  constructor(position: number, options: LineBufferOptions = {}) {
    this.#position = position;
    this.#chunkBytes = options.chunkBytes ?? chunkBytesDefault;
    this.#lineBytesMax = options.lineBytesMax ?? lineBytesMaxDefault;
    this.#buffer = noBytes;
    this.#filled = noBytes;
  }

  /** Byte position after the line that `next` returned last: where a reader that starts anew goes on. */
  get position(): number {
    return this.#position;
  }

  /** Byte position of the next read. */
  get readPosition(): number {
    return this.#position + (this.#end - this.#start);
  }

  /**
   * Where to read into; `advance` must follow, with how much was read.
   * @throws ConnectError when a line is longer than the limit.
   */
  room(): Buffer {
    if (this.#start > 0) this.#moveToFront();
    if (this.#end === this.#buffer.length) this.#grow();
    else if (this.#end === 0 && this.#buffer.length > this.#chunkBytes)
      this.#buffer = Buffer.allocUnsafe(this.#chunkBytes);
    return this.#buffer.subarray(this.#end);
  }

  advance(bytesRead: number): void {
    this.#end += bytesRead;
    this.#filled = this.#buffer.subarray(0, this.#end);
    if (this.#nextReturn === -1) this.#nextReturn = undefined;
  }

  /** Nothing is expected to be read for a while: unless something is left in it, the buffer is given up. */
  rest(): void {
    if (this.#start < this.#end) return;
    this.#buffer = noBytes;
    this.#filled = noBytes;
    this.#start = 0;
    this.#scanned = 0;
    this.#end = 0;
  }

  /** The next complete line without its terminator; undefined when more bytes are needed. */
  next(): string | undefined {
    const lineFeed = this.#filled.indexOf(newline, this.#scanned);
    this.#nextReturn ??= this.#filled.indexOf(carriageReturn, this.#scanned);
    const lineReturn = this.#nextReturn;

    if (lineReturn !== -1 && (lineFeed === -1 || lineReturn < lineFeed)) {
      if (lineReturn + 1 === this.#end) {
        this.#scanned = lineReturn;
        return undefined;
      }
      this.#nextReturn = undefined;
      const length = this.#buffer[lineReturn + 1] === newline ? 2 : 1;
      return this.#cut(lineReturn, lineReturn + length);
    }
    if (lineFeed !== -1) return this.#cut(lineFeed, lineFeed + 1);
    this.#scanned = this.#end;
    return undefined;
  }

  #cut(lineEnd: number, nextStart: number): string {
    const line = this.#buffer.toString('utf8', this.#start, lineEnd);
    this.#position += nextStart - this.#start;
    this.#start = nextStart;
    this.#scanned = nextStart;
    return line;
  }

  #moveToFront(): void {
    const by = this.#start;
    this.#buffer.copyWithin(0, by, this.#end);
    this.#start = 0;
    this.#end -= by;
    this.#scanned -= by;
    this.#nextReturn = undefined;
  }

  #grow(): void {
    if (this.#buffer.length >= this.#lineBytesMax)
      throw new ConnectError(
        `the line at byte ${String(this.#position)} is longer than ${String(this.#lineBytesMax)} bytes`,
      );
    const grown = Buffer.allocUnsafe(
      Math.min(Math.max(this.#buffer.length * 2, this.#chunkBytes), this.#lineBytesMax),
    );
    this.#buffer.copy(grown, 0, 0, this.#end);
    this.#buffer = grown;
  }
}
