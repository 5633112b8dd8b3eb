import type { Clock } from '@sluice/kernel';

import type { BrokerMetadata, MetadataResult } from './wire/metadata.ts';

export interface KnownTopic {
  /** Leader's broker id for each partition; -1 while there is none. */
  readonly leaders: readonly number[];
  readonly replicationFactor: number;
}

/** As Kafka's `metadata.max.age.ms`: partitions may be added without anything that we use being refused. */
const ageMaxMs = 5 * 60 * 1_000;

/** What was last heard of brokers and topics. It is never right for sure: who acts on it is told by the broker. */
export class Metadata {
  readonly #brokers = new Map<number, string>();
  readonly #topics = new Map<string, KnownTopic>();
  readonly #learnedAtMs = new Map<string, number>();
  readonly #clock: Clock;
  #controller: number | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `host:port` of each broker, by its id. */
  get brokers(): ReadonlyMap<number, string> {
    return this.#brokers;
  }

  get controller(): number | undefined {
    return this.#controller;
  }

  topic(name: string): KnownTopic | undefined {
    return this.#topics.get(name);
  }

  pick(names: readonly string[]): ReadonlyMap<string, KnownTopic> {
    const found = new Map<string, KnownTopic>();
    for (const name of names) {
      const topic = this.#topics.get(name);
      if (topic) found.set(name, topic);
    }
    return found;
  }

  isFresh(name: string): boolean {
    const learnedAtMs = this.#learnedAtMs.get(name);
    return learnedAtMs !== undefined && this.#clock.monotonicMs() - learnedAtMs < ageMaxMs;
  }

  /** A broker did not know it, or does not lead it any more: to be asked for before it is used again. */
  suspect(name: string): void {
    this.#learnedAtMs.delete(name);
  }

  /** A broker was lost: what it led is to be asked for before it is used again. */
  doubt(broker: number): void {
    if (this.#controller === broker) this.#controller = undefined;
    for (const [name, { leaders }] of this.#topics) {
      if (leaders.includes(broker)) this.suspect(name);
    }
  }

  forget(name: string): void {
    this.#topics.delete(name);
    this.#learnedAtMs.delete(name);
  }

  /** `asked`: topics that the answer is about; what it does not have is not there. */
  learn(answer: MetadataResult, asked: readonly string[]): void {
    this.#brokers.clear();
    for (const broker of answer.brokers) this.learnBroker(broker);
    this.#controller = answer.controllerId < 0 ? undefined : answer.controllerId;
    for (const name of asked) {
      const found = answer.topics.find(({ topic, errorCode }) => topic === name && errorCode === 0);
      if (!found) {
        this.forget(name);
        continue;
      }
      this.#learnedAtMs.set(name, this.#clock.monotonicMs());
      const leaders: number[] = [];
      for (const { partition, leader } of found.partitions) leaders[partition] = leader;
      this.#topics.set(name, {
        leaders,
        replicationFactor: Math.min(...found.partitions.map(({ replicas }) => replicas.length)),
      });
    }
  }

  learnBroker({ nodeId, host, port }: Omit<BrokerMetadata, 'rack'>): void {
    this.#brokers.set(nodeId, `${host.includes(':') ? `[${host}]` : host}:${port}`);
  }
}
