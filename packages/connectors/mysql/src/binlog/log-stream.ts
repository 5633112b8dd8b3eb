/**
 * The stream of the binary log: its events in their order, as many as are asked for.
 *
 * States: streaming ⇄ paused (so much waits that the socket is not read any more) → ended (closed, broken, or the
 * server ended it: the next `take` throws once what had come is taken).
 *
 * A server with nothing to send sends a heartbeat each interval; after three without one it is taken for lost.
 */
import { RetriableError } from '@sluice/connector-api';
import type { Charsets } from '../charsets.ts';
import type { Session } from '../client.ts';
import { literal } from '../client.ts';
import { connectErrorOf } from '../errors.ts';
import { MysqlGtids } from '../gtids.ts';
import type { LogPosition } from '../position.ts';
import { sendCommand, type WireCommand, type WirePacket } from '../wire.ts';
import { LogLost, LogReader, type StreamedEvent } from './log-reader.ts';

export interface LogStreamOptions {
  readonly session: Session;
  readonly isMariadb: boolean;
  readonly hasChecksum: boolean;
  readonly charsets: Charsets;
  readonly from: LogPosition;
  readonly serverId: number;
  /** By which the server lists this connector among its replicas. */
  readonly replicaName: string;
  readonly queueMax: number;
  readonly heartbeatMs: number;
}

/** Beside the number of events, which may be of any size: what waits is no more than this and one event. */
const queuedBytesMax = 32 * 1024 * 1024;
/** Without a word for so many intervals of heartbeats, the connection is taken for lost. */
const silentIntervalsMax = 3;
/** A server that has stopped without a word while the stream begins is noticed by this, ms. */
const startLimitMs = 30_000;
const commands = { binlogDump: 0x12, registerReplica: 0x15, binlogDumpGtid: 0x1e };
const throughGtid = 4;
/** The command has 32 bits for it. */
const dumpPositionMax = 0xffff_ffff;

export class LogStream {
  readonly #options: LogStreamOptions;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #isPaused = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #silentIntervals = 0;
  readonly #reader: LogReader;

  private constructor(options: LogStreamOptions) {
    this.#options = options;
    this.#reader = new LogReader(options.from, options.hasChecksum, options.charsets);
  }

  /** @throws RetriableError, or ConnectError that says what to do. */
  static async open(options: LogStreamOptions): Promise<LogStream> {
    const stream = new LogStream(options);
    await stream.#start();
    return stream;
  }

  /** At most `max` events; waits for the first one, but not longer than the limit. */
  async take(max: number, limitMs: number): Promise<StreamedEvent[]> {
    if (this.#queue.length === 0 && !this.#failure) await this.#changed(limitMs);
    if (this.#queue.length === 0) {
      if (this.#failure) throw this.#failure;
      return [];
    }
    const taken = this.#queue.length <= max ? this.#queue : this.#queue.slice(0, max);
    this.#queue = this.#queue.length <= max ? [] : this.#queue.slice(max);
    for (const bytes of taken) this.#queuedBytes -= bytes.length;
    this.#resumeIfRoomy();
    return taken.map((bytes) => this.#reader.read(bytes));
  }

  get isPaused(): boolean {
    return this.#isPaused;
  }

  close(): void {
    this.#end(new RetriableError('the stream of the binary log was closed'));
    this.#options.session.destroy();
  }

  async #start(): Promise<void> {
    const { from, heartbeatMs, isMariadb, replicaName, serverId, session } = this.#options;
    const isByGtid = from.gtids !== undefined;
    const settings = [
      '@master_binlog_checksum = @@global.binlog_checksum',
      '@source_binlog_checksum = @@global.binlog_checksum',
      `@master_heartbeat_period = ${String(heartbeatMs * 1_000_000)}`,
      `@source_heartbeat_period = ${String(heartbeatMs * 1_000_000)}`,
      ...(isMariadb ? ['@mariadb_slave_capability = 4'] : []),
      ...(isMariadb && isByGtid
        ? [
            `@slave_connect_state = ${literal(from.gtids ?? '')}`,
            '@slave_gtid_strict_mode = 0',
            '@slave_gtid_ignore_duplicates = 0',
          ]
        : []),
    ];
    const limit = setTimeout(() => session.destroy(), startLimitMs);
    try {
      await session.query(`SET ${settings.join(', ')}`);
      await this.#command(registration(serverId, replicaName));
    } finally {
      clearTimeout(limit);
    }
    const dump =
      isByGtid && !isMariadb
        ? dumpByGtid(serverId, new MysqlGtids(from.gtids ?? ''))
        : isByGtid
          ? dumpByPosition(serverId, '', 4)
          : dumpByPosition(serverId, from.file, from.pos);
    session.wire.addCommand(this.#dumpCommand(dump));
    this.#timer = setInterval(() => this.#tick(), heartbeatMs);
  }

  /** A command that is answered with one packet. */
  async #command(request: Buffer): Promise<void> {
    const { session } = this.#options;
    try {
      await session.unlessCut<void>((resolve, reject) =>
        session.wire.addCommand({
          execute: (packet, connection) => {
            if (!packet) {
              sendCommand(connection, request);
              return false;
            }
            if (packet.isError()) reject(packet.asError('utf8'));
            else resolve();
            return true;
          },
          onResult: reject,
        }),
      );
    } catch (error) {
      throw connectErrorOf(error, session.target);
    }
  }

  #dumpCommand(request: Buffer): WireCommand {
    const { session } = this.#options;
    return {
      execute: (packet, connection) => {
        if (!packet) {
          sendCommand(connection, request);
          return false;
        }
        if (packet.isError()) this.#end(judged(packet.asError('utf8'), session));
        else if (packet.isEOF())
          this.#end(new RetriableError('the server has ended the stream of the binary log'));
        else this.#receive(packet);
        return this.#failure !== undefined;
      },
      onResult: (error) => this.#end(connectErrorOf(error, session.target)),
    };
  }

  #receive(packet: WirePacket): void {
    if (this.#failure) return;
    this.#silentIntervals = 0;
    // The first byte says that it is no error.
    const bytes = packet.buffer.subarray(packet.offset + 1, packet.end);
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    const { queueMax, session } = this.#options;
    if (this.#queue.length >= queueMax || this.#queuedBytes >= queuedBytesMax) {
      this.#isPaused = true;
      session.wire.stream.pause();
    }
    this.#wakeUp();
  }

  #resumeIfRoomy(): void {
    const isRoomy =
      this.#queue.length * 2 <= this.#options.queueMax && this.#queuedBytes * 2 <= queuedBytesMax;
    if (!this.#isPaused || !isRoomy) return;
    this.#isPaused = false;
    this.#silentIntervals = 0;
    this.#options.session.wire.stream.resume();
  }

  #tick(): void {
    if (this.#isPaused) return;
    this.#silentIntervals += 1;
    if (this.#silentIntervals <= silentIntervalsMax) return;
    this.#end(new RetriableError('the server does not answer any more on the stream of the log'));
    this.#options.session.destroy();
  }

  #end(failure: Error): void {
    this.#failure ??= failure;
    clearInterval(this.#timer);
    this.#wakeUp();
  }

  async #changed(limitMs: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, limitMs);
    this.#wake = resolve;
    await promise;
    clearTimeout(timer);
    this.#wake = undefined;
  }

  #wakeUp(): void {
    this.#wake?.();
  }
}

function judged(error: Error, session: Session): Error {
  const number = 'errno' in error ? error.errno : undefined;
  if (number !== 1236) return connectErrorOf(error, session.target);
  if (/same server_(?:uuid|id)|same server-id/i.test(error.message))
    return new RetriableError(
      'another replica with the same number has taken over the stream: give each connector and replica a database.server.id of its own',
    );
  return new LogLost(
    `the server has not got the binary log any more that comes next (${error.message}): set snapshot.mode to when_needed, which reads the tables again, or delete the offsets; let the server keep its log for longer`,
  );
}

function registration(serverId: number, name: string): Buffer {
  const host = Buffer.from(name);
  const request = Buffer.alloc(18 + host.length);
  request.writeUInt8(commands.registerReplica, 0);
  request.writeUInt32LE(serverId, 1);
  request.writeUInt8(host.length, 5);
  host.copy(request, 6);
  // No user, no password, no port, no rank and no source are told.
  return request;
}

function dumpByPosition(serverId: number, file: string, pos: number): Buffer {
  if (pos > dumpPositionMax)
    throw new LogLost(
      `the position ${file}:${String(pos)} is above 4 GiB, where no server can be asked to begin without GTIDs: let it use them (gtid_mode), and set snapshot.mode to when_needed, which reads the tables again, or delete the offsets`,
    );
  const name = Buffer.from(file);
  const request = Buffer.alloc(11 + name.length);
  request.writeUInt8(commands.binlogDump, 0);
  request.writeUInt32LE(pos, 1);
  request.writeUInt32LE(serverId, 7);
  name.copy(request, 11);
  return request;
}

function dumpByGtid(serverId: number, gtids: MysqlGtids): Buffer {
  const data = gtids.encode();
  const request = Buffer.alloc(23 + data.length);
  request.writeUInt8(commands.binlogDumpGtid, 0);
  request.writeUInt16LE(throughGtid, 1);
  request.writeUInt32LE(serverId, 3);
  request.writeBigUInt64LE(4n, 11);
  request.writeUInt32LE(data.length, 19);
  data.copy(request, 23);
  return request;
}
