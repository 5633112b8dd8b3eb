/** Plain reads, with the same errors as scripts. Writes are scripts only: they work on a full Redis. */

import { SluiceError, toError } from '@sluice/kernel';
import type { ChainableCommander, Redis } from 'ioredis';

import { storeError } from './errors.ts';
import type { Keys } from './keys.ts';

export interface StreamEntry {
  readonly id: string;
  readonly fields: ReadonlyMap<string, string>;
}

export class Reads {
  readonly keys: Keys;
  readonly #redis: Redis;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.keys = keys;
  }

  /** @throws SluiceError `store.unreachable`, `store.denied`, `store.failed`. */
  async run<T>(what: string, read: (redis: Redis, keys: Keys) => Promise<T>): Promise<T> {
    try {
      return await read(this.#redis, this.keys);
    } catch (error) {
      throw storeError(error, this.#redis, `reading ${what}`);
    }
  }

  /** Several commands in one round trip; fails as a whole. */
  async pipeline(
    what: string,
    fill: (pipeline: ChainableCommander, keys: Keys) => void,
  ): Promise<unknown[]> {
    return this.run(what, async (redis, keys) => {
      const pipeline = redis.pipeline();
      fill(pipeline, keys);
      const replies = await pipeline.exec();
      return (replies ?? []).map(([error, value]) => {
        if (error) throw toError(error);
        return value;
      });
    });
  }
}

export function streamEntries(entries: readonly [id: string, flat: string[]][]): StreamEntry[] {
  return entries.map(([id, flat]) => {
    const fields = new Map<string, string>();
    for (let index = 0; index + 1 < flat.length; index += 2) {
      fields.set(flat[index] ?? '', flat[index + 1] ?? '');
    }
    return { id, fields };
  });
}

/** `key` is for the message only: a text that does not parse may contain configuration values. */
export function parseJson(key: string, text: string | undefined): unknown {
  try {
    return JSON.parse(text ?? '');
  } catch {
    throw new SluiceError(
      'store.malformed_record',
      `${key} in Redis is not JSON: it was changed by hand, or by another version of Sluice`,
      { details: { key } },
    );
  }
}
