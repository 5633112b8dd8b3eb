/**
 * Sends what the writers of one client append. A *lane* is one session's way into one partition: its chunks
 * go out in order, one batch at a time, merged while they wait. A request to a broker takes the next batch
 * of many lanes; a few requests to each broker are in flight.
 *
 * What a broker answers to a batch …
 * - appended: its chunks are settled with their offsets.
 * - "not me", "not enough replicas", no answer: the same batch again, with the same sequence numbers, so that the
 *   broker recognises what it has; until the delivery limit, then `log.unreachable`.
 * - too large for the topic: in halves; a single record is refused, and what is behind it goes on.
 * - another epoch, lost sequence: the session's producer is over; its chunks are settled with that.
 * `cut` settles everything at once. A batch whose fate is not known ends the session's producer, since its
 * sequence numbers may or may not have been used.
 */
import { backoffMs, SluiceError, type Timer, toError } from '@sluice/kernel';
import type { KafkaCluster } from './cluster.ts';
import {
  producerIsOver,
  producerOverError,
  toLogError,
  tooLargeForTopicError,
  unreachableError,
} from './errors.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import type { OwnerSession, Producer } from './owner-session.ts';
import {
  type Batch,
  byTopic,
  type Chunk,
  giveBack,
  halvesOf,
  type Lane,
  makeBatch,
  nameOf,
  takeChunks,
} from './produce-lane.ts';
import { errorCodes, isRetriableCode } from './wire/error-codes.ts';
import { produceRequest } from './wire/produce.ts';

/** As Kafka's `max.in.flight.requests.per.connection`. */
const requestsInFlightMax = 5;
const requestBytesMax = 8 * 1024 * 1024;
const retry = { initialMs: 20, maxMs: 1_000 };

export class ProducePipeline {
  readonly #cluster: KafkaCluster;
  readonly #options: CompiledKafkaLogOptions;
  readonly #lanes = new Map<OwnerSession, Map<string, Lane>>();
  /** Lanes with something to send, the longest waiting first. */
  readonly #ready = new Set<Lane>();
  readonly #inFlight = new Map<number, number>();
  readonly #timers = new Set<Timer>();
  #isPumping = false;

  constructor(cluster: KafkaCluster, options: CompiledKafkaLogOptions) {
    this.#cluster = cluster;
    this.#options = options;
  }

  /** The session must have a producer. Chunks of a session for a partition are appended in this order. */
  submit(chunk: Chunk): void {
    const lane = this.#laneOf(chunk);
    lane.waiting.push(chunk);
    if (lane.batch === undefined) this.#ready.add(lane);
    this.#pumpSoon();
  }

  /** Settles all that a session has pending, in flight or not. */
  abandon(session: OwnerSession, error: SluiceError): void {
    const lanes = this.#lanes.get(session);
    if (!lanes) return;
    for (const lane of lanes.values()) this.#abandonLane(lane, error);
    this.#lanes.delete(session);
  }

  /** Of a session that is not used any more. What it still has on the way stays. */
  forget(session: OwnerSession): void {
    const lanes = this.#lanes.get(session);
    for (const [name, { batch, waiting }] of lanes ?? []) {
      if (batch === undefined && waiting.length === 0) lanes?.delete(name);
    }
    if (lanes?.size === 0) this.#lanes.delete(session);
  }

  /** The sockets were cut, or are about to be. */
  cut(error: SluiceError): void {
    for (const session of this.#lanes.keys()) this.abandon(session, error);
    this.#ready.clear();
    for (const timer of this.#timers) timer.cancel();
    this.#timers.clear();
  }

  #laneOf({ session, topic, partition }: Chunk): Lane {
    let lanes = this.#lanes.get(session);
    if (!lanes) this.#lanes.set(session, (lanes = new Map()));
    const name = nameOf({ topic, partition });
    let lane = lanes.get(name);
    if (!lane) {
      lane = {
        session,
        topic,
        partition,
        waiting: [],
        batch: undefined,
      };
      lanes.set(name, lane);
    }
    return lane;
  }

  #abandonLane(lane: Lane, error: SluiceError): void {
    this.#ready.delete(lane);
    const { batch } = lane;
    if (batch && !batch.isSettled) {
      if (batch.attempts > 0) lane.session.endProducer(batch.producer);
      this.#settleBatch(batch, error);
    }
    for (const chunk of lane.waiting.splice(0)) chunk.settle(error, []);
  }

  /** Once for all that is submitted in this turn, so that it shares requests. */
  #pumpSoon(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    queueMicrotask(() => {
      this.#isPumping = false;
      this.#pump();
    });
  }

  #pump(): void {
    const byBroker = new Map<number, Lane[]>();
    const leaderless = new Set<string>();
    for (const lane of this.#ready) {
      const { metadata } = this.#cluster;
      const leader = metadata.isFresh(lane.topic)
        ? (metadata.topic(lane.topic)?.leaders[lane.partition] ?? -1)
        : -1;
      if (leader < 0) {
        leaderless.add(lane.topic);
        continue;
      }
      const lanes = byBroker.get(leader);
      if (lanes) lanes.push(lane);
      else byBroker.set(leader, [lane]);
    }
    for (const [broker, lanes] of byBroker) this.#sendTo(broker, lanes);
    if (leaderless.size > 0) void this.#findLeaders([...leaderless]);
  }

  #sendTo(broker: number, lanes: readonly Lane[]): void {
    let rest = lanes;
    while (rest.length > 0 && (this.#inFlight.get(broker) ?? 0) < requestsInFlightMax) {
      const { batches, left } = this.#takeBatches(rest);
      rest = left;
      if (batches.length > 0) void this.#send(broker, batches);
    }
  }

  /** What fits into one request: a partition once, and transactional batches of one session only. */
  #takeBatches(lanes: readonly Lane[]): { batches: Batch[]; left: Lane[] } {
    const batches: Batch[] = [];
    const left: Lane[] = [];
    const partitions = new Set<string>();
    let bytes = 0;
    let transactional: OwnerSession | false | undefined;
    for (const lane of lanes) {
      const first = lane.batch?.chunks[0] ?? lane.waiting[0];
      if (!first) {
        this.#ready.delete(lane);
        continue;
      }
      const mode = first.isTransactional ? lane.session : false;
      const name = nameOf(lane);
      const isOther = transactional !== undefined && transactional !== mode;
      if (isOther || partitions.has(name) || bytes >= requestBytesMax) {
        left.push(lane);
        continue;
      }
      this.#ready.delete(lane);
      const batch = lane.batch ?? this.#nextBatch(lane);
      if (!batch) continue;
      transactional = mode;
      partitions.add(name);
      for (const chunk of batch.chunks) bytes += chunk.bytes;
      batches.push(batch);
    }
    return { batches, left };
  }

  #nextBatch(lane: Lane): Batch | undefined {
    const { session } = lane;
    const mayGo = session.isOpen || lane.waiting[0]?.isOpening === true;
    const producer = mayGo ? session.producer : undefined;
    if (!producer) {
      // Ended since they were submitted: whoever submitted them decides.
      const error = producerOverError(this.#options.address);
      for (const chunk of lane.waiting.splice(0)) chunk.settle(error, []);
      return undefined;
    }
    const chunks = takeChunks(lane, this.#options.batchBytesMax);
    return this.#makeBatch(lane, producer, chunks);
  }

  #makeBatch(lane: Lane, producer: Producer, chunks: readonly Chunk[]): Batch {
    lane.batch = makeBatch(lane, producer, chunks, this.#options);
    return lane.batch;
  }

  async #send(broker: number, batches: readonly Batch[]): Promise<void> {
    const { requestTimeoutMs } = this.#options;
    this.#inFlight.set(broker, (this.#inFlight.get(broker) ?? 0) + 1);
    for (const batch of batches) batch.attempts += 1;
    try {
      const [first] = batches;
      const isTransactional = first?.chunks[0]?.isTransactional === true;
      const answer = await this.#cluster.ask(
        this.#cluster.begin(requestTimeoutMs),
        broker,
        produceRequest({
          transactionalId: isTransactional ? first.lane.session.identity.id : null,
          acks: -1,
          timeoutMs: requestTimeoutMs,
          topics: byTopic(batches),
        }),
        { purpose: 'produce' },
      );
      const answers = new Map(answer.partitions.map((each) => [nameOf(each), each]));
      for (const batch of batches) {
        const found = answers.get(nameOf(batch.lane));
        this.#answered(
          batch,
          found?.errorCode ?? errorCodes.UNKNOWN_SERVER_ERROR,
          found?.baseOffset,
        );
      }
    } catch (error) {
      for (const batch of batches) this.#unanswered(batch, error);
    } finally {
      this.#inFlight.set(broker, (this.#inFlight.get(broker) ?? 1) - 1);
      if (this.#ready.size > 0) this.#pumpSoon();
    }
  }

  #answered(batch: Batch, code: number, baseOffset = -1): void {
    const { lane } = batch;
    if (batch.isSettled) return this.#next(lane);
    if (code === 0) {
      let offset = baseOffset;
      batch.isSettled = true;
      for (const chunk of batch.chunks) {
        chunk.settle(undefined, [{ baseOffset: offset, count: chunk.records.length }]);
        offset += chunk.records.length;
      }
      return this.#next(lane);
    }
    const { address } = this.#options;
    if (tooLarge.has(code)) return this.#tooLarge(batch);
    if (isRetriableCode(code)) {
      this.#cluster.metadata.suspect(lane.topic);
      return this.#again(batch, toLogError(code, `topic '${lane.topic}'`, address));
    }
    // Refused before it was appended: its sequence numbers are free again. Of an earlier attempt nobody knows: if
    // that was appended, the next batch with these numbers would be taken for it, and acknowledged unwritten.
    if (refusedWhole.has(code) && batch.attempts === 1) giveBack(batch);
    else lane.session.endProducer(batch.producer);
    this.#settleBatch(
      batch,
      producerIsOver.has(code)
        ? producerOverError(address, code)
        : toLogError(code, `topic '${lane.topic}'`, address),
    );
    this.#next(lane);
  }

  #unanswered(batch: Batch, thrown: unknown): void {
    if (batch.isSettled) return this.#next(batch.lane);
    const { address } = this.#options;
    const error =
      thrown instanceof SluiceError ? thrown : unreachableError(address, toError(thrown));
    this.#cluster.metadata.suspect(batch.lane.topic);
    if (error.retriable && !this.#cluster.isClosed) return this.#again(batch, error);
    batch.lane.session.endProducer(batch.producer);
    this.#settleBatch(batch, error);
    this.#next(batch.lane);
  }

  /** The same batch once more, unless its time is over, or the reason does not pass. */
  #again(batch: Batch, error: SluiceError): void {
    const { clock, random } = this.#options;
    const pauseMs = backoffMs(batch.attempts, retry, random);
    if (error.retriable && clock.monotonicMs() + pauseMs < batch.deadlineMs) {
      this.#after(pauseMs, () => {
        if (batch.isSettled) return;
        this.#ready.add(batch.lane);
        this.#pump();
      });
      return;
    }
    batch.lane.session.endProducer(batch.producer);
    this.#settleBatch(batch, error);
    this.#next(batch.lane);
  }

  /** In halves: first the chunks apart, then the records of a chunk. */
  #tooLarge(batch: Batch): void {
    const { lane, producer, chunks } = batch;
    giveBack(batch);
    batch.isSettled = true;
    const [only] = chunks;
    if (chunks.length > 1) {
      const half = Math.ceil(chunks.length / 2);
      lane.waiting.unshift(...chunks.slice(half));
      this.#makeBatch(lane, producer, chunks.slice(0, half));
    } else if (only && only.records.length > 1) {
      const [first, second] = halvesOf(only);
      lane.waiting.unshift(second);
      this.#makeBatch(lane, producer, [first]);
    } else {
      const refusal = tooLargeForTopicError(lane.topic, only?.bytes ?? 0);
      only?.settle(undefined, [{ baseOffset: -1, count: 1, refusal }]);
      return this.#next(lane);
    }
    this.#ready.add(lane);
    this.#pumpSoon();
  }

  #settleBatch(batch: Batch, error: SluiceError): void {
    batch.isSettled = true;
    for (const chunk of batch.chunks) chunk.settle(error, []);
  }

  #next(lane: Lane): void {
    lane.batch = undefined;
    if (lane.waiting.length === 0) return;
    this.#ready.add(lane);
    this.#pumpSoon();
  }

  async #findLeaders(topics: readonly string[]): Promise<void> {
    let problem: unknown;
    try {
      await this.#cluster.refresh(this.#cluster.begin(), topics);
    } catch (error) {
      problem = error;
    }
    const lanes = [...this.#ready].filter(({ topic }) => topics.includes(topic));
    let isWaiting = false;
    for (const lane of lanes) {
      const { metadata } = this.#cluster;
      const known = metadata.topic(lane.topic);
      // What is known of a leader counts only if it is news.
      if (metadata.isFresh(lane.topic) && (known?.leaders[lane.partition] ?? -1) >= 0) continue;
      this.#ready.delete(lane);
      const batch = lane.batch ?? this.#nextBatch(lane);
      if (!batch) continue;
      batch.attempts += 1;
      isWaiting = true;
      const { address } = this.#options;
      this.#again(
        batch,
        problem instanceof SluiceError
          ? problem
          : toLogError(
              known ? errorCodes.LEADER_NOT_AVAILABLE : errorCodes.UNKNOWN_TOPIC_OR_PARTITION,
              `partition ${lane.partition} of topic '${lane.topic}'`,
              address,
            ),
      );
    }
    if (!isWaiting || this.#ready.size > 0) this.#pumpSoon();
  }

  #after(ms: number, action: () => void): void {
    const timer = this.#options.clock.after(ms, () => {
      this.#timers.delete(timer);
      action();
    });
    this.#timers.add(timer);
  }
}

const tooLarge: ReadonlySet<number> = new Set([
  errorCodes.MESSAGE_TOO_LARGE,
  errorCodes.RECORD_LIST_TOO_LARGE,
]);

/** A batch that the broker looked at, and of which it appended nothing. */
const refusedWhole: ReadonlySet<number> = new Set([
  errorCodes.TOPIC_AUTHORIZATION_FAILED,
  errorCodes.INVALID_TIMESTAMP,
  errorCodes.INVALID_RECORD,
  errorCodes.UNSUPPORTED_COMPRESSION_TYPE,
]);
