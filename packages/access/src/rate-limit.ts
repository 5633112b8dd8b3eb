/** So many in so long for each key, in windows that begin with the first. Keys are addresses of clients. */
import { isIPv6 } from 'node:net';
import type { Clock } from '@sluice/kernel';

import { LruMap } from './lru.ts';

export interface RateLimitOptions {
  readonly max: number;
  readonly windowMs: number;
  readonly clock: Clock;
}

interface Window {
  readonly endsAtMs: number;
  count: number;
}

/** About 2 MB. Who has more addresses than this gets past any limit by address. */
const keysMax = 10_000;

export class RateLimit {
  readonly #options: RateLimitOptions;
  readonly #windows = new LruMap<Window>(keysMax);

  constructor(options: RateLimitOptions) {
    this.#options = options;
  }

  /** Counts one. Milliseconds to wait if that was too much, else 0. */
  take(key: string): number {
    const window = this.#current(key) ?? this.#begin(key);
    window.count += 1;
    return this.#waitMs(window);
  }

  /** As `take`, without counting. */
  waitMs(key: string): number {
    const window = this.#current(key);
    return window && window.count >= this.#options.max
      ? window.endsAtMs - this.#options.clock.monotonicMs()
      : 0;
  }

  #waitMs({ count, endsAtMs }: Window): number {
    return count > this.#options.max ? endsAtMs - this.#options.clock.monotonicMs() : 0;
  }

  #current(key: string): Window | undefined {
    const window = this.#windows.get(key);
    return window && window.endsAtMs > this.#options.clock.monotonicMs() ? window : undefined;
  }

  #begin(key: string): Window {
    const endsAtMs = this.#options.clock.monotonicMs() + this.#options.windowMs;
    const window = { endsAtMs, count: 0 };
    this.#windows.set(key, window);
    return window;
  }
}

/**
 * One client has a whole network of 64 bits in IPv6, and may take another address of it each time. Proxies of some clouds
 * say the port as well (`192.0.2.1:50123`, `[2001:db8::1]:50123`), and that is another one with each connection.
 */
export function clientKey(client: string): string {
  const address = /^\[([\da-f:.]+)\](?::\d+)?$/i.exec(client)?.[1] ?? withoutPort(client);
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('%', 1)[0]?.split('::') ?? [];
  const first = head === '' ? [] : head.split(':');
  const last = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - first.length - last.length;
  const groups = [...first, ...Array<string>(Math.max(0, zeros)).fill('0'), ...last];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')}::/64`;
}

function withoutPort(client: string): string {
  return /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(client)?.[1] ?? client;
}
