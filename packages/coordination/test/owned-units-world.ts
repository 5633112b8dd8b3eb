/** What a worker owns, between a store and a runner that are played. */
import type { Logger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { expect } from 'vitest';

import type { StartJob } from '../src/dispatch.ts';
import type { UnitId } from '../src/model.ts';
import { OwnedUnits } from '../src/worker/owned-units.ts';
import { PlayedRunner, PlayedStore } from './worker-world.ts';

export const a: UnitId = 'task/orders/0';
export const actor: UnitId = 'connector/orders';

export class World {
  readonly clock = new FakeClock();
  readonly store = new PlayedStore();
  readonly runner = new PlayedRunner();
  readonly wakeUps: string[] = [];
  readonly errors: string[] = [];
  incarnation = 'w1#1';
  readonly units = new OwnedUnits({
    worker: 'w1',
    incarnation: () => this.incarnation,
    hasLost: ({ dataset }) => dataset !== 'data',
    store: this.store,
    runner: this.runner,
    waker: {
      wake: async (reason) => {
        this.wakeUps.push(reason);
      },
    },
    clock: this.clock,
    logger: this.#logger(),
  });

  /** A heartbeat is acknowledged, and everything that it causes happens. */
  async beat(state: 'up' | 'draining' = 'up'): Promise<void> {
    this.units.beatAcknowledged(this.store.revision, state);
    await this.clock.advance(50);
  }

  job(unit: UnitId, fence: number, incarnation = 'w1#1'): StartJob {
    return { unit, fence, worker: 'w1', incarnation, reason: 'first assignment' };
  }

  async owns(...units: UnitId[]): Promise<void> {
    for (const unit of units) this.store.grant(unit, 1);
    await this.beat();
    expect([...this.runner.running.keys()]).toEqual(units);
  }

  get log(): readonly string[] {
    return this.runner.log;
  }

  #logger(): Logger {
    const ignored = (): void => {};
    const logger: Logger = {
      debug: ignored,
      info: ignored,
      warn: ignored,
      error: (_fields, message) => {
        this.errors.push(message);
      },
      child: () => logger,
    };
    return logger;
  }
}
