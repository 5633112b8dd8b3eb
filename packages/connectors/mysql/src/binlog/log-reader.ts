/**
 * The bytes of the binary log, event by event: where each one is, and what it says. It knows the file, the position in
 * it, and whether events have checksums.
 */
import { crc32 } from 'node:zlib';
import { ConnectError, RetriableError } from '@sluice/connector-api';
import type { Charsets } from '../charsets.ts';
import { type EventHeader, eventTypes, type LogEvent, readEvent, readHeader } from './events.ts';

export interface StreamedEvent {
  readonly header: EventHeader;
  readonly event: LogEvent;
  readonly file: string;
  /** Where the event begins. */
  readonly pos: number;
  /** Where the next one does. */
  readonly endPos: number;
  /** Rows that the transaction itself has rolled back (`UndoneEvents`). */
  readonly isUndone?: boolean;
}

/** What it takes in memory: rows that are compressed in the log have been unpacked. */
export function bytesOf({ event, header }: StreamedEvent): number {
  return event.kind === 'rows' ? event.rows.length : header.size;
}

/** The server has deleted what is asked for, or never had it. */
export class LogLost extends ConnectError {}

/** Positions of events have so many values, and begin anew in files that are larger. */
const wrap = 2 ** 32;
/** Before the first event of a file. */
const fileHeaderSize = 4;

export class LogReader {
  #file: string;
  #pos: number;
  #hasChecksum: boolean;
  readonly #charsets: Charsets;

  constructor(
    from: { readonly file: string; readonly pos: number },
    hasChecksum: boolean,
    charsets: Charsets,
  ) {
    this.#file = from.file;
    this.#pos = from.pos;
    this.#hasChecksum = hasChecksum;
    this.#charsets = charsets;
  }

  /** @throws ConnectError for what cannot be read, with its place. */
  read(bytes: Buffer): StreamedEvent {
    const header = readHeader(bytes);
    if (this.#hasChecksum) checkSum(bytes);
    if (header.type === eventTypes.incident)
      throw new LogLost(
        'the server says that changes are missing in its binary log (LOST_EVENTS): set snapshot.mode to when_needed, which reads the tables again, or delete the offsets',
      );
    const event = this.#eventOf(bytes, header);
    const file = this.#file;
    const isPlaced = hasPlace(header, event, this.#pos);
    const endPos = isPlaced ? endAfter(this.#pos, header.endPosition) : this.#pos;
    this.#pos = endPos;
    if (event.kind === 'rotate') {
      this.#file = event.file;
      this.#pos = event.position;
    }
    if (event.kind === 'format') this.#hasChecksum = event.hasChecksum;
    const pos = isPlaced ? Math.max(0, endPos - header.size) : endPos;
    return { header, event, file, pos, endPos };
  }

  #eventOf(bytes: Buffer, header: EventHeader): LogEvent {
    try {
      return readEvent(bytes, header, this.#hasChecksum, this.#charsets);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConnectError(`${this.#file}:${String(this.#pos)}: ${reason}`, { cause: error });
    }
  }
}

/** What the server made up has none, a heartbeat says where the server is, and the format is at the file's beginning. */
function hasPlace({ endPosition }: EventHeader, { kind }: LogEvent, pos: number): boolean {
  return endPosition > 0 && kind !== 'heartbeat' && (kind !== 'format' || pos <= fileHeaderSize);
}

/** The whole of a position of which 32 bits are known, not far after one that is known. */
export function endAfter(pos: number, low: number): number {
  const end = pos - (pos % wrap) + low;
  // No event is nearly as large.
  return pos - end > wrap / 2 ? end + wrap : end;
}

function checkSum(bytes: Buffer): void {
  const end = bytes.length - 4;
  if (crc32(bytes.subarray(0, end)) !== bytes.readUInt32LE(end))
    throw new RetriableError('an event of the binary log has a wrong checksum');
}
