import { isFenced, type Timer, toError } from '@sluice/kernel';
import type { ReaderOptions, TopicPartition } from '@sluice/record-log';

import { type FenceParts, withFence } from './fence.ts';
import type { CompiledRedisLogOptions } from './options.ts';
import { scripts } from './scripts.ts';
import type { Wakes, Watcher } from './wakes.ts';

export interface PresenceParts extends FenceParts {
  readonly wakes: Wakes;
  readonly options: CompiledRedisLogOptions;
}

const retryMs = 60_000;
const nothing: Watcher = () => {};

/**
 * Lets others know that a reader of a group is there, also while it has nothing to commit:
 *
 * - It listens to the group's channel, so that `activeReaders` counts its connection. That ends with the
 *   connection, without anybody having to clean up.
 * - Every `groupTouchMs` it touches the group's places, so that the group does not expire. A touch that fails is
 *   repeated within a minute; after a newer owner has taken over, there are no more.
 */
export class GroupPresence {
  readonly #reader: ReaderOptions;
  readonly #parts: PresenceParts;
  readonly #partitions: () => readonly TopicPartition[];
  #timer: Timer | undefined;
  #isAnnounced = false;
  #isClosed = false;

  constructor(
    reader: ReaderOptions,
    parts: PresenceParts,
    partitions: () => readonly TopicPartition[],
  ) {
    this.#reader = reader;
    this.#parts = parts;
    this.#partitions = partitions;
    this.#schedule(parts.options.groupTouchMs);
  }

  /** Before the first partition is read. @throws SluiceError as `Wakes.watch`. */
  async announce(): Promise<void> {
    if (this.#isAnnounced || this.#isClosed) return;
    this.#isAnnounced = true;
    await this.#parts.wakes.watch([this.#channel], () => nothing);
  }

  close(): void {
    this.#isClosed = true;
    this.#timer?.cancel();
    if (this.#isAnnounced) this.#parts.wakes.unwatch(this.#channel, nothing);
  }

  get #channel(): string {
    return this.#parts.keys.readers(this.#reader.group);
  }

  #schedule(afterMs: number): void {
    this.#timer = this.#parts.options.clock.after(afterMs, () => void this.#touch());
  }

  /** Never rejects. */
  async #touch(): Promise<void> {
    const { connection, keys, options } = this.#parts;
    const { identity, group } = this.#reader;
    const partitions = this.#partitions();
    let nextMs = options.groupTouchMs;
    try {
      if (partitions.length > 0) {
        await withFence(identity, this.#parts, () =>
          connection.run(
            scripts.touchGroup,
            [
              keys.fence(identity.id),
              keys.time,
              ...partitions.map((partition) => keys.offsets(partition)),
            ],
            [identity.fence, group],
          ),
        );
      }
    } catch (error) {
      if (isFenced(error)) return;
      options.logger.debug({ group, error: toError(error).message }, 'group not touched');
      nextMs = Math.min(retryMs, nextMs);
    }
    if (!this.#isClosed) this.#schedule(nextMs);
  }
}
