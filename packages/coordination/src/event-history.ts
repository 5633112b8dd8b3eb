/**
 * What happened, for people: of the cluster, and step by step of each unit (granted, claimed, running, failed, backing
 * off, moved), which is kept apart, since one rerun of the assignment makes thousands of them.
 */
import type { ClusterEvent } from './model.ts';

export interface EventQuery {
  readonly limit: number;
  /** Only what happened before the event of this id. */
  readonly before?: string | undefined;
  /** Or the beginning of it: `worker` for all of workers. */
  readonly type?: string | undefined;
  readonly connector?: string | undefined;
  readonly worker?: string | undefined;
  readonly unit?: string | undefined;
  /** Words, all of which are in its type or its message. */
  readonly text?: string | undefined;
}

export interface EventHistory {
  /** Newest first. Of units only where the query names what they are of. */
  read(query: EventQuery): Promise<ClusterEvent[]>;
}

/** Types of steps of units begin so. */
export const unitEventPrefix = 'unit.';

/** Whether a query is about units at all: nobody wants all of their steps among what happened to the cluster. */
export function isAboutUnits({ type, connector, worker, unit }: EventQuery): boolean {
  if (type !== undefined) return `${type}.`.startsWith(unitEventPrefix);
  return connector !== undefined || worker !== undefined || unit !== undefined;
}

export function isEventAskedFor(
  { type, message, facts }: ClusterEvent,
  query: EventQuery,
): boolean {
  const { connector, worker, unit } = query;
  return (
    (query.type === undefined || type === query.type || type.startsWith(`${query.type}.`)) &&
    (connector === undefined || facts['connector'] === connector) &&
    (unit === undefined || facts['unit'] === unit) &&
    (worker === undefined || facts['worker'] === worker || facts['from'] === worker) &&
    hasWords(`${type} ${message}`, query.text)
  );
}

function hasWords(told: string, text: string | undefined): boolean {
  if (text === undefined) return true;
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return words.every((word) => told.toLowerCase().includes(word));
}
