import { backoffMs, newId, type SluiceError } from '@sluice/kernel';
import {
  closedError,
  fencedError,
  KeylessPartitions,
  type LogWriter,
  type ProduceAck,
  type SourceOffset,
  sourcePartitionName,
  type TopicBatch,
  unknownPartitionError,
  type WriterIdentity,
} from '@sluice/record-log';

import type { Argument, Connection } from './connection.ts';
import {
  type FullFacts,
  logFullError,
  partitionFullError,
  toLogError,
  unreachableError,
} from './errors.ts';
import { openIdentity, withFence } from './fence.ts';
import type { Keys } from './keys.ts';
import type { CompiledRedisLogOptions } from './options.ts';
import { type Chunk, encodeCall, type ProduceCall } from './produce-call.ts';
import { scripts } from './scripts.ts';
import type { TopicCatalog } from './topic-catalog.ts';

/** Enough to keep Redis busy over a network; beyond it, calls wait in order. */
const bytesInFlightMax = 4 * 1024 * 1024;

export interface WriterParts {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly topics: TopicCatalog;
  readonly options: CompiledRedisLogOptions;
  readonly onClosed: (writer: RedisWriter) => void;
}

/**
 * Appends in the order of the calls, several of them in flight ("go back n"):
 *
 * - A call waits in `waiting` until its topics are known and fewer than `bytesInFlightMax` bytes are in
 *   flight, is encoded into chunks, and each chunk is sent as one run of the produce script, numbered
 *   within a session.
 * - The script refuses a chunk whose predecessor it has not appended. So when one is refused for want
 *   of room, or since its topic has vanished, those after it are refused as well; once all replies are
 *   there, the cause is dealt with and they are all sent again, in order, in a new session.
 * - No room for `fullWaitMs`, a lost connection, or a newer owner: everything pending fails.
 *
 * A chunk whose reply is lost with the connection may have been appended. It is reported as failed, so its
 * records come again: at least once, never out of order apart from repetitions.
 */
export class RedisWriter implements LogWriter {
  readonly #identity: WriterIdentity;
  readonly #parts: WriterParts;
  readonly #keyless: KeylessPartitions;
  readonly #waiting: ProduceCall[] = [];
  #unsent: Chunk[] = [];
  #inFlight: Chunk[] = [];
  #bytesPending = 0;
  #session = newId();
  #sequence = 0;
  /** Set while replies of a refused session are awaited, and while its cause is dealt with. */
  #trouble: Trouble | undefined;
  #isPreparing = false;
  #fullSinceMs: number | undefined;
  #fullAttempts = 0;
  /** Refused chunks, in order, until the last one in flight is answered. */
  #goBack: Chunk[] = [];
  /** Counts failures of all that was pending; what was begun before one must not go on after it. */
  #generation = 0;
  #isClosing = false;
  #onIdle: (() => void) | undefined;

  constructor(identity: WriterIdentity, parts: WriterParts) {
    this.#identity = identity;
    this.#parts = parts;
    this.#keyless = new KeylessPartitions(parts.options.random);
  }

  produce(batches: readonly TopicBatch[]): Promise<ProduceAck[]> {
    return new Promise((resolve, reject) => {
      if (this.#isClosing) return reject(closedError(`the writer of '${this.#identity.id}'`));
      this.#waiting.push({ batches, acks: [], resolve, reject, chunksLeft: 0, failed: false });
      this.#admit();
    });
  }

  async commitSourceOffsets(connector: string, offsets: readonly SourceOffset[]): Promise<void> {
    if (this.#isClosing) throw closedError(`the writer of '${this.#identity.id}'`);
    if (offsets.length === 0) return;
    const { connection, keys } = this.#parts;
    const args = offsets.flatMap(({ partition, offset }) => [
      sourcePartitionName(partition),
      offset === null ? '' : JSON.stringify(offset),
    ]);
    await withFence(this.#identity, this.#parts, () =>
      connection.run(
        scripts.commitSource,
        [keys.fence(this.#identity.id), keys.source(connector)],
        [this.#identity.fence, ...args],
      ),
    );
  }

  /** Waits for what is pending; every call ends within the limits of the connection and of `fullWaitMs`. */
  async close(): Promise<void> {
    this.#isClosing = true;
    if (this.#isBusy()) {
      await new Promise<void>((resolve) => {
        const before = this.#onIdle;
        this.#onIdle = () => {
          before?.();
          resolve();
        };
      });
    }
    this.#parts.onClosed(this);
  }

  /** Refuses all that is pending: its connection has been cut. */
  cut(): void {
    if (this.#isBusy()) {
      this.#failAll(unreachableError(this.#parts.options.address, new Error('connection was cut')));
    }
  }

  #isBusy(): boolean {
    return (
      this.#waiting.length + this.#unsent.length + this.#inFlight.length + this.#goBack.length > 0
    );
  }

  /** Encodes waiting calls as long as there is room in flight. */
  #admit(): void {
    const { topics, options } = this.#parts;
    while (!this.#isPreparing && this.#bytesPending < bytesInFlightMax) {
      const call = this.#waiting[0];
      if (!call) break;
      const unknown = call.batches.filter(({ topic }) => topics.known(topic) === undefined);
      if (unknown.length > 0) {
        void this.#prepare(unknown.map(({ topic }) => topic));
        break;
      }
      this.#waiting.shift();
      this.#encode(call, options);
    }
    this.#send();
    if (!this.#isBusy()) this.#onIdle?.();
  }

  #encode(call: ProduceCall, options: CompiledRedisLogOptions): void {
    const { recordBytesMax, entryBytesMax, chunkBytesMax, clock } = options;
    try {
      const chunks = encodeCall(call, {
        partitionsOf: (topic) => this.#parts.topics.known(topic) ?? 0,
        keyless: this.#keyless,
        recordBytesMax,
        entryBytesMax,
        chunkBytesMax,
        nowMs: clock.wallMs(),
      });
      for (const chunk of chunks) {
        this.#bytesPending += chunk.bytes;
        this.#unsent.push(chunk);
      }
      if (chunks.length === 0) call.resolve(call.acks);
    } catch (error) {
      call.reject(error);
    }
  }

  /** Creates topics that are not known here; meanwhile, later calls wait. Never rejects. */
  async #prepare(topics: readonly string[]): Promise<void> {
    const generation = this.#generation;
    this.#isPreparing = true;
    try {
      await this.#parts.topics.ensure(topics);
    } catch (error) {
      if (generation === this.#generation) this.#prepareFailed(error);
    }
    if (generation !== this.#generation) return;
    this.#isPreparing = false;
    this.#admit();
  }

  /** A bad name is the fault of that call alone; anything else is an outage. */
  #prepareFailed(thrown: unknown): void {
    const error = toLogError(thrown, this.#parts.options.address);
    if (error.code === 'log.invalid_topic') this.#waiting.shift()?.reject(error);
    else this.#failAll(error);
  }

  #send(): void {
    if (this.#trouble) return;
    // After trouble, one chunk goes ahead to see whether it is over.
    const isProbing = this.#fullSinceMs !== undefined;
    const limit = isProbing ? Math.max(0, 1 - this.#inFlight.length) : this.#unsent.length;
    for (const chunk of this.#unsent.splice(0, limit)) {
      this.#inFlight.push(chunk);
      const sequence = this.#sequence++;
      this.#run(chunk, sequence).then(
        (reply) => this.#onReply(chunk, reply),
        (error: unknown) => this.#onError(chunk, error),
      );
    }
  }

  #run(chunk: Chunk, sequence: number): Promise<unknown> {
    const { connection, keys, options } = this.#parts;
    const scriptKeys = [keys.fence(this.#identity.id), keys.topics, keys.usage];
    const args: Argument[] = [
      this.#identity.fence,
      this.#session,
      sequence,
      options.partitionBytesMax,
      options.logBytesMax,
      options.segmentBytes,
      options.retention,
    ];
    for (const part of chunk.parts) {
      scriptKeys.push(keys.stream(part), keys.meta(part), keys.segments(part), keys.offsets(part));
      args.push(part.topic, part.partition, part.count, part.payload, keys.channel(part));
    }
    return connection.run(scripts.produce, scriptKeys, args);
  }

  /** Replies come in the order in which chunks were sent. */
  #onReply(chunk: Chunk, reply: unknown): void {
    if (this.#inFlight[0] !== chunk) return; // It has failed already, with all the others.
    const [outcome, ...facts] = reply as ProduceReply;
    if (outcome === 'ok' && !this.#trouble) {
      this.#inFlight.shift();
      this.#fullSinceMs = undefined;
      this.#fullAttempts = 0;
      this.#acknowledge(chunk, facts as number[]);
      this.#admit();
      return;
    }
    if (outcome === 'fenced') {
      this.#failAll(fencedError(this.#identity, Number(facts[0])));
      return;
    }
    this.#refused(chunk, { outcome, facts } as Trouble);
  }

  #onError(chunk: Chunk, thrown: unknown): void {
    if (this.#inFlight[0] !== chunk) return;
    const error = toLogError(thrown, this.#parts.options.address);
    if (error.code === 'log.full') this.#refused(chunk, { outcome: 'out-of-memory', error });
    else this.#failAll(error);
  }

  /** The head was not appended; nor are those after it. Goes back once all have been answered. */
  #refused(chunk: Chunk, trouble: Trouble): void {
    this.#trouble ??= trouble;
    this.#inFlight.shift();
    this.#goBack.push(chunk);
    if (this.#inFlight.length > 0) return;
    this.#unsent = [...this.#goBack, ...this.#unsent];
    this.#goBack = [];
    this.#session = newId();
    this.#sequence = 0;
    void this.#settle(this.#trouble);
  }

  /** Deals with the cause, then sends again. Never rejects. */
  async #settle(trouble: Trouble): Promise<void> {
    const generation = this.#generation;
    try {
      await this.#remove(trouble);
    } catch (error) {
      if (generation !== this.#generation) return;
      this.#failAll(toLogError(error, this.#parts.options.address));
      return;
    }
    if (generation !== this.#generation) return;
    this.#trouble = undefined;
    this.#admit();
  }

  async #remove(trouble: Trouble): Promise<void> {
    const { topics } = this.#parts;
    switch (trouble.outcome) {
      case 'gap': // Another writer of the same owner came in between: a new session is all it takes.
        return;
      case 'unopened':
        await openIdentity(this.#identity, this.#parts);
        return;
      case 'unknown': {
        const [topic, partitions] = trouble.facts;
        await topics.recreate(topic);
        const beyond = this.#unsent[0]?.parts.find(
          (part) => part.topic === topic && part.partition >= (topics.known(topic) ?? 0),
        );
        if (!beyond) return;
        throw unknownPartitionError(topic, beyond.partition, topics.known(topic) ?? partitions);
      }
      case 'full':
        return this.#waitForRoom(partitionFullError(trouble.facts, this.#parts.options));
      case 'log-full':
        return this.#waitForRoom(logFullError(trouble.facts, this.#parts.options));
      case 'out-of-memory':
        return this.#waitForRoom(trouble.error);
    }
  }

  async #waitForRoom(error: SluiceError): Promise<void> {
    const { clock, fullWaitMs, random } = this.#parts.options;
    this.#fullSinceMs ??= clock.monotonicMs();
    this.#fullAttempts += 1;
    if (clock.monotonicMs() - this.#fullSinceMs >= fullWaitMs) throw error;
    await clock.sleep(backoffMs(this.#fullAttempts, { initialMs: 20, maxMs: 500 }, random));
  }

  #acknowledge(chunk: Chunk, offsets: readonly number[]): void {
    this.#bytesPending -= chunk.bytes;
    for (const [index, part] of chunk.parts.entries()) part.acknowledge(offsets[index] ?? -1);
    const { call } = chunk;
    call.chunksLeft -= 1;
    if (call.chunksLeft === 0 && !call.failed) call.resolve(call.acks);
  }

  #failAll(error: SluiceError): void {
    const chunks = [...this.#goBack, ...this.#inFlight, ...this.#unsent];
    const calls = new Set([...chunks.map(({ call }) => call), ...this.#waiting.splice(0)]);
    this.#goBack = [];
    this.#inFlight = [];
    this.#unsent = [];
    this.#bytesPending = 0;
    this.#session = newId();
    this.#sequence = 0;
    this.#trouble = undefined;
    this.#fullSinceMs = undefined;
    this.#fullAttempts = 0;
    this.#isPreparing = false;
    this.#generation += 1;
    for (const call of calls) {
      call.failed = true;
      call.reject(error);
    }
    this.#onIdle?.();
  }
}

type ProduceReply = readonly [outcome: string, ...facts: (string | number)[]];

type Trouble =
  | { readonly outcome: 'gap' | 'unopened' }
  | { readonly outcome: 'unknown'; readonly facts: readonly [topic: string, partitions: number] }
  | { readonly outcome: 'full'; readonly facts: FullFacts }
  | { readonly outcome: 'log-full'; readonly facts: readonly [bytes: string] }
  | { readonly outcome: 'out-of-memory'; readonly error: SluiceError };
