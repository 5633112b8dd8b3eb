import { isRetriable, type Timer } from '@sluice/kernel';
import type { Redis } from 'ioredis';

import { Connection } from './connection.ts';
import type { CompiledRedisLogOptions } from './options.ts';

const lookEveryMs = 15_000;

/**
 * Tells readers that a partition has new records: one connection for all readers of a client, subscribed
 * to a channel for each partition that somebody reads. Publishing costs Redis the same however many
 * partitions are watched, which blocking reads of many streams would not.
 *
 * A message may be missed while the connection is down; so watchers are woken after each subscription,
 * and every `lookEveryMs`, when a ping also finds out whether the connection still works.
 */
export class Wakes {
  readonly #options: CompiledRedisLogOptions;
  readonly #connection: Connection;
  readonly #watchers = new Map<string, Set<Watcher>>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: CompiledRedisLogOptions) {
    this.#options = options;
    this.#connection = new Connection({
      purpose: 'wakes',
      log: options,
      scripts: [],
      prepare: (redis) => this.#subscribeAll(redis),
    });
    this.#connection.onLost = () => this.#keepOpen();
  }

  /**
   * Calls `watcher` whenever there may be something new, at least once. Resolves when subscribed, or
   * when that will be tried again by itself. @throws SluiceError if it is not worth trying.
   */
  async watch(channels: readonly string[], watcherOf: (channel: string) => Watcher): Promise<void> {
    for (const channel of channels) {
      const watchers = this.#watchers.get(channel) ?? new Set();
      this.#watchers.set(channel, watchers.add(watcherOf(channel)));
    }
    if (channels.length === 0) return;
    try {
      await this.#connection.use(({ redis }) => redis.subscribe(...channels));
    } catch (error) {
      if (!isRetriable(error)) throw error;
    }
    this.#wake(channels);
  }

  unwatch(channel: string, watcher: Watcher): void {
    const watchers = this.#watchers.get(channel);
    watchers?.delete(watcher);
    if (!watchers || watchers.size > 0) return;
    this.#watchers.delete(channel);
    if (this.#closed) return;
    // Best effort: a channel too many costs a message now and then.
    this.#connection.useIfOpen(({ redis }) => redis.unsubscribe(channel)).catch(() => {});
  }

  cut(): void {
    this.#connection.cut();
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#connection.close();
  }

  async #subscribeAll(redis: Redis): Promise<void> {
    redis.on('message', (channel: string, nextOffset: string) => {
      for (const watcher of this.#watchers.get(channel) ?? []) watcher(Number(nextOffset));
    });
    const channels = [...this.#watchers.keys()];
    if (channels.length > 0) await redis.subscribe(...channels);
    this.#wake(channels);
    this.#timer?.cancel();
    this.#timer = this.#options.clock.after(lookEveryMs, () => void this.#look());
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    try {
      await this.#connection.use(({ redis }) => redis.ping());
      this.#timer?.cancel();
      if (this.#closed) return;
      this.#timer = this.#options.clock.after(lookEveryMs, () => void this.#look());
      this.#wake([...this.#watchers.keys()]);
    } catch {
      // The connection is lost, and `keepOpen` is at it.
    }
  }

  #keepOpen(): void {
    if (this.#closed || this.#watchers.size === 0) return;
    // Its own back-off bounds how often this happens; a failure comes back through `onLost`.
    this.#connection.use(async () => {}).catch(() => {});
  }

  #wake(channels: readonly string[]): void {
    for (const channel of channels) {
      for (const watcher of this.#watchers.get(channel) ?? []) watcher(undefined);
    }
  }
}

/** Gets the partition's next offset if it is known. */
export type Watcher = (nextOffset: number | undefined) => void;
