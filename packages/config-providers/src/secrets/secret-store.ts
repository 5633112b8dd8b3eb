/** The secrets of a cluster: one hash in its Redis, whose fields are encrypted one by one. */
import { SluiceError, toError } from '@sluice/kernel';
import { openRedis, redisRoute } from '@sluice/redis-connection';
import type { Redis } from 'ioredis';

import { type SealedSecret, type SecretKey, seal, unseal } from './encryption.ts';

export interface SecretStoreOptions {
  readonly redisUrl: string;
  readonly cluster: string;
  readonly keys: readonly SecretKey[];
}

export interface StoredSecret {
  readonly name: string;
  readonly keyId: string;
  readonly setAtMs: number;
}

const secretsMax = 10_000;
const valueBytesMax = 1024 * 1024;
/** `key`, or `path:key` */
const namePattern = /^[^\s:{}$][^\s{}$]{0,255}$/;

export class SecretStore {
  readonly #redis: Redis;
  readonly #hash: string;
  readonly #cluster: string;
  readonly #keys: readonly SecretKey[];

  /** Connects when it is first asked. @throws SluiceError `config.invalid`. */
  constructor({ cluster, keys, redisUrl }: SecretStoreOptions) {
    const hashTag = `{sluice:${cluster}}`;
    this.#cluster = cluster;
    this.#keys = keys;
    this.#hash = `${hashTag}:secrets`;
    this.#redis = openRedis(redisRoute(redisUrl, { hashTag, keepsTrying: false }), {
      connectionName: 'sluice-secrets',
      lazyConnect: true,
      maxRetriesPerRequest: 1,
      commandTimeout: 3_000,
      connectTimeout: 2_000,
      retryStrategy: (attempt) => Math.min(50 * 2 ** attempt, 1_000),
    });
    // Without a listener ioredis prints to the console; what matters fails the commands, too.
    this.#redis.on('error', () => {});
  }

  /** Those that there are. @throws Error that names one that does not open. */
  async get(names: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const stored = await this.#ask((redis) => redis.hmget(this.#hash, ...names));
    const found = new Map<string, string>();
    for (const [index, name] of names.entries()) {
      const text = stored[index];
      if (text == null) continue;
      found.set(name, unseal(read(text), { cluster: this.#cluster, name }, this.#keys));
    }
    return found;
  }

  /** @throws SluiceError `secrets.invalid`. */
  async set(name: string, value: string, nowMs: number): Promise<'created' | 'replaced'> {
    assertName(name);
    if (Buffer.byteLength(value) > valueBytesMax)
      throw invalid(`the value is larger than ${String(valueBytesMax)} bytes`);
    const [key] = this.#keys;
    if (!key) throw invalid('there is no key to encrypt it with: set SLUICE_SECRETS_KEYS');
    const count = await this.#ask((redis) => redis.hlen(this.#hash));
    if (count >= secretsMax) throw invalid(`there are ${String(secretsMax)} secrets already`);
    const sealed = seal(value, { cluster: this.#cluster, name }, key, nowMs);
    const isNew = await this.#ask((redis) => redis.hset(this.#hash, name, JSON.stringify(sealed)));
    return isNew === 1 ? 'created' : 'replaced';
  }

  /** By name; never their values. */
  async list(): Promise<readonly StoredSecret[]> {
    const stored = await this.#ask((redis) => redis.hgetall(this.#hash));
    return Object.entries(stored)
      .map(([name, text]) => {
        const { keyId, setAtMs } = read(text);
        return { name, keyId, setAtMs };
      })
      .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The names that were there. */
  async delete(names: readonly string[]): Promise<readonly string[]> {
    const deleted: string[] = [];
    for (const name of names)
      if ((await this.#ask((redis) => redis.hdel(this.#hash, name))) === 1) deleted.push(name);
    return deleted;
  }

  /** Encrypts with the first key what another one has encrypted. Returns how many. @throws as `get`. */
  async rotate(): Promise<number> {
    const [key] = this.#keys;
    if (!key) throw invalid('there is no key to encrypt with: set SLUICE_SECRETS_KEYS');
    const stored = await this.#ask((redis) => redis.hgetall(this.#hash));
    let count = 0;
    for (const [name, text] of Object.entries(stored)) {
      const sealed = read(text);
      if (sealed.keyId === key.id) continue;
      const address = { cluster: this.#cluster, name };
      const anew = seal(unseal(sealed, address, this.#keys), address, key, sealed.setAtMs);
      // Whoever set it meanwhile is not undone.
      const script = `if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) return 1 end return 0`;
      const done = await this.#ask((redis) =>
        redis.eval(script, 1, this.#hash, name, text, JSON.stringify(anew)),
      );
      count += Number(done);
    }
    return count;
  }

  close(): void {
    this.#redis.disconnect();
  }

  async #ask<Reply>(command: (redis: Redis) => Promise<Reply>): Promise<Reply> {
    try {
      return await command(this.#redis);
    } catch (error) {
      const message = `the secrets in Redis cannot be reached: ${toError(error).message}`;
      throw new SluiceError('secrets.unreachable', message, { retriable: true, cause: error });
    }
  }
}

function read(text: string): SealedSecret {
  return JSON.parse(text) as SealedSecret;
}

function assertName(name: string): void {
  if (!namePattern.test(name) || name.split(':').length > 2)
    throw invalid(
      `a secret cannot be called ${JSON.stringify(name)}: take <key> or <path>:<key>, without spaces, braces and dollars`,
    );
}

function invalid(message: string): SluiceError {
  return new SluiceError('secrets.invalid', message);
}
