/**
 * What a sink task may commit. For each assigned partition: `delivered`, the offset after what `put` took;
 * `committed`, what is stored in the log. Committed never passes delivered. Pure.
 */
import type { SinkOffsets, TopicPartition } from '@sluice/connector-api';

interface Position extends TopicPartition {
  readonly delivered: number;
  readonly committed: number;
  readonly key: string;
}

export interface PartitionOffset extends TopicPartition {
  readonly offset: number;
}

export function partitionKey({ topic, partition }: TopicPartition): string {
  return `${topic}-${String(partition)}`;
}

export class SinkPositions {
  readonly #positions = new Map<string, Position>();
  /** Keys of the positions where the two differ. */
  readonly #uncommitted = new Set<string>();

  /** `offset`: where reading begins, which is what is committed or where the log begins. */
  assign({ topic, partition, offset }: PartitionOffset): void {
    const key = partitionKey({ topic, partition });
    this.#note({ topic, partition, key, delivered: offset, committed: offset });
  }

  forget(partition: TopicPartition): void {
    const key = partitionKey(partition);
    this.#positions.delete(key);
    this.#uncommitted.delete(key);
  }

  has(partition: TopicPartition): boolean {
    return this.#positions.has(partitionKey(partition));
  }

  get assignment(): readonly TopicPartition[] {
    return [...this.#positions.values()].map(({ topic, partition }) => ({ topic, partition }));
  }

  /** `put` took everything below `offset`. */
  deliver(partition: TopicPartition, offset: number): void {
    const position = this.#positions.get(partitionKey(partition));
    if (position) this.#note({ ...position, delivered: offset });
  }

  /** The task moved to `offset` by itself: that is where it counts from now. */
  seek(partition: TopicPartition, offset: number): void {
    const position = this.#positions.get(partitionKey(partition));
    if (position) this.#note({ ...position, delivered: offset, committed: offset });
  }

  /** Something was delivered that is not committed. */
  get hasUncommitted(): boolean {
    return this.#uncommitted.size > 0;
  }

  /** For `flush` and `preCommit`. */
  delivered(): SinkOffsets {
    return new Map(
      [...this.#positions.values()].map(({ key, topic, partition, delivered }) => [
        key,
        { topic, partition, offset: delivered },
      ]),
    );
  }

  committed(): PartitionOffset[] {
    return [...this.#positions.values()].map(({ topic, partition, committed }) => ({
      topic,
      partition,
      offset: committed,
    }));
  }

  /**
   * Of what the task says is safe, what may be committed: partitions that are assigned, offsets not beyond
   * what was delivered. `refused` is what the task must not have said.
   */
  committable(offered: SinkOffsets): { changed: PartitionOffset[]; refused: PartitionOffset[] } {
    const changed: PartitionOffset[] = [];
    const refused: PartitionOffset[] = [];
    for (const { topic, partition, offset } of offered.values()) {
      const position = this.#positions.get(partitionKey({ topic, partition }));
      if (!position || offset > position.delivered) refused.push({ topic, partition, offset });
      else if (offset !== position.committed) changed.push({ topic, partition, offset });
    }
    return { changed, refused };
  }

  commit(offsets: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const position = this.#positions.get(partitionKey({ topic, partition }));
      if (position) this.#note({ ...position, committed: offset });
    }
  }

  /**
   * A flush failed: everything after the committed offsets is to be read again. All partitions, since what
   * was read but refused by `put` is given up as well.
   */
  rewind(): PartitionOffset[] {
    for (const position of this.#positions.values())
      this.#note({ ...position, delivered: position.committed });
    return this.committed();
  }

  #note(position: Position): void {
    this.#positions.set(position.key, position);
    if (position.delivered === position.committed) this.#uncommitted.delete(position.key);
    else this.#uncommitted.add(position.key);
  }
}
