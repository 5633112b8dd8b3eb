import { toError } from '@sluice/kernel';

import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import type { CompiledRedisLogOptions } from './options.ts';
import { scripts } from './scripts.ts';
import type { TopicCatalog } from './topic-catalog.ts';

const everyMs = 60_000;
const partitionsAtOnce = 32; // Redis executes nothing else while it runs a script.

export interface ReclaimerParts {
  readonly connection: Connection;
  readonly keys: Keys;
  readonly topics: TopicCatalog;
  readonly options: CompiledRedisLogOptions;
}

/**
 * When the whole log, or the server's memory, is full: trims in all partitions what only groups that are
 * gone had not read. A partition that is full by itself is trimmed by the produce script; this is for those that
 * nobody writes to or commits in any more. Once a minute at most for each client, whatever comes of it.
 */
export class Reclaimer {
  readonly #parts: ReclaimerParts;
  #notBeforeMs = Number.NEGATIVE_INFINITY;

  constructor(parts: ReclaimerParts) {
    this.#parts = parts;
  }

  /** Never rejects: without what it frees, produce goes on waiting. */
  async reclaim(): Promise<void> {
    const { clock, logger } = this.#parts.options;
    if (clock.monotonicMs() < this.#notBeforeMs) return;
    this.#notBeforeMs = clock.monotonicMs() + everyMs;
    try {
      const bytes = await this.#run();
      if (bytes > 0)
        logger.info({ bytes }, 'reclaimed what only groups that are gone had not read');
    } catch (error) {
      logger.warn({ error: toError(error).message }, 'nothing could be reclaimed');
    }
  }

  async #run(): Promise<number> {
    const { connection, keys, topics, options } = this.#parts;
    const partitions = await topics.partitions();
    let bytes = 0;
    for (let from = 0; from < partitions.length; from += partitionsAtOnce) {
      const perPartition = partitions
        .slice(from, from + partitionsAtOnce)
        .flatMap((each) => [
          keys.offsets(each),
          keys.stream(each),
          keys.meta(each),
          keys.segments(each),
        ]);
      bytes += (await connection.run(
        scripts.reclaim,
        [keys.usage, keys.time, ...perPartition],
        [options.groupRetentionMs],
      )) as number;
    }
    return bytes;
  }
}
