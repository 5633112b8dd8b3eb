/** What happened, in two streams of Redis, told as one. */
import {
  type ClusterEvent,
  type EventHistory,
  type EventQuery,
  isAboutUnits,
  isEventAskedFor,
} from '@sluice/coordination';
import type { Redis } from 'ioredis';

import { eventOf } from './cluster-reader.ts';
import { Keys } from './keys.ts';
import { Reads, streamEntries } from './reads.ts';

/** In one reply. */
const readMax = 500;

export class RedisEventHistory implements EventHistory {
  readonly #reads: Reads;

  constructor({ redis, cluster }: { readonly redis: Redis; readonly cluster: string }) {
    this.#reads = new Reads(redis, new Keys(cluster));
  }

  async read(query: EventQuery): Promise<ClusterEvent[]> {
    const streams = isAboutUnits(query)
      ? (['events', 'unit-events'] as const)
      : (['events'] as const);
    const found = await Promise.all(streams.map((stream) => this.#newest(stream, query)));
    return found.flat().toSorted(laterFirst).slice(0, query.limit);
  }

  /** The streams are bounded, and so is this. */
  async #newest(stream: 'events' | 'unit-events', query: EventQuery): Promise<ClusterEvent[]> {
    const found: ClusterEvent[] = [];
    let last = query.before === undefined ? '+' : `(${query.before}`;
    for (;;) {
      const read = await this.#reads.run('events', (redis, keys) =>
        redis.xrevrange(keys.of(stream), last, '-', 'COUNT', readMax),
      );
      for (const event of streamEntries(read).map(eventOf)) {
        if (isEventAskedFor(event, query)) found.push(event);
      }
      const oldest = read.at(-1)?.[0];
      if (found.length >= query.limit || read.length < readMax || oldest === undefined)
        return found;
      last = `(${oldest}`;
    }
  }
}

function laterFirst(a: ClusterEvent, b: ClusterEvent): number {
  const sequence = ({ id }: ClusterEvent): number => Number(id.split('-')[1]);
  return b.atMs - a.atMs || sequence(b) - sequence(a);
}
