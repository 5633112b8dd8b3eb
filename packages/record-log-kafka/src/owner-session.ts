/**
 * One owner's standing in Kafka: the producer id and epoch under its transactional id, shared by the writer
 * and the reader that it has in this client.
 *
 *     closed ──open──▶ open ──endProducer──▶ over ──open──▶ open | fenced
 *
 * Kafka gives a transactional id to whoever asked last, and does not know our fences: `open` therefore takes the
 * id, then asks the fence register whether a newer owner exists. An older one that comes late thus learns
 * that it is fenced; the newer one, whose epoch it took, opens again and goes on.
 */
import { backoffMs, type SluiceError, toError } from '@sluice/kernel';
import {
  fencedError,
  outcomeUnknownError,
  type TopicPartition,
  type WriterIdentity,
} from '@sluice/record-log';

import type { Call } from './call.ts';
import type { CoordinatorKind, KafkaCluster } from './cluster.ts';
import { isProducerOver, producerIsOver, producerOverError, toLogError } from './errors.ts';
import type { Registration } from './fence-register.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import { errorCodes } from './wire/error-codes.ts';
import type { KafkaRequest } from './wire/request.ts';
import {
  addPartitionsToTxnRequest,
  endTxnRequest,
  initProducerIdRequest,
} from './wire/transactions.ts';

const openAttemptsMax = 5;
const transactAttemptsMax = 10;
const retry = { initialMs: 20, maxMs: 500 };
/** Of a transaction that is given up. */
const abortWithinMs = 2_000;
const sequencesMax = 2 ** 31;

/** Asks whether a newer owner exists; stores our fence if it is the highest. */
export type RegisterFence = (call: Call, session: OwnerSession) => Promise<Registration>;

export class OwnerSession {
  readonly identity: WriterIdentity;
  readonly #cluster: KafkaCluster;
  readonly #options: CompiledKafkaLogOptions;
  readonly #registerFence: RegisterFence;
  #producer: Producer | undefined;
  #opening: Promise<void> | undefined;
  #fenced: SluiceError | undefined;
  /** What the broker said to the producer before. */
  #refusal: Error | undefined;
  /** Transactions of one id cannot overlap. */
  #transaction: Promise<unknown> = Promise.resolve();

  constructor(
    identity: WriterIdentity,
    cluster: KafkaCluster,
    options: CompiledKafkaLogOptions,
    registerFence: RegisterFence,
  ) {
    this.identity = identity;
    this.#cluster = cluster;
    this.#options = options;
    this.#registerFence = registerFence;
  }

  /** While it is being opened, the register alone may use it. */
  get producer(): Producer | undefined {
    return this.#producer;
  }

  /** It has a producer, and the register knows of no newer owner. */
  get isOpen(): boolean {
    return this.#producer !== undefined && this.#opening === undefined;
  }

  /** It cannot be used any more; unless another one is there already. */
  endProducer(producer: Producer): void {
    if (this.#producer === producer) this.#producer = undefined;
  }

  /** For the message, should it turn out that we are fenced. */
  noteRefusal(refusal: Error): void {
    this.#refusal = refusal;
  }

  /** With a producer when it resolves. @throws `log.fenced`, from then on always; `log.unreachable`. */
  async open(call: Call): Promise<void> {
    if (this.#fenced) throw this.#fenced;
    if (this.isOpen) return;
    this.#opening ??= this.#open(call).finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
  }

  /**
   * Runs `work` within a transaction of its own and commits it. If the producer turns out to be over, again with a
   * new one, unless we are fenced: older owners that come late may take the epoch one after the other.
   */
  async transaction(call: Call, work: (producer: Producer) => Promise<void>): Promise<void> {
    await this.#alone(() => this.#untilOwned(call, () => this.#transact(call, work)));
  }

  /**
   * The same, but committed once: `work` may be repeated only if it was surely not committed.
   * @throws `log.outcome_unknown` if the commit was asked for and not answered.
   */
  async transactionOnce(call: Call, work: (producer: Producer) => Promise<void>): Promise<void> {
    await this.#alone(async () => {
      const producer = await this.#untilOwned(call, async () => {
        const begun = await this.#begin(call);
        try {
          await work(begun);
        } catch (error) {
          await this.#abort(begun);
          throw error;
        }
        return begun;
      });
      try {
        // Not by the time of the call: nothing may be left in the middle.
        await this.#end(this.#cluster.begin(), producer, true);
      } catch (error) {
        this.endProducer(producer);
        this.noteRefusal(toError(error));
        throw outcomeUnknownError(this.identity, toError(error));
      }
    });
  }

  /** To be answered before the transaction's first records go there. */
  async addPartitions(
    call: Call,
    { id: producerId, epoch: producerEpoch }: Producer,
    partitions: readonly TopicPartition[],
  ): Promise<void> {
    const transactionalId = this.identity.id;
    await this.ask(
      call,
      ['transaction', transactionalId],
      addPartitionsToTxnRequest({ transactionalId, producerId, producerEpoch, partitions }),
      (answer) => answer.partitions.find(({ errorCode }) => errorCode !== 0)?.errorCode ?? 0,
    );
  }

  async #alone(work: () => Promise<void>): Promise<void> {
    const before = this.#transaction;
    const done = Promise.withResolvers<void>();
    this.#transaction = done.promise;
    await before;
    try {
      await work();
    } finally {
      done.resolve();
    }
  }

  async #untilOwned<Result>(call: Call, attempt: () => Promise<Result>): Promise<Result> {
    for (let count = 1; ; count += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!isProducerOver(error)) throw error;
        this.noteRefusal(toError(error));
        if (count === transactAttemptsMax || call.isOver) throw error;
        await this.#options.clock.sleep(backoffMs(count, retry, this.#options.random));
      }
    }
  }

  async #transact(call: Call, work: (producer: Producer) => Promise<void>): Promise<void> {
    const producer = await this.#begin(call);
    try {
      await work(producer);
      await this.#end(call, producer, true);
    } catch (error) {
      // A new epoch aborts what was begun, and nothing of it can arrive any more.
      this.endProducer(producer);
      throw error;
    }
  }

  async #begin(call: Call): Promise<Producer> {
    call.assertGoing();
    await this.open(call);
    if (!this.#producer) throw producerOverError(this.#options.address);
    return this.#producer;
  }

  async #end(call: Call, producer: Producer, commit: boolean): Promise<void> {
    const { id: producerId, epoch: producerEpoch } = producer;
    await this.ask(
      call,
      ['transaction', this.identity.id],
      endTxnRequest({ transactionalId: this.identity.id, producerId, producerEpoch, commit }),
      ({ errorCode }) => errorCode,
    );
  }

  /** Now, so that readers need not wait for it. If it cannot be said, the next epoch says it. */
  async #abort(producer: Producer): Promise<void> {
    // Whatever of it is still on the way comes under an epoch that is over.
    this.endProducer(producer);
    await this.#end(this.#cluster.begin(abortWithinMs), producer, false).catch(() => {});
  }

  /** A request to a coordinator. @throws an error that `isProducerOver` knows, or as `toLogError`. */
  async ask<Result>(
    call: Call,
    coordinator: readonly [CoordinatorKind, string],
    request: KafkaRequest<Result>,
    codeOf: (result: Result) => number,
    /** What an error is about. Default: the group or the transactional id. */
    whatOf = (_code: number): string => `${coordinator[0]} '${coordinator[1]}'`,
  ): Promise<Result> {
    const result = await this.#cluster.askCoordinator(call, coordinator, request, codeOf);
    const code = codeOf(result);
    if (code === 0) return result;
    const { address } = this.#options;
    // A transaction coordinator that is asked for a new epoch while it ends a transaction may say just that it
    // failed: a new epoch clears that up as well.
    if (producerIsOver.has(code) || code === errorCodes.UNKNOWN_SERVER_ERROR)
      throw producerOverError(address, code);
    throw toLogError(code, whatOf(code), address);
  }

  async #open(call: Call): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      let producer: Producer | undefined;
      try {
        producer = await this.#takeOver(call);
        this.#producer = producer;
        const { newerFence, hasMarked } = await this.#registerFence(call, this);
        if (newerFence !== undefined) {
          this.#fenced = fencedError(this.identity, newerFence, this.#refusal);
          throw this.#fenced;
        }
        // Answered when the marks are in their partitions, which ending a transaction does not wait for.
        if (hasMarked) this.#producer = producer = await this.#takeOver(call);
        // It may have been ended meanwhile, by what was sent under the one before.
        if (this.#producer !== producer) throw producerOverError(this.#options.address);
        return;
      } catch (error) {
        if (producer) this.endProducer(producer);
        // Another owner took the id at the same moment: the register will tell which of us is the newer.
        if (!isProducerOver(error) || attempt === openAttemptsMax) throw error;
        await this.#options.clock.sleep(backoffMs(attempt, retry, this.#options.random));
      }
    }
  }

  /** What the producer before left open is aborted by it. */
  async #takeOver(call: Call): Promise<Producer> {
    const { id } = this.identity;
    const { producerId, producerEpoch } = await this.ask(
      call,
      ['transaction', id],
      initProducerIdRequest({
        transactionalId: id,
        transactionTimeoutMs: this.#options.transactionTimeoutMs,
      }),
      ({ errorCode }) => errorCode,
    );
    return new Producer(producerId, producerEpoch);
  }
}

/** A producer id and epoch, with the next sequence number in each partition. */
export class Producer {
  readonly id: number;
  readonly epoch: number;
  readonly #sequences = new Map<string, number>();

  constructor(id: number, epoch: number) {
    this.id = id;
    this.epoch = epoch;
  }

  /** For `count` records; Kafka's sequences wrap around after 2^31 − 1. */
  takeSequence(partition: string, count: number): number {
    const base = this.#sequences.get(partition) ?? 0;
    this.#sequences.set(partition, (base + count) % sequencesMax);
    return base;
  }

  /** The records from `base` on were not appended, and none after them. */
  giveBackSequence(partition: string, base: number): void {
    this.#sequences.set(partition, base);
  }
}
