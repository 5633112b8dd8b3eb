/** What this process has used of its machine; asked of the system about once a second, however often one looks. */
import type { Clock } from '@sluice/kernel';

import type { ProcessUsage } from '../types.ts';

const askEveryMs = 900;

export class UsageMeter {
  readonly #clock: Clock;
  #askedAtMs = Number.NEGATIVE_INFINITY;
  #usage: ProcessUsage = { cpuMs: 0, rssBytes: 0 };

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): ProcessUsage {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#askedAtMs < askEveryMs) return this.#usage;
    this.#askedAtMs = nowMs;
    this.#usage = processUsage();
    return this.#usage;
  }
}

export function processUsage(): ProcessUsage {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1000, rssBytes: process.memoryUsage.rss() };
}
