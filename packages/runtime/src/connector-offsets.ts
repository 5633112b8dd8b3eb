/**
 * Reads and changes the offsets of a connector from outside its tasks: those of a source in the log's store for them,
 * those of a sink in its group.
 *
 * A change is made as an owner of all its tasks' identities, under a fence above that of any former owner: whatever one
 * that does not know that it is over still has on the way is refused, and so is the change once a newer owner is there.
 */
import { SluiceError } from '@sluice/kernel';
import {
  type GroupOffset,
  type RecordLog,
  type SourceOffset,
  type TopicPartition,
  unknownPartitionError,
} from '@sluice/record-log';

import { groupOf } from './group-name.ts';
import { type SinkLag, sinkLag } from './sink-lag.ts';

export interface OffsetsOfConnector {
  readonly name: string;
  readonly type: 'source' | 'sink' | 'unknown';
  readonly config: Readonly<Record<string, string>>;
}

/** As which the offsets are changed: `tasks` is how many the connector ever had. */
export interface OffsetsOwner {
  readonly fence: number;
  readonly tasks: number;
}

/** Identities that are taken over at a time. */
const atOnce = 8;

export class ConnectorOffsets {
  readonly #log: RecordLog;
  readonly #cluster: string;

  constructor({ log, cluster }: { log: RecordLog; cluster: string }) {
    this.#log = log;
    this.#cluster = cluster;
  }

  /** A sink's in Kafka Connect's form: `kafka_topic` and `kafka_partition`, `kafka_offset`. */
  async list(connector: OffsetsOfConnector): Promise<SourceOffset[]> {
    if (connector.type === 'source') return this.#log.listSourceOffsets(connector.name);
    const offsets = await this.#log.listGroupOffsets(groupOf(connector.name, connector.config));
    return offsets.map(({ topic, partition, offset }) => ({
      partition: { kafka_topic: topic, kafka_partition: partition },
      offset: { kafka_offset: offset },
    }));
  }

  lag({ name, config }: OffsetsOfConnector): Promise<SinkLag> {
    return sinkLag(this.#log, { name, config });
  }

  /** @throws SluiceError `log.fenced` when a newer owner is there: some may have been changed. */
  async alterSource(
    { name }: OffsetsOfConnector,
    owner: OffsetsOwner,
    offsets: readonly SourceOffset[],
  ): Promise<void> {
    await this.#takeOver(name, owner);
    const writer = await this.#log.openWriter(this.#identity(name, 0, owner));
    try {
      await writer.commitSourceOffsets(name, offsets);
    } finally {
      await writer.close();
    }
  }

  /**
   * `cleared` begin anew. @throws SluiceError as above; `log.group_in_use`; `log.unknown_partition`, before anything is
   * changed.
   */
  async alterSink(
    { name, config }: OffsetsOfConnector,
    owner: OffsetsOwner,
    { set, cleared }: { set: readonly GroupOffset[]; cleared: readonly TopicPartition[] },
  ): Promise<void> {
    await this.#assertExist(set);
    await this.#takeOver(name, owner);
    const group = groupOf(name, config);
    const reader = await this.#log.openReader({ identity: this.#identity(name, 0, owner), group });
    try {
      await reader.commit(set);
      await this.#log.clearGroupOffsets(group, cleared);
    } finally {
      await reader.close();
    }
  }

  async reset(connector: OffsetsOfConnector, owner: OffsetsOwner): Promise<void> {
    // First: what a former owner still commits would be missed.
    await this.#takeOver(connector.name, owner);
    if (connector.type === 'source') {
      const offsets = await this.#log.listSourceOffsets(connector.name);
      const none = offsets.map(({ partition }) => ({ partition, offset: null }));
      await this.alterSource(connector, owner, none);
      return;
    }
    const group = groupOf(connector.name, connector.config);
    await this.alterSink(connector, owner, {
      set: [],
      cleared: await this.#log.listGroupOffsets(group),
    });
  }

  /** Of every task, so that none of a former owner can commit any more. */
  async #takeOver(connector: string, owner: OffsetsOwner): Promise<void> {
    for (let from = 0; from < owner.tasks; from += atOnce) {
      const count = Math.min(atOnce, owner.tasks - from);
      await Promise.all(
        Array.from({ length: count }, async (_none, index) => {
          const identity = this.#identity(connector, from + index, owner);
          await (await this.#log.openWriter(identity)).close();
        }),
      );
    }
  }

  #identity(
    connector: string,
    task: number,
    { fence }: OffsetsOwner,
  ): { id: string; fence: number } {
    return { id: identityOfTask(this.#cluster, `task/${connector}/${task}`), fence };
  }

  async #assertExist(offsets: readonly GroupOffset[]): Promise<void> {
    const topics = [...new Set(offsets.map(({ topic }) => topic))];
    const known = await this.#log.topics.describe(topics);
    for (const { topic, partition } of offsets) {
      const partitions = known.get(topic)?.partitions;
      if (partitions === undefined) {
        throw new SluiceError('log.unknown_partition', `there is no topic '${topic}'`, {
          details: { topic, partition },
        });
      }
      if (partition >= partitions) throw unknownPartitionError(topic, partition, partitions);
    }
  }
}

/** Under which a task writes and commits: Kafka's transactional.id. */
export function identityOfTask(cluster: string, unit: string): string {
  return `${cluster}.${unit}`;
}
