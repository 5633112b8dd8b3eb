/** Sessions in Redis. */
import { createHash } from 'node:crypto';

import {
  type KeptSession,
  type SessionStore,
  sessionsMax,
  sessionsOfOwnerMax,
} from '@sluice/coordination';
import type { Redis } from 'ioredis';

import { Keys } from './keys.ts';
import { Reads } from './reads.ts';
import { Scripts } from './scripts.ts';

export class RedisSessionStore implements SessionStore {
  readonly #scripts: Scripts;
  readonly #reads: Reads;
  readonly #max: number;
  readonly #ofOwnerMax: number;

  constructor({
    redis,
    cluster,
    max = sessionsMax,
    ofOwnerMax = sessionsOfOwnerMax,
  }: {
    readonly redis: Redis;
    readonly cluster: string;
    readonly max?: number;
    readonly ofOwnerMax?: number;
  }) {
    const keys = new Keys(cluster);
    this.#scripts = new Scripts(redis, keys);
    this.#reads = new Reads(redis, keys);
    this.#max = max;
    this.#ofOwnerMax = ofOwnerMax;
  }

  async put(id: string, { session, owner, keptMs }: KeptSession): Promise<void> {
    const kept = Math.max(1, Math.floor(keptMs));
    const args = [id, session, kept, this.#max, hashed(owner), this.#ofOwnerMax];
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

/** Names may be long, and anything. */
function hashed(owner: string): string {
  return createHash('sha256').update(owner).digest('base64url');
}
