/**
 * The stream of changes from a slot: messages in their order, as many as are asked for.
 *
 * States: streaming ⇄ paused (so many messages wait that the socket is not read any more) → ended (closed, broken, or
 * the server shuts down: the next `take` throws a RetriableError once what had come is taken).
 *
 * The server is told what is safe every interval and when it asks, also while the stream is paused: it ends
 * connections that say nothing. It is only ever told what `release` was given, so it keeps what is not safe yet.
 */
import { RetriableError } from '@sluice/connector-api';
import type { Session } from './client.ts';
import { readLsn, textOfLsn, writeLsn } from './lsn.ts';
import { decodeMessage, type LogMessage } from './pgoutput.ts';
import { identifier } from './slot.ts';

export interface StreamedMessage {
  readonly lsn: number;
  readonly message: LogMessage | { readonly kind: 'position' };
  readonly bytes: number;
}

export interface StreamOptions {
  readonly session: Session;
  readonly slot: string;
  readonly publication: string;
  /** Where to go on: what was handed over, which may not be stored yet. */
  readonly fromLsn: number;
  /** As `release` takes it; 0: nothing yet. */
  readonly releasedLsn: number;
  readonly queueMax: number;
  readonly statusIntervalMs: number;
}

/** Beside the number of messages, whose rows may be of any size: what waits is no more than this and one message. */
const queuedBytesMax = 32 * 1024 * 1024;
/** Without a word from the server for so many status intervals, the connection is taken for lost. */
const silentIntervalsMax = 3;
/**
 * A server that shuts down asks again and again, and waits until all of its log is confirmed, which it may never be:
 * so many answered questions in a row about the same position mean that.
 */
const shutdownQuestionsMin = 10;
const startLimitMs = 30_000;

/** µs from 1970 to 2000, from where PostgreSQL counts. */
const epochUs = 946_684_800_000_000n;

export class ReplicationStream {
  readonly #options: StreamOptions;
  #queue: StreamedMessage[] = [];
  #queuedBytes = 0;
  #isPaused = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #timer: NodeJS.Timeout | undefined;
  #releasedLsn: number;
  #receivedLsn: number;
  #silentIntervals = 0;
  #questions = { walEnd: -1, count: 0 };

  private constructor(options: StreamOptions) {
    this.#options = options;
    this.#releasedLsn = options.releasedLsn;
    this.#receivedLsn = options.fromLsn;
  }

  /** @throws RetriableError, or ConnectError that says what to do. */
  static async open(options: StreamOptions): Promise<ReplicationStream> {
    const stream = new ReplicationStream(options);
    await stream.#start();
    return stream;
  }

  /** At most `max` messages; waits for the first one, but not longer than the limit. */
  async take(max: number, limitMs: number): Promise<readonly StreamedMessage[]> {
    if (this.#queue.length === 0 && !this.#failure) await this.#changed(limitMs);
    if (this.#queue.length === 0) {
      if (this.#failure) throw this.#failure;
      return [];
    }
    const taken = this.#queue.length <= max ? this.#queue : this.#queue.slice(0, max);
    this.#queue = this.#queue.length <= max ? [] : this.#queue.slice(max);
    for (const { bytes } of taken) this.#queuedBytes -= bytes;
    const isRoomy =
      this.#queue.length * 2 <= this.#options.queueMax && this.#queuedBytes * 2 <= queuedBytesMax;
    if (this.#isPaused && isRoomy) {
      this.#isPaused = false;
      this.#silentIntervals = 0;
      this.#options.session.wire.stream.resume();
    }
    return taken;
  }

  /** What is before this position is durable elsewhere; the slot need not keep it. */
  release(lsn: number): void {
    if (lsn <= this.#releasedLsn) return;
    this.#releasedLsn = lsn;
    this.#sendStatus(false);
  }

  close(): void {
    this.#end(new RetriableError('the replication stream was closed'));
    this.#options.session.destroy();
  }

  async #start(): Promise<void> {
    const { fromLsn, publication, session, slot } = this.#options;
    const { wire } = session;
    const started = Promise.withResolvers<void>();
    wire.once('replicationStart', () => started.resolve());
    wire.on('copyData', ({ chunk }) => this.#receive(chunk));
    const names = identifier(publication).replaceAll("'", "''");
    // Its answer is the end of the stream.
    const streaming = session.query(
      `START_REPLICATION SLOT "${slot}" LOGICAL ${textOfLsn(fromLsn)} ` +
        `(proto_version '1', publication_names '${names}')`,
    );
    const ended = streaming.then(
      () => this.#end(new RetriableError('the server has ended the replication stream')),
      (error: unknown) => {
        this.#end(error instanceof Error ? error : new RetriableError(String(error)));
        started.reject(error);
      },
    );
    void ended;
    const limit = setTimeout(() => session.destroy(), startLimitMs);
    try {
      await started.promise;
    } finally {
      clearTimeout(limit);
    }
    this.#sendStatus(false);
    this.#timer = setInterval(() => this.#tick(), this.#options.statusIntervalMs);
  }

  /** At once, since the driver uses the memory again. Throwing here would end the process. */
  #receive(chunk: Buffer): void {
    if (this.#failure) return;
    this.#silentIntervals = 0;
    try {
      if (chunk[0] === 0x77) {
        const lsn = readLsn(chunk, 1);
        this.#receivedLsn = Math.max(this.#receivedLsn, lsn);
        this.#push({ lsn, message: decodeMessage(chunk.subarray(25)), bytes: chunk.length });
      } else if (chunk[0] === 0x6b) {
        this.#keepalive(readLsn(chunk, 1), chunk[17] === 1);
      }
    } catch (error) {
      this.#end(error instanceof Error ? error : new Error(String(error)));
    }
  }

  #keepalive(walEnd: number, asksForReply: boolean): void {
    this.#receivedLsn = Math.max(this.#receivedLsn, walEnd);
    const last = this.#queue.at(-1);
    // The latest one says it all; a queue of nothing else would grow while it is paused.
    if (last?.message.kind === 'position')
      this.#queue[this.#queue.length - 1] = { ...last, lsn: walEnd };
    else this.#push({ lsn: walEnd, message: { kind: 'position' }, bytes: 0 });
    if (!asksForReply) return;
    this.#sendStatus(false);
    const isSame = this.#questions.walEnd === walEnd;
    this.#questions = { walEnd, count: isSame ? this.#questions.count + 1 : 1 };
    if (this.#questions.count >= shutdownQuestionsMin)
      this.#end(new RetriableError('the server shuts down'));
  }

  #push(message: StreamedMessage): void {
    this.#queue.push(message);
    this.#queuedBytes += message.bytes;
    const isFull =
      this.#queue.length >= this.#options.queueMax || this.#queuedBytes >= queuedBytesMax;
    if (!this.#isPaused && isFull) {
      this.#isPaused = true;
      this.#options.session.wire.stream.pause();
    }
    this.#wakeUp();
  }

  /** Asks for an answer, so that a connection that is cut without a word is noticed. */
  #tick(): void {
    this.#questions = { walEnd: -1, count: 0 };
    if (!this.#isPaused) this.#silentIntervals += 1;
    if (this.#silentIntervals > silentIntervalsMax) {
      this.#end(
        new RetriableError('the server does not answer any more on the replication stream'),
      );
      this.#options.session.destroy();
      return;
    }
    this.#sendStatus(true);
  }

  #sendStatus(asksForReply: boolean): void {
    const { session } = this.#options;
    if (this.#failure || session.isBroken || !session.wire.stream.writable) return;
    const status = Buffer.alloc(34);
    status.write('r', 0, 'latin1');
    writeLsn(status, Math.max(this.#receivedLsn, this.#releasedLsn), 1);
    writeLsn(status, this.#releasedLsn, 9);
    writeLsn(status, this.#releasedLsn, 17);
    status.writeBigInt64BE(BigInt(Date.now()) * 1_000n - epochUs, 25);
    status.writeUInt8(asksForReply ? 1 : 0, 33);
    session.wire.sendCopyFromChunk(status);
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
