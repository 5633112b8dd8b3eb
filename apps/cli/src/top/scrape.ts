/** Asks every worker what its tasks do. One that does not answer in time is left out, and told as unreachable. */
import type { ClusterSnapshot, UnitId } from '@sluice/coordination';
import { systemClock } from '@sluice/kernel';

import type { ProcessRequests } from '../process-requests.ts';
import { parseSamples, type TaskSample } from './task-samples.ts';

export interface Scrape {
  readonly samples: ReadonlyMap<UnitId, TaskSample>;
  /** Workers that did not answer. */
  readonly unreachable: ReadonlySet<string>;
}

const answerLimitMs = 2_000;

export async function scrape(
  { workers }: ClusterSnapshot,
  requests: ProcessRequests,
): Promise<Scrape> {
  const samples = new Map<UnitId, TaskSample>();
  const unreachable = new Set<string>();
  const asked = workers.filter(({ state }) => state === 'up' || state === 'draining');
  await Promise.all(
    asked.map(async ({ member, units }) => {
      try {
        const { status, text } = await requests.get(member.address, '/metrics', {
          ms: answerLimitMs,
        });
        if (status !== 200) throw new Error(`no metrics, but ${status}`);
        const owned = new Set(units);
        for (const [unit, sample] of parseSamples(text, systemClock.monotonicMs())) {
          // What it ran before may still be told by it.
          if (owned.has(unit)) samples.set(unit, sample);
        }
      } catch {
        unreachable.add(member.worker);
      }
    }),
  );
  return { samples, unreachable };
}
