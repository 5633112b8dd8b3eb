/** Asks every worker what its tasks do. One that does not answer in time is left out, and told as unreachable. */
import type { ClusterSnapshot, UnitId } from '@sluice/coordination';
import { systemClock } from '@sluice/kernel';

import { parseSamples, type TaskSample } from './task-samples.ts';

export interface Scrape {
  readonly samples: ReadonlyMap<UnitId, TaskSample>;
  /** Workers that did not answer. */
  readonly unreachable: ReadonlySet<string>;
}

const answerLimitMs = 2_000;
const answerBytesMax = 64 * 1024 * 1024;

export async function scrape({ workers }: ClusterSnapshot): Promise<Scrape> {
  const samples = new Map<UnitId, TaskSample>();
  const unreachable = new Set<string>();
  const asked = workers.filter(({ state }) => state === 'up' || state === 'draining');
  await Promise.all(
    asked.map(async ({ member, units }) => {
      try {
        const response = await fetch(`http://${member.address}/metrics`, {
          signal: AbortSignal.timeout(answerLimitMs),
        });
        const text = await response.text();
        if (!response.ok || text.length > answerBytesMax) throw new Error('no metrics');
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
