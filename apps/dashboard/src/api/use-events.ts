/** Events that are not in the live view: steps of units, and what is older. */
import type { LiveEvent, LiveUnit } from '@sluice/rest-api/live';
import { useEffect } from 'react';
import { type Query, useQuery } from './use-query.ts';

/** Whoever looks for them looks through all that are kept: not too often. */
const everyMs = 6_000;
/** The leader tells what owners did when it has seen it. */
const toldAfterMs = 800;

/** `query`: of `/sluice/events`. `units`: whose steps they are; soon after one of them changes they are asked for again. */
export function useEvents(
  query: string,
  { limit, units = [] }: { readonly limit: number; readonly units?: readonly LiveUnit[] },
): Query<readonly LiveEvent[]> {
  const asked = useQuery<readonly LiveEvent[]>(`/sluice/events?${query}&limit=${limit}`, {
    everyMs,
  });
  const { again } = asked;
  const version = units
    .map(({ state, stalled, fence, attempts }) => `${state}${String(stalled)}${fence}/${attempts}`)
    .join();
  useEffect(() => {
    const timer = window.setTimeout(again, toldAfterMs);
    return () => window.clearTimeout(timer);
  }, [version, again]);
  return asked;
}
