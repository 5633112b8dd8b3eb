/**
 * The port to the queues that wake processes up (BullMQ in production). A wake-up carries ids, never the
 * only copy of anything and never configuration: it may be lost, doubled, late or deleted by hand.
 */
import type { UnitId } from './model.ts';

export interface StartJob {
  readonly unit: UnitId;
  readonly fence: number;
  readonly worker: string;
  readonly incarnation: string;
  /** Readable: `lease of worker-2 expired`, `first assignment`, `balance`. */
  readonly reason: string;
}

/** `refresh`: something about units that the worker already has changed; read the assignments. */
export interface RefreshJob {
  readonly worker: string;
  readonly incarnation: string;
  readonly reason: string;
}

/** The coordinator's side. Failures are logged by the adapter: reconciliation makes up for them. */
export interface Dispatcher {
  start(jobs: readonly StartJob[]): Promise<void>;
  refresh(jobs: readonly RefreshJob[]): Promise<void>;
  /** The worker's queue is not needed any more. */
  forget(worker: string): Promise<void>;
}

/** Anyone's side towards the leader. */
export interface LeaderWaker {
  wake(reason: string, requestId?: string): Promise<void>;
}

/** What the worker does with its jobs; answers become the jobs' results on the board. */
export interface StartJobHandler {
  start(job: StartJob): Promise<'claimed' | 'stale' | 'draining'>;
  refresh(job: RefreshJob): Promise<void>;
}
