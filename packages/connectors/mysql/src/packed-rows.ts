/**
 * The rows of one query, packed as the server sends them into two blocks of memory that are used again and again. A row
 * as objects takes several times as much, and outlives the young generation while it waits.
 *
 *     filling ──full──▶ paused (the socket is not read) ──asked for──▶ handed over, while the other block is filled
 */
import { ByteReader } from './binlog/byte-reader.ts';
import { sendCommand, type Wire, type WireCommand, type WirePacket } from './wire.ts';

/** Valid until the rows after the next ones are asked for. */
export interface PackedRows {
  readonly bytes: Buffer;
  /** Where each row begins. */
  readonly places: readonly number[];
  /** There are no rows after these. */
  readonly isEnd: boolean;
}

/** Of what is handed over at a time. */
export interface RowLimits {
  readonly rows: number;
  readonly bytes: number;
}

const queryCommand = 0x03;
const firstBytes = 64 * 1024;
/** Before each row: how long it is. */
const sizeBytes = 4;
/** Stands for a value. */
const nullMark = 0xfb;

class Block {
  bytes = Buffer.allocUnsafeSlow(firstBytes);
  places: number[] = [];
  used = 0;

  add({ buffer, end, offset }: WirePacket): void {
    const size = end - offset;
    const next = this.used + sizeBytes + size;
    if (next > this.bytes.length) {
      const larger = Buffer.allocUnsafeSlow(Math.max(next, this.bytes.length * 2));
      this.bytes.copy(larger, 0, 0, this.used);
      this.bytes = larger;
    }
    this.bytes.writeUInt32LE(size, this.used);
    buffer.copy(this.bytes, this.used + sizeBytes, offset, end);
    this.places.push(this.used);
    this.used = next;
  }

  /** One that has grown by a large row is not kept. */
  clear(bytesMax: number): void {
    if (this.bytes.length > Math.max(firstBytes, bytesMax * 2))
      this.bytes = Buffer.allocUnsafeSlow(firstBytes);
    this.places = [];
    this.used = 0;
  }
}

/** A command of the driver. One that is left before its end leaves its connection useless. */
export class RowReading implements WireCommand {
  readonly #sql: string;
  readonly #wire: Wire;
  readonly #limits: RowLimits;
  #filling = new Block();
  #handedOver = new Block();
  /** What comes before are columns. */
  #hasRows = false;
  #isEnded = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(sql: string, wire: Wire, limits: RowLimits) {
    this.#sql = sql;
    this.#wire = wire;
    this.#limits = limits;
  }

  async *rows(): AsyncGenerator<PackedRows> {
    this.#wire.addCommand(this);
    for (;;) {
      await this.#untilFull();
      const isLast = this.#isEnded;
      yield* this.#pieces(isLast);
      if (isLast) return;
      // Whoever asks for more is through with what came before.
      [this.#filling, this.#handedOver] = [this.#handedOver, this.#filling];
      this.#filling.clear(this.#limits.bytes);
      this.#wire.stream.resume();
    }
  }

  execute(packet: WirePacket | undefined, connection: Wire): boolean {
    if (!packet)
      sendCommand(connection, Buffer.concat([Buffer.of(queryCommand), Buffer.from(this.#sql)]));
    else if (packet.isError()) this.#end(packet.asError('utf8'));
    else if (!packet.isEOF()) this.#receive(packet);
    else if (this.#hasRows) this.#end();
    else this.#hasRows = true;
    return this.#isEnded;
  }

  onResult(error: Error): void {
    this.#end(error);
  }

  /** What the driver has read already is still taken. */
  #receive(packet: WirePacket): void {
    if (!this.#hasRows) return;
    this.#filling.add(packet);
    if (!this.#isFull) return;
    this.#wire.stream.pause();
    this.#wake?.();
  }

  get #isFull(): boolean {
    const { places, used } = this.#filling;
    return places.length >= this.#limits.rows || used >= this.#limits.bytes;
  }

  #end(failure?: Error): void {
    this.#failure ??= failure;
    this.#isEnded = true;
    // What was full when the end came as well.
    this.#wire.stream.resume();
    this.#wake?.();
  }

  async #untilFull(): Promise<void> {
    if (!this.#isEnded && !this.#isFull) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#wake = resolve;
      await promise;
      this.#wake = undefined;
    }
    if (this.#failure) throw this.#failure;
  }

  *#pieces(isLast: boolean): Generator<PackedRows> {
    const { bytes, places } = this.#filling;
    const { rows } = this.#limits;
    let start = 0;
    do {
      const end = start + rows;
      yield { bytes, places: places.slice(start, end), isEnd: isLast && end >= places.length };
      start = end;
    } while (start < places.length);
  }
}

/** The values of a row, in memory of their own. */
export function unpacked(bytes: Buffer, place: number): (Buffer | null)[] {
  const start = place + sizeBytes;
  const row = Buffer.from(bytes.subarray(start, start + bytes.readUInt32LE(place)));
  const reader = new ByteReader(row);
  const values: (Buffer | null)[] = [];
  while (reader.left > 0)
    if (row[reader.at] === nullMark) {
      reader.skip(1);
      values.push(null);
    } else values.push(reader.take(reader.lengthEncoded()));
  return values;
}
