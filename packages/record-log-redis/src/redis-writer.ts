import { type SluiceError, stringifyExactJson } from '@sluice/kernel';
import {
  assertRecords,
  closedError,
  KeylessPartitions,
  type LogWriter,
  type ProduceAck,
  type SourceOffset,
  sourcePartitionName,
  type TopicBatch,
  type WriterIdentity,
} from '@sluice/record-log';

import { toLogError, unreachableError } from './errors.ts';
import { withFence } from './fence.ts';
import { encodeCall, type ProduceCall } from './produce-call.ts';
import { type PipelineParts, ProducePipeline } from './produce-pipeline.ts';
import { scripts } from './scripts.ts';

/** Enough to keep Redis busy over a network; beyond it, calls wait in order. */
const bytesInFlightMax = 4 * 1024 * 1024;

export interface WriterParts extends PipelineParts {
  readonly onClosed: (writer: RedisWriter) => void;
}

/**
 * Appends in the order of the calls. A call waits until its topics are known and fewer than
 * `bytesInFlightMax` bytes are pending, is encoded, and goes into the pipeline, whose failures refuse
 * the waiting calls as well.
 */
export class RedisWriter implements LogWriter {
  readonly #identity: WriterIdentity;
  readonly #parts: WriterParts;
  readonly #keyless: KeylessPartitions;
  readonly #pipeline: ProducePipeline;
  #waiting: ProduceCall[] = [];
  /** The attempt to create topics that the first waiting call needs. */
  #preparing: Promise<void> | undefined;
  #isClosing = false;
  readonly #onIdle = new Set<() => void>();

  constructor(identity: WriterIdentity, parts: WriterParts) {
    this.#identity = identity;
    this.#parts = parts;
    this.#keyless = new KeylessPartitions(parts.options.random);
    this.#pipeline = new ProducePipeline(identity, parts, {
      onAcknowledged: () => this.#admit(),
      onFailed: (error) => this.#failWaiting(error),
    });
  }

  produce(batches: readonly TopicBatch[]): Promise<ProduceAck[]> {
    return new Promise((resolve, reject) => {
      if (this.#isClosing) throw closedError(`the writer of '${this.#identity.id}'`);
      assertRecords(batches, this.#parts.options.recordBytesMax);
      this.#waiting.push({ batches, acks: [], resolve, reject, chunksLeft: 0 });
      this.#admit();
    });
  }

  async commitSourceOffsets(connector: string, offsets: readonly SourceOffset[]): Promise<void> {
    if (this.#isClosing) throw closedError(`the writer of '${this.#identity.id}'`);
    if (offsets.length === 0) return;
    const { connection, keys } = this.#parts;
    const args = offsets.flatMap(({ partition, offset }) => [
      sourcePartitionName(partition),
      offset === null ? '' : stringifyExactJson(offset),
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
    if (this.#isBusy()) await new Promise<void>((resolve) => this.#onIdle.add(resolve));
    this.#parts.onClosed(this);
  }

  /** Refuses all that is pending: its connection has been cut. */
  cut(): void {
    if (!this.#isBusy()) return;
    const { address } = this.#parts.options;
    this.#pipeline.fail(unreachableError(address, new Error('connection was cut')));
  }

  #isBusy(): boolean {
    return this.#waiting.length > 0 || this.#pipeline.isBusy;
  }

  #admit(): void {
    while (!this.#preparing && this.#pipeline.bytesPending < bytesInFlightMax) {
      const call = this.#waiting[0];
      if (!call) break;
      const topics = call.batches.map(({ topic }) => topic);
      const unknown = topics.filter((topic) => this.#parts.topics.known(topic) === undefined);
      if (unknown.length > 0) {
        this.#preparing = this.#prepare(unknown);
        break;
      }
      this.#waiting.shift();
      this.#encode(call);
    }
    if (this.#isBusy()) return;
    for (const resolve of this.#onIdle) resolve();
    this.#onIdle.clear();
  }

  #encode(call: ProduceCall): void {
    const { options, topics } = this.#parts;
    const { entryBytesMax, chunkBytesMax, clock } = options;
    try {
      const chunks = encodeCall(call, {
        partitionsOf: (topic) => topics.known(topic) ?? 0,
        keyless: this.#keyless,
        entryBytesMax,
        chunkBytesMax,
        nowMs: clock.wallMs(),
      });
      if (chunks.length === 0) call.resolve(call.acks);
      this.#pipeline.add(chunks);
    } catch (error) {
      call.reject(error);
    }
  }

  /** Creates topics that are not known here; meanwhile, later calls wait. Never rejects. */
  async #prepare(topics: readonly string[]): Promise<void> {
    await Promise.resolve(); // So that `preparing` is set before this goes on.
    const own = this.#preparing;
    let failure: unknown;
    try {
      await this.#parts.topics.ensure(topics);
    } catch (error) {
      failure = error;
    }
    if (own !== this.#preparing) return; // All that waited has failed meanwhile.
    this.#preparing = undefined;
    if (failure !== undefined)
      this.#pipeline.fail(toLogError(failure, this.#parts.options.address));
    this.#admit();
  }

  #failWaiting(error: SluiceError): void {
    const failed = this.#waiting;
    this.#waiting = [];
    this.#preparing = undefined;
    for (const call of failed) call.reject(error);
    this.#admit();
  }
}
