/** What a played worker knows of one unit, over all of its runs there. */
import type { RunnableUnit } from '@sluice/coordination';

import type { PlayedExecutor } from './played-executor.ts';
import type { Run } from './run.ts';

export class UnitEntry {
  /** As it should run now. */
  unit: RunnableUnit;
  /** The fence that it was given to the runner with; a later one came by `refence`. */
  readonly spawnedFence: number;
  run: Run | undefined;
  /** Its executor was given up, or its fence refused: it begins again only under a new one. */
  needsFence = false;
  isRefencing = false;
  /** Failed for good: until somebody asks for a restart. */
  hasFailed = false;
  isRemoved = false;
  /** The same unit under a higher fence: begins when this one is gone. */
  successor: RunnableUnit | undefined;
  attempts = 0;
  /** Executors that were given up with a run of it, until they have exited. */
  readonly ghosts = new Set<PlayedExecutor>();
  readonly ended: Promise<void>;
  readonly resolveEnded: () => void;

  constructor(unit: RunnableUnit) {
    this.unit = unit;
    this.spawnedFence = unit.fence;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.ended = promise;
    this.resolveEnded = resolve;
  }
}
