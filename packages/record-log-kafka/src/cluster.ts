/**
 * The brokers, as one client sees them: who they are, which of them leads a partition or coordinates a
 * group, and connections to them. It owns those connections and what it remembers of the metadata.
 *
 * Work is done in *calls* (`begin`): a call has a deadline, and ends when the sockets are cut meanwhile, so that
 * nothing that was begun before a cut goes on after it.
 *
 * - A connection that breaks rejects what waits for it with `log.unreachable`; the next use opens it anew.
 * - An answer "not me" (leader, coordinator) forgets that part of the metadata; the call asks again.
 * - No broker answers: `log.unreachable` at the call's deadline, with the reason of the last attempt.
 */
import { isRetriable, SluiceError } from '@sluice/kernel';
import { closedError, type TopicPartition } from '@sluice/record-log';

import { Call, isLate } from './call.ts';
import { toLogError, unreachableError } from './errors.ts';
import { type BrokerConnection, openConnection } from './kafkajs/connection.ts';
import { type KnownTopic, Metadata } from './metadata.ts';
import type { CompiledKafkaLogOptions } from './options.ts';
import { errorCodes } from './wire/error-codes.ts';
import { findCoordinatorRequest } from './wire/groups.ts';
import { metadataRequest } from './wire/metadata.ts';
import type { KafkaRequest } from './wire/request.ts';

/**
 * Each purpose has a connection of its own, since a broker answers the requests of a connection one after
 * another: an acknowledgement that waits for replicas, or a fetch that waits for records, would hold up the rest.
 */
export type Purpose = 'control' | 'produce' | 'fetch' | 'committed-fetch' | 'short-fetch';

export type CoordinatorKind = 'group' | 'transaction';

const avoidedForMs = 5_000;

export class KafkaCluster {
  readonly metadata: Metadata;
  readonly #options: CompiledKafkaLogOptions;
  /** `<broker>/<purpose>`, or `host:port` of the configuration. */
  readonly #connections = new Map<string, Opened>();
  readonly #coordinators = new Map<string, number>();
  readonly #refreshes = new Map<string, Promise<void>>();
  /** By address: until when others are asked first. */
  readonly #avoided = new Map<string, number>();
  #era = 0;
  #isClosed = false;

  constructor(options: CompiledKafkaLogOptions) {
    this.#options = options;
    this.metadata = new Metadata(options.clock);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Begins work that is done within `limitMs`. Default: the request time-out. */
  begin(limitMs = this.#options.requestTimeoutMs): Call {
    if (this.#isClosed) throw closedError('this client of the log');
    const { clock, random, address } = this.#options;
    const era = this.#era;
    return new Call({
      clock,
      random,
      address,
      deadlineMs: clock.monotonicMs() + limitMs,
      problem: () => {
        if (this.#isClosed) return closedError('this client of the log');
        return era === this.#era ? undefined : cutError(address);
      },
    });
  }

  /** Cuts every socket; what waits for them is refused. */
  cut(): void {
    this.#era += 1;
    const opened = [...this.#connections.values()];
    this.#connections.clear();
    for (const { connection } of opened) connection.destroy();
  }

  /** As `cut`, for good. */
  close(): void {
    this.#isClosed = true;
    this.cut();
  }

  /** Asks whichever broker answers. */
  async askAny<Result>(call: Call, request: KafkaRequest<Result>): Promise<Result> {
    return await call.retrying(async () => {
      // One that keeps silent must not take all the time.
      const part = call.part();
      const { connection, address } = await this.#anyBroker(part);
      try {
        return await connection.send(request, { timeoutMs: part.leftMs });
      } catch (error) {
        this.#avoid(address);
        throw error;
      }
    });
  }

  /** One attempt. @throws `log.unreachable`. */
  async ask<Result>(
    call: Call,
    broker: number,
    request: KafkaRequest<Result>,
    { purpose = 'control', timeoutMs }: { purpose?: Purpose; timeoutMs?: number } = {},
  ): Promise<Result> {
    const connection = await this.#connectionTo(call, broker, purpose);
    call.assertGoing();
    return await connection.send(request, { timeoutMs: timeoutMs ?? call.leftMs });
  }

  /** The one that creates and deletes topics; any broker of a KRaft cluster hands it on. */
  async askController<Result>(
    call: Call,
    request: KafkaRequest<Result>,
    codeOf: (result: Result) => number,
  ): Promise<Result> {
    return await call.retrying(async () => {
      if (this.metadata.controller === undefined) await this.refresh(call, []);
      const { controller } = this.metadata;
      if (controller === undefined) throw unreachableError(this.#options.address);
      const result = await this.ask(call.part(), controller, request);
      if (codeOf(result) !== errorCodes.NOT_CONTROLLER) return result;
      await this.refresh(call, []);
      throw toLogError(errorCodes.NOT_CONTROLLER, 'its topics', this.#options.address);
    });
  }

  /**
   * Asks the coordinator of a group or a transactional id, and again while `codeOf` says that it moved or is
   * busy. Every request to a coordinator may be repeated.
   */
  async askCoordinator<Result>(
    call: Call,
    [kind, key]: readonly [CoordinatorKind, string],
    request: KafkaRequest<Result>,
    codeOf: (result: Result) => number,
  ): Promise<Result> {
    const name = `${kind}/${key}`;
    return await call.retrying(async () => {
      try {
        const broker = this.#coordinators.get(name) ?? (await this.#locate(call, kind, key));
        const result = await this.ask(call.part(), broker, request);
        const code = codeOf(result);
        if (!busyCodes.has(code)) return result;
        throw toLogError(code, `the coordinator of ${kind} '${key}'`, this.#options.address);
      } catch (error) {
        if (!isBusy(error)) this.#coordinators.delete(name);
        throw error;
      }
    });
  }

  /** Topics as they are known; those that are not, or went stale, are asked for. Missing ones are absent. */
  async topics(call: Call, names: Iterable<string>): Promise<ReadonlyMap<string, KnownTopic>> {
    const all = [...new Set(names)];
    const unknown = all.filter((name) => !this.metadata.isFresh(name));
    if (unknown.length > 0) await this.refresh(call, unknown);
    return this.metadata.pick(all);
  }

  /** As `topics`, asked for anew if they have not as many partitions as named: some may have been added. */
  async topicsWith(
    call: Call,
    partitions: readonly TopicPartition[],
  ): Promise<ReadonlyMap<string, KnownTopic>> {
    const names = partitions.map(({ topic }) => topic);
    const known = await this.topics(call, names);
    const outdated = partitions.filter(({ topic, partition }) => {
      const count = known.get(topic)?.leaders.length;
      return count !== undefined && partition >= count;
    });
    if (outdated.length === 0) return known;
    await this.refresh(
      call,
      outdated.map(({ topic }) => topic),
    );
    return this.metadata.pick(names);
  }

  /** Asks for topics anew; several that ask for the same share one request. */
  async refresh(call: Call, names: readonly string[]): Promise<void> {
    const key = [...new Set(names)].sort().join(',');
    const running = this.#refreshes.get(key);
    if (running && (await answered(call.within(running, 'the metadata')))) return;
    call.assertGoing();
    const refreshing = this.#refresh(call, [...new Set(names)]).finally(() =>
      this.#refreshes.delete(key),
    );
    this.#refreshes.set(key, refreshing);
    await refreshing;
  }

  /** Every topic there is, internal ones left out. */
  async topicNames(call: Call): Promise<string[]> {
    const answer = await this.askAny(call, metadataRequest(null));
    this.metadata.learn(answer, []);
    return answer.topics.filter(({ isInternal }) => !isInternal).map(({ topic }) => topic);
  }

  async #refresh(call: Call, names: readonly string[]): Promise<void> {
    const answer = await this.askAny(call, metadataRequest(names));
    const forbidden = answer.topics.find(
      ({ errorCode }) => errorCode === errorCodes.TOPIC_AUTHORIZATION_FAILED,
    );
    this.metadata.learn(answer, names);
    if (forbidden) {
      throw toLogError(forbidden.errorCode, `topic '${forbidden.topic}'`, this.#options.address);
    }
  }

  async #locate(call: Call, kind: CoordinatorKind, key: string): Promise<number> {
    const answer = await this.askAny(call, findCoordinatorRequest({ type: kind, key }));
    if (answer.errorCode !== 0) {
      throw toLogError(
        answer.errorCode,
        `the coordinator of ${kind} '${key}'`,
        this.#options.address,
      );
    }
    this.metadata.learnBroker(answer);
    this.#coordinators.set(`${kind}/${key}`, answer.nodeId);
    return answer.nodeId;
  }

  async #anyBroker(call: Call): Promise<{ connection: BrokerConnection; address: string }> {
    const { brokers: bootstrap, random } = this.#options;
    const known = shuffled([...this.metadata.brokers], random).map(([broker, address]) => ({
      address,
      connect: () => this.#connectionTo(call, broker, 'control'),
    }));
    const configured = shuffled([...bootstrap], random).map((address) => ({
      address,
      connect: () => this.#connect(call, address, address),
    }));
    const failures: unknown[] = [];
    for (const { address, connect } of this.#avoidedLast([...known, ...configured])) {
      try {
        return { connection: await connect(), address };
      } catch (error) {
        call.assertGoing();
        this.#avoid(address);
        failures.push(error);
        if (call.isOver) break;
      }
    }
    // What does not pass by itself says more than what does.
    throw (
      failures.find((error) => !isRetriable(error)) ??
      failures.findLast((error) => !isLate(error)) ??
      failures.at(-1)
    );
  }

  /** It did not answer: for a while, others are asked first. */
  #avoid(address: string): void {
    this.#avoided.set(address, this.#options.clock.monotonicMs() + avoidedForMs);
  }

  #avoidedLast<Item extends { readonly address: string }>(items: readonly Item[]): Item[] {
    const nowMs = this.#options.clock.monotonicMs();
    const isAvoided = ({ address }: Item): boolean => (this.#avoided.get(address) ?? 0) > nowMs;
    return [...items.filter((each) => !isAvoided(each)), ...items.filter(isAvoided)];
  }

  /** What it led or coordinated, somebody else may do by now. */
  #doubt(broker: number): void {
    this.metadata.doubt(broker);
    for (const [name, coordinator] of this.#coordinators) {
      if (coordinator === broker) this.#coordinators.delete(name);
    }
  }

  async #connectionTo(call: Call, broker: number, purpose: Purpose): Promise<BrokerConnection> {
    const address = this.metadata.brokers.get(broker);
    if (address === undefined) {
      await this.refresh(call, []);
      if (!this.metadata.brokers.has(broker)) {
        throw unreachableError(this.#options.address, new Error(`broker ${broker} is gone`));
      }
      return await this.#connectionTo(call, broker, purpose);
    }
    const name = `${broker}/${purpose}/${address}`;
    return await this.#connect(call, name, address, () => this.#doubt(broker));
  }

  async #connect(
    call: Call,
    name: string,
    address: string,
    onLost = (): void => {},
  ): Promise<BrokerConnection> {
    call.assertGoing();
    const { connection, ready } =
      this.#connections.get(name) ?? this.#openConnection(name, address, onLost);
    if (connection.isConnected) return connection;
    // Whoever opened it may have more time than we.
    return await call.within(ready, `a connection to ${address}`);
  }

  #openConnection(name: string, address: string, onLost: () => void): Opened {
    const { clientId, tls, sasl, connectTimeoutMs, requestTimeoutMs, logger, clock } =
      this.#options;
    const colon = address.lastIndexOf(':');
    const connection = openConnection({
      host: address.slice(0, colon).replace(/^\[(.*)\]$/, '$1'),
      port: Number(address.slice(colon + 1)),
      clientId,
      tls,
      sasl,
      connectTimeoutMs,
      requestTimeoutMs,
      logger,
      clock,
    });
    const forget = (): void => {
      if (this.#connections.get(name) === opened) this.#connections.delete(name);
      onLost();
    };
    connection.onClose(forget);
    const ready = connection.connect().then(
      () => connection,
      (error: unknown) => {
        forget();
        throw error;
      },
    );
    // Also when nobody waits for it any more.
    ready.catch(() => {});
    const opened: Opened = { connection, ready };
    this.#connections.set(name, opened);
    return opened;
  }
}

interface Opened {
  readonly connection: BrokerConnection;
  /** Resolves when it is connected. */
  readonly ready: Promise<BrokerConnection>;
}

/** The coordinator is the right one, but has to be asked again later. */
const busyCodes: ReadonlySet<number> = new Set([
  errorCodes.COORDINATOR_LOAD_IN_PROGRESS,
  errorCodes.COORDINATOR_NOT_AVAILABLE,
  errorCodes.NOT_COORDINATOR,
  errorCodes.CONCURRENT_TRANSACTIONS,
  errorCodes.UNSTABLE_OFFSET_COMMIT,
]);

function isBusy(error: unknown): boolean {
  if (!(error instanceof SluiceError)) return false;
  const { errorCode } = error.details;
  return (
    errorCode === errorCodes.CONCURRENT_TRANSACTIONS ||
    errorCode === errorCodes.UNSTABLE_OFFSET_COMMIT ||
    errorCode === errorCodes.COORDINATOR_LOAD_IN_PROGRESS
  );
}

/** Whoever asked may have had less time than those who joined. */
async function answered(work: Promise<void>): Promise<boolean> {
  return await work.then(
    () => true,
    () => false,
  );
}

function cutError(address: string): SluiceError {
  return new SluiceError(
    'log.unreachable',
    `the connections to Kafka at ${address} were cut while a request was under way`,
    { retriable: true, details: { address } },
  );
}

function shuffled<Item>(items: Item[], random: () => number): Item[] {
  return items
    .map((item) => ({ item, order: random() }))
    .sort((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
