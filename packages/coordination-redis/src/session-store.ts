/** Sessions in Redis. */
import { type SessionStore, sessionsMax } from '@sluice/coordination';
import type { Redis } from 'ioredis';

import { Keys } from './keys.ts';
import { Reads } from './reads.ts';
import { Scripts } from './scripts.ts';

export class RedisSessionStore implements SessionStore {
  readonly #scripts: Scripts;
  readonly #reads: Reads;
  readonly #max: number;

  constructor({
    redis,
    cluster,
    max = sessionsMax,
  }: {
    readonly redis: Redis;
    readonly cluster: string;
    readonly max?: number;
  }) {
    const keys = new Keys(cluster);
    this.#scripts = new Scripts(redis, keys);
    this.#reads = new Reads(redis, keys);
    this.#max = max;
  }

  async put(id: string, session: string, keptMs: number): Promise<void> {
    const args = [id, session, Math.max(1, Math.floor(keptMs)), this.#max];
    (await this.#scripts.run('put-session', args)).status('put');
  }

  async get(id: string): Promise<string | undefined> {
    const session = await this.#reads.run('session', (redis, keys) =>
      redis.get(keys.record('session', id)),
    );
    return session ?? undefined;
  }

  async remove(id: string): Promise<void> {
    (await this.#scripts.run('remove-session', [id])).status('removed', 'gone');
  }
}
