/**
 * Appends for one owner. Calls are admitted one after another, in their order: partitions are chosen, sizes
 * checked, the owner's standing and the topics made sure of; then their records wait in the pipeline.
 *
 *     waiting ──admitted──▶ outstanding ──acknowledged──▶ done
 *                                └── a retriable failure: it and all later calls fail with it
 *
 * The producer is over (a newer owner, or the broker lost its state): what is outstanding is sent again in order
 * under a new one, unless the register says that we are fenced; then everything fails, now and later.
 */
import { isFenced, isRetriable, SluiceError, toError } from '@sluice/kernel';
import {
  assertPartitions,
  assertRecords,
  closedError,
  KeylessPartitions,
  type LogWriter,
  type ProduceAck,
  RecordsRefusedError,
  type RefusedRecord,
  type SourceOffset,
  type SourceTransaction,
  type TopicBatch,
} from '@sluice/record-log';

import type { Call } from './call.ts';
import type { KafkaCluster } from './cluster.ts';
import { isProducerOver, unreachableError } from './errors.ts';
import type { FenceRegister } from './fence-register.ts';
import type { KnownTopic } from './metadata.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import type { OwnerSession } from './owner-session.ts';
import type { PartitionRecords } from './partition-records.ts';
import { type PlannedProduce, planProduce, refusalsOf, tellOffsets } from './planned-produce.ts';
import type { Chunk, OffsetRun } from './produce-lane.ts';
import type { ProducePipeline } from './produce-pipeline.ts';
import type { SourceOffsets } from './source-offsets.ts';
import { transact } from './source-transaction.ts';
import type { TopicCatalog } from './topic-catalog.ts';

export interface KafkaWriterParts {
  readonly cluster: KafkaCluster;
  readonly options: CompiledKafkaLogOptions;
  readonly session: OwnerSession;
  readonly pipeline: ProducePipeline;
  readonly register: FenceRegister;
  readonly topics: TopicCatalog;
  readonly sourceOffsets: SourceOffsets;
  readonly onClosed: (writer: KafkaWriter) => void;
}

/** As Kafka's `buffer.memory`, for each writer. */
const bytesInFlightMax = 32 * 1024 * 1024;
/** In a row, before the records are given back. */
const recoveriesMax = 3;

/** One call's part for one partition. */
interface Outstanding {
  readonly part: PartitionRecords;
  readonly acknowledged: (outcome: readonly OffsetRun[]) => void;
  readonly failed: (error: SluiceError) => void;
}

export class KafkaWriter implements LogWriter {
  readonly #parts: KafkaWriterParts;
  readonly #keyless: KeylessPartitions;
  /** Topics that the register knows of. */
  readonly #registered = new Set<string>();
  /** In the order of submission. */
  readonly #outstanding = new Set<Outstanding>();
  /** What the next call waits for: the admission of the one before. */
  #admission: Promise<void> = Promise.resolve();
  #recovering: Promise<void> | undefined;
  #recoveries = 0;
  /** Of failures; a call that began before the last one fails with it. */
  #failures = 0;
  #lastFailure: SluiceError | undefined;
  #bytesInFlight = 0;
  #roomWaiters: (() => void)[] = [];
  #isClosed = false;

  constructor(parts: KafkaWriterParts) {
    this.#parts = parts;
    this.#keyless = new KeylessPartitions(parts.options.random);
  }

  async produce(batches: readonly TopicBatch[]): Promise<ProduceAck[]> {
    this.#assertOpen();
    const bytes = assertRecords(batches, this.#parts.options.recordBytesMax);
    const failures = this.#failures;
    const before = this.#admission;
    const admitted = Promise.withResolvers<void>();
    this.#admission = admitted.promise;
    let acks: Promise<ProduceAck[]>;
    try {
      await before;
      this.#assertNoFailureSince(failures);
      const topics = await this.#admit(batches, bytes);
      this.#assertNoFailureSince(failures);
      acks = this.#submit(batches, topics);
    } catch (error) {
      this.#failLater(error);
      throw error;
    } finally {
      admitted.resolve();
    }
    this.#bytesInFlight += bytes;
    try {
      return await acks;
    } finally {
      this.#bytesInFlight -= bytes;
      this.#wakeRoomWaiters();
    }
  }

  async commitSourceOffsets(connector: string, offsets: readonly SourceOffset[]): Promise<void> {
    this.#assertOpen();
    if (offsets.length === 0) return;
    const { cluster, session, sourceOffsets } = this.#parts;
    await sourceOffsets.commit(cluster.begin(), session, connector, offsets);
  }

  /** Not while records are produced: a producer that is over would end the transaction's as well. */
  async transact({ batches, connector, offsets }: SourceTransaction): Promise<ProduceAck[]> {
    this.#assertOpen();
    const filled = batches.filter(({ records }) => records.length > 0);
    const bytes = assertRecords(batches, this.#parts.options.recordBytesMax);
    const topics = await this.#admit(filled, bytes);
    const planned = this.#plan(batches, topics);
    if (planned.parts.length === 0 && offsets.length === 0) return planned.acks;
    await transact(this.#parts, planned, { batches, connector, offsets });
    return planned.acks;
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#admission;
    while (this.#outstanding.size > 0) await this.#room();
    this.#parts.onClosed(this);
  }

  /** The sockets were cut: nothing that was accepted can be acknowledged any more. */
  cut(error: SluiceError): void {
    this.#failAll(error);
  }

  #assertOpen(): void {
    if (this.#isClosed || this.#parts.cluster.isClosed) {
      throw closedError(`the writer of '${this.#parts.session.identity.id}'`);
    }
  }

  async #admit(
    batches: readonly TopicBatch[],
    bytes: number,
  ): Promise<ReadonlyMap<string, KnownTopic>> {
    const { cluster, session, topics: catalog, register } = this.#parts;
    await this.#recovering;
    while (this.#bytesInFlight > 0 && this.#bytesInFlight + bytes > bytesInFlightMax) {
      await this.#room();
    }
    const names = [...new Set(batches.map(({ topic }) => topic))];
    const { metadata } = cluster;
    // The common case takes no turn of the event loop.
    const isReady =
      session.isOpen &&
      names.every((name) => this.#registered.has(name) && metadata.topic(name) !== undefined);
    if (!isReady) {
      const call = cluster.begin();
      await session.open(call);
      await this.#find(call, names, catalog);
      const added = names.filter((name) => !this.#registered.has(name));
      await this.#untilAccepted(() => register.addTopics(call, session, added), call);
      for (const name of added) this.#registered.add(name);
    }
    let topics = metadata.pick(names);
    if (hasUnknownPartition(batches, topics)) {
      // It may have been added since.
      await cluster.refresh(cluster.begin(), names);
      topics = metadata.pick(names);
    }
    assertPartitions(batches, (topic) => topics.get(topic)?.leaders.length ?? 0);
    return topics;
  }

  async #find(call: Call, names: readonly string[], catalog: TopicCatalog): Promise<void> {
    if (names.length > 0) await catalog.forProduce(call, names);
  }

  /** Another owner with the same fence, or an older one that is late, may take the epoch meanwhile. */
  async #untilAccepted(work: () => Promise<void>, call: Call): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await this.#parts.session.open(call);
        return await work();
      } catch (error) {
        if (!isProducerOver(error) || attempt === recoveriesMax) throw error;
      }
    }
  }

  #submit(
    batches: readonly TopicBatch[],
    topics: ReadonlyMap<string, KnownTopic>,
  ): Promise<ProduceAck[]> {
    const { acks, parts } = this.#plan(batches, topics);
    const refused: RefusedRecord[] = [];
    const waits = parts.map(
      ({ batch, part }) =>
        new Promise<void>((resolve, reject) => {
          const acknowledged = (outcome: readonly OffsetRun[]): void => {
            tellOffsets(part, outcome, acks[batch]?.offsets);
            for (const { index, error } of refusalsOf(part, outcome))
              refused.push({ batch, index, error });
            resolve();
          };
          this.#send({ part, acknowledged, failed: reject });
        }),
    );
    return Promise.all(waits).then(() => {
      if (refused.length > 0) throw new RecordsRefusedError(refused, acks);
      return acks;
    });
  }

  #plan(batches: readonly TopicBatch[], topics: ReadonlyMap<string, KnownTopic>): PlannedProduce {
    return planProduce(batches, {
      partitionsOf: (topic) => topics.get(topic)?.leaders.length ?? 1,
      keyless: this.#keyless,
      batchBytesMax: this.#parts.options.batchBytesMax,
    });
  }

  #send(outstanding: Outstanding): void {
    this.#outstanding.add(outstanding);
    // Else the recovery submits it, after those before it.
    if (!this.#recovering) this.#parts.pipeline.submit(this.#chunkOf(outstanding));
  }

  #chunkOf(outstanding: Outstanding): Chunk {
    const { topic, partition, records, bytes } = outstanding.part;
    return {
      session: this.#parts.session,
      topic,
      partition,
      records,
      bytes,
      isTransactional: false,
      settle: (problem, outcome) => this.#settled(outstanding, problem, outcome),
    };
  }

  #settled(
    outstanding: Outstanding,
    problem: SluiceError | undefined,
    outcome: readonly OffsetRun[],
  ): void {
    if (!this.#outstanding.has(outstanding)) return;
    if (problem === undefined) {
      this.#recoveries = 0;
      this.#outstanding.delete(outstanding);
      outstanding.acknowledged(outcome);
    } else if (isProducerOver(problem)) {
      if (!this.#recovering) this.#beginRecovery(problem);
    } else if (problem.retriable || problem.fenced) {
      this.#failAll(problem);
    } else {
      this.#outstanding.delete(outstanding);
      outstanding.failed(problem);
    }
    // Its call may have failed before, with another part of it: who waits for this one must hear of it.
    this.#wakeRoomWaiters();
  }

  #beginRecovery(reason: SluiceError): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    // Before anything else: what it abandons is settled within this very call.
    this.#recovering = promise;
    void this.#recover(reason).finally(resolve);
  }

  /** Never rejects. The producer that is over was ended by whoever learned it; there may be another by now. */
  async #recover(reason: SluiceError): Promise<void> {
    const { cluster, session, pipeline } = this.#parts;
    session.noteRefusal(reason);
    try {
      this.#recoveries += 1;
      if (this.#recoveries > recoveriesMax) throw reason;
      pipeline.abandon(session, reason);
      await session.open(cluster.begin());
      // From here on, a producer that is over is a new reason to recover.
      this.#recovering = undefined;
      for (const outstanding of this.#outstanding) pipeline.submit(this.#chunkOf(outstanding));
    } catch (error) {
      this.#recoveries = 0;
      this.#recovering = undefined;
      this.#failAll(this.#asLogError(error));
    }
  }

  /** What failed a call before it was submitted fails those behind it, if they would be out of order. */
  #failLater(error: unknown): void {
    if (isRetriable(error) || isFenced(error)) this.#failAll(this.#asLogError(error));
  }

  #failAll(error: SluiceError): void {
    this.#failures += 1;
    this.#lastFailure = error;
    const failed = [...this.#outstanding];
    this.#outstanding.clear();
    if (failed.length > 0) this.#parts.pipeline.abandon(this.#parts.session, error);
    for (const each of failed) each.failed(error);
    this.#wakeRoomWaiters();
  }

  #assertNoFailureSince(failures: number): void {
    if (failures !== this.#failures && this.#lastFailure) throw this.#lastFailure;
  }

  #asLogError(error: unknown): SluiceError {
    return error instanceof SluiceError
      ? error
      : unreachableError(this.#parts.options.address, toError(error));
  }

  #room(): Promise<void> {
    return new Promise((resolve) => this.#roomWaiters.push(resolve));
  }

  #wakeRoomWaiters(): void {
    for (const wake of this.#roomWaiters.splice(0)) wake();
  }
}

function hasUnknownPartition(
  batches: readonly TopicBatch[],
  topics: ReadonlyMap<string, KnownTopic>,
): boolean {
  return batches.some(({ topic, records }) => {
    const count = topics.get(topic)?.leaders.length ?? 0;
    return records.some(({ partition = 0 }) => partition >= count);
  });
}
