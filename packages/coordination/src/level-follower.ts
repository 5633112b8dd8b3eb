/** Keeps the levels of a process's loggers as they were set for the whole cluster. */
import type { Clock, LogLevels, Service, Timer } from '@sluice/kernel';

import type { ClusterStore, LoggerLevel } from './store.ts';

const everyMs = 2_000;

export interface LevelFollowerOptions {
  readonly store: Pick<ClusterStore, 'loggerLevels'>;
  readonly levels: LogLevels;
  readonly clock: Clock;
  /** After each look that was answered, with what was found. */
  readonly onLook?: (settings: ReadonlyMap<string, LoggerLevel>) => void;
}

export class LevelFollower implements Service {
  readonly #options: LevelFollowerOptions;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: LevelFollowerOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#look();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Never rejects: without the store levels stay as they are. */
  async #look(): Promise<void> {
    const { store, levels, clock, onLook } = this.#options;
    try {
      const settings = await store.loggerLevels();
      levels.follow(settings);
      onLook?.(settings);
    } catch {
      // Told by those who need the store.
    }
    if (!this.#isStopped) this.#timer = clock.after(everyMs, () => void this.#look());
  }
}
