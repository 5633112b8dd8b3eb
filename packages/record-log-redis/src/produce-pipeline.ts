import { assertNever, backoffMs, newId, SluiceError } from '@sluice/kernel';
import { fencedError, unknownPartitionError, type WriterIdentity } from '@sluice/record-log';

import type { Argument, Connection } from './connection.ts';
import { type FullFacts, logFullError, partitionFullError, toLogError } from './errors.ts';
import { openIdentity } from './fence.ts';
import type { Keys } from './keys.ts';
import type { CompiledRedisLogOptions } from './options.ts';
import type { Chunk } from './produce-call.ts';
import type { Reclaimer } from './reclaimer.ts';
import { scripts } from './scripts.ts';
import type { TopicCatalog } from './topic-catalog.ts';

const refusalsMax = 20; // Two writers of one owner may well get in each other's way a few times.

export interface PipelineParts {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly topics: TopicCatalog;
  readonly reclaimer: Reclaimer;
  readonly options: CompiledRedisLogOptions;
}

export interface PipelineOwner {
  /** Fewer bytes are pending than before. */
  readonly onAcknowledged: () => void;
  /** Everything that was pending has been refused. */
  readonly onFailed: (error: SluiceError) => void;
}

/**
 * Sends chunks in order, several in flight ("go back n"). Each is one run of the produce script, numbered
 * within a session; the script refuses a chunk whose predecessor it has not appended.
 *
 * - `flowing`: what is added is sent at once.
 * - A chunk is refused for want of room, or since its topic or the owner's fence has vanished: so are those
 *   after it. Once the last reply has come, the cause is dealt with, and all are sent again in a new
 *   session. After a want of room the first goes alone, to see whether there is some now.
 * - No room for `fullWaitMs`, a lost connection, a newer owner: everything pending fails. A chunk that
 *   was in flight may have been appended.
 */
export class ProducePipeline {
  readonly #identity: WriterIdentity;
  readonly #parts: PipelineParts;
  readonly #owner: PipelineOwner;
  #unsent: Chunk[] = [];
  #inFlight: Chunk[] = [];
  /** Refused, in order, until the last one in flight is answered. */
  #refused: Chunk[] = [];
  #bytesPending = 0;
  #session = newId();
  #sequence = 0;
  /** Set from the first refusal until its cause is dealt with. */
  #trouble: Trouble | undefined;
  #fullSinceMs: number | undefined;
  #fullAttempts = 0;
  /** Refusals since the last acknowledgement, other than for want of room. */
  #refusals = 0;
  /** Counts failures; what was begun before one must not go on after it. */
  #generation = 0;

  constructor(identity: WriterIdentity, parts: PipelineParts, owner: PipelineOwner) {
    this.#identity = identity;
    this.#parts = parts;
    this.#owner = owner;
  }

  get bytesPending(): number {
    return this.#bytesPending;
  }

  get isBusy(): boolean {
    return this.#unsent.length + this.#inFlight.length + this.#refused.length > 0;
  }

  add(chunks: readonly Chunk[]): void {
    for (const chunk of chunks) {
      this.#bytesPending += chunk.bytes;
      this.#unsent.push(chunk);
    }
    this.#send();
  }

  /** Refuses everything that is pending. */
  fail(error: SluiceError): void {
    const calls = new Set(
      [...this.#refused, ...this.#inFlight, ...this.#unsent].map(({ call }) => call),
    );
    this.#refused = [];
    this.#inFlight = [];
    this.#unsent = [];
    this.#bytesPending = 0;
    this.#trouble = undefined;
    this.#fullSinceMs = undefined;
    this.#fullAttempts = 0;
    this.#refusals = 0;
    this.#generation += 1;
    this.#beginSession();
    for (const call of calls) call.reject(error);
    this.#owner.onFailed(error);
  }

  #beginSession(): void {
    this.#session = newId();
    this.#sequence = 0;
  }

  #send(): void {
    if (this.#trouble) return;
    const isProbing = this.#fullSinceMs !== undefined;
    const count = isProbing ? Math.max(0, 1 - this.#inFlight.length) : this.#unsent.length;
    for (const chunk of this.#unsent.splice(0, count)) {
      this.#inFlight.push(chunk);
      this.#run(chunk, this.#sequence++).then(
        (reply) => this.#onReply(chunk, reply as ProduceReply),
        (error: unknown) => this.#onError(chunk, error),
      );
    }
  }

  #run(chunk: Chunk, sequence: number): Promise<unknown> {
    const { connection, keys, options } = this.#parts;
    const scriptKeys = [keys.fence(this.#identity.id), keys.topics, keys.usage, keys.time];
    const args: Argument[] = [
      this.#identity.fence,
      this.#session,
      sequence,
      options.partitionBytesMax,
      options.logBytesMax,
      options.segmentBytes,
      options.retention,
      options.groupRetentionMs,
    ];
    for (const part of chunk.parts) {
      scriptKeys.push(keys.stream(part), keys.meta(part), keys.segments(part), keys.offsets(part));
      args.push(part.topic, part.partition, part.count, part.payload, keys.channel(part));
    }
    return connection.run(scripts.produce, scriptKeys, args);
  }

  /** Replies come in the order in which chunks were sent. */
  #onReply(chunk: Chunk, [outcome, ...facts]: ProduceReply): void {
    if (this.#inFlight[0] !== chunk) return; // It has failed already, with all the others.
    if (outcome === 'fenced') {
      this.fail(fencedError(this.#identity, Number(facts[0])));
    } else if (outcome === 'ok' && !this.#trouble) {
      this.#acknowledge(chunk, facts as number[]);
    } else {
      this.#refuse(chunk, { outcome, facts } as Trouble);
    }
  }

  #onError(chunk: Chunk, thrown: unknown): void {
    if (this.#inFlight[0] !== chunk) return;
    const error = toLogError(thrown, this.#parts.options.address);
    if (error.code === 'log.full') this.#refuse(chunk, { outcome: 'out-of-memory', error });
    else this.fail(error);
  }

  #acknowledge(chunk: Chunk, offsets: readonly number[]): void {
    this.#inFlight.shift();
    this.#fullSinceMs = undefined;
    this.#fullAttempts = 0;
    this.#refusals = 0;
    this.#bytesPending -= chunk.bytes;
    for (const [index, part] of chunk.parts.entries()) part.acknowledge(offsets[index] ?? -1);
    const { call } = chunk;
    call.chunksLeft -= 1;
    if (call.chunksLeft === 0) call.resolve(call.acks);
    this.#send();
    this.#owner.onAcknowledged();
  }

  #refuse(chunk: Chunk, trouble: Trouble): void {
    this.#trouble ??= trouble;
    this.#inFlight.shift();
    this.#refused.push(chunk);
    if (this.#inFlight.length > 0) return;
    this.#unsent = [...this.#refused, ...this.#unsent];
    this.#refused = [];
    this.#beginSession();
    void this.#settle(this.#trouble);
  }

  /** Deals with the cause, then sends again. Never rejects. */
  async #settle(trouble: Trouble): Promise<void> {
    const generation = this.#generation;
    try {
      await this.#remove(trouble);
    } catch (error) {
      if (generation !== this.#generation) return;
      this.fail(toLogError(error, this.#parts.options.address));
      return;
    }
    if (generation !== this.#generation) return;
    this.#trouble = undefined;
    this.#send();
  }

  async #remove(trouble: Trouble): Promise<void> {
    switch (trouble.outcome) {
      case 'gap': // Another writer of the same owner came in between: a new session is all it takes.
        return this.#countRefusal(trouble);
      case 'unopened':
        this.#countRefusal(trouble);
        return openIdentity(this.#identity, this.#parts);
      case 'unknown':
        this.#countRefusal(trouble);
        return this.#recreate(trouble.facts[0]);
      case 'full':
        return this.#waitForRoom(partitionFullError(trouble.facts, this.#parts.options));
      case 'log-full':
        await this.#parts.reclaimer.reclaim();
        return this.#waitForRoom(logFullError(trouble.facts, this.#parts.options));
      case 'out-of-memory':
        await this.#parts.reclaimer.reclaim();
        return this.#waitForRoom(trouble.error);
      default:
        return assertNever(trouble);
    }
  }

  #countRefusal({ outcome }: Trouble): void {
    this.#refusals += 1;
    if (this.#refusals <= refusalsMax) return;
    throw new SluiceError(
      'log.unreachable',
      `Redis at ${this.#parts.options.address} keeps refusing what '${this.#identity.id}' writes (${outcome}): somebody removes its topics or keys as fast as they are made`,
      { retriable: true, details: { identity: this.#identity.id, outcome } },
    );
  }

  /** Records are encoded for the partitions that the topic had; it may have come back with fewer. */
  async #recreate(topic: string): Promise<void> {
    const { topics } = this.#parts;
    const partitions = await topics.recreate(topic);
    const beyond = this.#unsent[0]?.parts.find(
      (part) => part.topic === topic && part.partition >= partitions,
    );
    if (beyond) throw unknownPartitionError(topic, beyond.partition, partitions);
  }

  async #waitForRoom(error: SluiceError): Promise<void> {
    const { clock, fullWaitMs, random } = this.#parts.options;
    this.#fullSinceMs ??= clock.monotonicMs();
    this.#fullAttempts += 1;
    if (clock.monotonicMs() - this.#fullSinceMs >= fullWaitMs) throw error;
    await clock.sleep(backoffMs(this.#fullAttempts, { initialMs: 20, maxMs: 500 }, random));
  }
}

type ProduceReply = readonly [outcome: string, ...facts: (string | number)[]];

type Trouble =
  | { readonly outcome: 'gap' | 'unopened' }
  | { readonly outcome: 'unknown'; readonly facts: readonly [topic: string, partitions: number] }
  | { readonly outcome: 'full'; readonly facts: FullFacts }
  | { readonly outcome: 'log-full'; readonly facts: readonly [bytes: string] }
  | { readonly outcome: 'out-of-memory'; readonly error: SluiceError };
