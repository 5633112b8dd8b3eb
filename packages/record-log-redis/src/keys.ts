import { partitionName, type TopicPartition } from '@sluice/record-log';

/**
 * Names of all keys of one cluster's log. They share one hash tag, so that scripts may touch the fence of
 * a writer together with any partition: in Redis Cluster the whole log lives in one slot, on one node.
 */
export class Keys {
  readonly #prefix: string;
  readonly topics: string;
  /** Bytes of all partitions. */
  readonly usage: string;
  /** The log's own time. */
  readonly time: string;

  constructor({ namespace, cluster }: { namespace: string; cluster: string }) {
    this.#prefix = `{${namespace}:${cluster}}:`;
    this.topics = `${this.#prefix}topics`;
    this.usage = `${this.#prefix}bytes`;
    this.time = `${this.#prefix}time`;
  }

  fence(identity: string): string {
    return `${this.#prefix}fence:${identity}`;
  }

  group(group: string): string {
    return `${this.#prefix}group:${group}`;
  }

  source(connector: string): string {
    return `${this.#prefix}source:${connector}`;
  }

  stream(partition: TopicPartition): string {
    return `${this.#prefix}log:${partitionName(partition)}`;
  }

  meta(partition: TopicPartition): string {
    return `${this.#prefix}meta:${partitionName(partition)}`;
  }

  segments(partition: TopicPartition): string {
    return `${this.#prefix}segments:${partitionName(partition)}`;
  }

  offsets(partition: TopicPartition): string {
    return `${this.#prefix}offsets:${partitionName(partition)}`;
  }

  /** Pub/sub channel without messages: whoever listens is a reader of the group. */
  readers(group: string): string {
    return `${this.#prefix}readers:${group}`;
  }

  /** Pub/sub channel on which the next offset of a partition is told. */
  channel(partition: TopicPartition): string {
    return `${this.#prefix}wake:${partitionName(partition)}`;
  }
}
