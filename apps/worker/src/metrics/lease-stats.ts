/** What became of a worker's beats, and how often it had to fence itself. */
import type { WorkerStore } from '@sluice/coordination';
import type { Clock } from '@sluice/kernel';

export class LeaseStats {
  beatsSent = 0;
  beatsFailed = 0;
  /** Acknowledged, but later than the next one was due. */
  beatsLate = 0;
  /** The lease was over, and executors had to be quiet, until it was renewed. */
  selfFences = 0;
  /** The cluster had declared it dead. */
  declaredDead = 0;
}

export interface CountedBeatsOptions {
  readonly stats: LeaseStats;
  readonly clock: Clock;
  readonly lateAfterMs: number;
  readonly quiesceAfterMs: number;
}

/** The store that heartbeats go through, counted. */
export function countedBeats(store: WorkerStore, options: CountedBeatsOptions): WorkerStore {
  const { stats, clock, lateAfterMs, quiesceAfterMs } = options;
  let quiesceAtMs = Number.POSITIVE_INFINITY;
  return {
    ...store,
    beat: async (request) => {
      const sentMs = clock.monotonicMs();
      stats.beatsSent += 1;
      try {
        const reply = await store.beat(request);
        const nowMs = clock.monotonicMs();
        if (nowMs - sentMs > lateAfterMs) stats.beatsLate += 1;
        if (reply.kind === 'fenced') stats.declaredDead += 1;
        if (reply.kind === 'ok' && !reply.quarantined) {
          if (nowMs > quiesceAtMs) stats.selfFences += 1;
          quiesceAtMs = sentMs + quiesceAfterMs;
        }
        return reply;
      } catch (error) {
        stats.beatsFailed += 1;
        throw error;
      }
    },
  };
}
