/**
 * Tells the cluster what becomes of the units here: how they are, which tasks their connectors want, and the leader
 * that there is something to look at.
 *
 * Only the last word about each is kept, until the store has it: what fails is told again with the next acknowledged
 * beat, see `flush`.
 */
import { type Clock, type Logger, toError } from '@sluice/kernel';

import type { LeaderWaker } from '../dispatch.ts';
import type { UnitId } from '../model.ts';
import type { WorkerStore } from '../store.ts';
import type { LocalUnit, UnitStatus } from './local-unit.ts';

export interface UnitReporterOptions {
  readonly worker: string;
  readonly incarnation: () => string;
  readonly store: WorkerStore;
  readonly waker: LeaderWaker;
  readonly clock: Clock;
  readonly logger: Logger;
  /** A connector's own unit, if it is here. */
  readonly connectorHere: (connector: string) => LocalUnit | undefined;
}

/** Statuses in one round trip. */
const batchMax = 500;
/** How long they are gathered before they are told together. */
const gatherMs = 5;

export class UnitReporter {
  readonly #options: UnitReporterOptions;
  readonly #statuses = new Map<UnitId, { fence: number; status: UnitStatus }>();
  /** Connectors whose tasks are to be told: what they want says their unit. */
  readonly #unpublished = new Set<string>();
  #telling: Promise<void> | undefined;
  #isWakeScheduled = false;
  #released: UnitId[] = [];
  #published: string[] = [];

  constructor(options: UnitReporterOptions) {
    this.#options = options;
  }

  status(unit: UnitId, fence: number, status: UnitStatus): void {
    this.#statuses.set(unit, { fence, status });
    this.#flushStatuses();
  }

  tasks(connector: string): void {
    this.#unpublished.add(connector);
    this.#flushPublications();
  }

  /** What the store may have forgotten, with the next `flush`. */
  again({ runnable: { unit, fence, connector }, status, publication }: LocalUnit): void {
    if (status) this.#statuses.set(unit, { fence, status });
    if (publication) this.#unpublished.add(connector);
  }

  /** Whatever is not known to have arrived. */
  flush(): void {
    this.#flushStatuses();
    this.#flushPublications();
  }

  /** It is somebody else's business from now on. */
  released(unit: UnitId): void {
    this.#statuses.delete(unit);
    this.#released.push(unit);
    this.wakeLeader();
  }

  forgetTasks(connector: string): void {
    this.#unpublished.delete(connector);
  }

  forgetAll(): void {
    this.#statuses.clear();
    this.#unpublished.clear();
  }

  /** One wake-up for all that happened within a few milliseconds. */
  wakeLeader(): void {
    if (this.#isWakeScheduled) return;
    this.#isWakeScheduled = true;
    const { clock, waker, worker } = this.#options;
    clock.after(1, () => {
      this.#isWakeScheduled = false;
      const parts = [
        ...(this.#released.length > 0 ? [`released ${shortList(this.#released)}`] : []),
        ...(this.#published.length > 0 ? [`published tasks of ${shortList(this.#published)}`] : []),
      ];
      this.#released = [];
      this.#published = [];
      // A wake-up that is lost costs one tick of the leader.
      waker.wake(`${worker} ${parts.join(', ') || 'looks'}`).catch(() => {});
    });
  }

  #flushStatuses(): void {
    if (this.#statuses.size === 0) return;
    this.#telling ??= this.#tellStatuses().finally(() => {
      this.#telling = undefined;
    });
  }

  async #tellStatuses(): Promise<void> {
    const { store, worker, incarnation, clock } = this.#options;
    while (this.#statuses.size > 0) {
      await clock.sleep(gatherMs);
      const batch = [...this.#statuses].slice(0, batchMax);
      const reports = batch.map(([unit, { fence, status }]) => ({ unit, fence, status }));
      try {
        await store.report(worker, incarnation(), reports);
      } catch {
        return; // Kept; the next acknowledged beat flushes them.
      }
      for (const [unit, report] of batch) {
        // Refused ones are dropped too: a status under an older fence is nobody's business.
        if (this.#statuses.get(unit) === report) this.#statuses.delete(unit);
      }
    }
  }

  #flushPublications(): void {
    for (const connector of this.#unpublished) void this.#publish(connector);
    this.#unpublished.clear();
  }

  async #publish(connector: string): Promise<void> {
    const { store, worker, incarnation, logger, connectorHere } = this.#options;
    const local = connectorHere(connector);
    const publication = local?.publication;
    if (!publication || local.stopping) return;
    try {
      const result = await store.publishTasks({
        connector,
        uid: local.uid,
        worker,
        incarnation: incarnation(),
        ...publication,
        // The connector may have been given a new one since it computed these.
        fence: local.runnable.fence,
      });
      logger.debug({ connector, outcome: result.kind }, 'task configurations told');
      if (result.kind === 'published') {
        this.#published.push(connector);
        this.wakeLeader();
      }
    } catch (error) {
      // For the next beat, unless it wants other tasks by then, or is another connector of that name.
      if (connectorHere(connector)?.publication === publication) this.#unpublished.add(connector);
      logger.debug({ connector, error: toError(error).message }, 'publishing will be tried again');
    }
  }
}

function shortList(names: readonly string[]): string {
  const [first, ...others] = names;
  return others.length === 0 ? `${first}` : `${first} and ${others.length} more`;
}
