/** What events mean for the eye. Pure. */
import type { LiveEvent } from '@sluice/rest-api/live';
import { connectorPath, tasksPath } from '../paths.ts';

type Tone = 'ok' | 'bad' | 'warn' | 'move' | 'idle';

const tones: readonly (readonly [RegExp, Tone])[] = [
  [/failed|dead|lost|missing|away|refused|fenced/, 'bad'],
  [/restart|back(ing)?_?off|drain|quarantine|stalled|cordon/, 'warn'],
  [/rerun|moved|orphan|revok|grant/, 'move'],
  [/joined|back|restored|running|claimed|elected|created|started/, 'ok'],
];

export function toneOfEvent(type: string): Tone {
  return tones.find(([pattern]) => pattern.test(type))?.[1] ?? 'idle';
}

/** Where to see more of what it is about; undefined: of the cluster as a whole. */
export function placeOfEvent({
  facts,
}: Pick<LiveEvent, 'facts'>): { readonly name: string; readonly to: string } | undefined {
  const { unit, connector, worker } = facts;
  const [, task] = /^task\/(.+)$/.exec(typeof unit === 'string' ? unit : '') ?? [];
  if (task !== undefined && typeof connector === 'string') {
    return { name: task, to: tasksPath({ connector, task }) };
  }
  if (typeof connector === 'string' && connector !== '') {
    return { name: connector, to: connectorPath(connector) };
  }
  if (typeof worker === 'string' && worker !== '') {
    return { name: worker, to: tasksPath({ worker }) };
  }
  return undefined;
}

/** Names of the connectors that are among units themselves, and not by their tasks. */
export function connectorsAmong(units: readonly string[]): string[] {
  const prefix = 'connector/';
  return units.flatMap((unit) => (unit.startsWith(prefix) ? unit.slice(prefix.length) : []));
}

/** How long each step lasted until the next of the same unit, by id of the event. `events`: the newest first. */
export function stepsMs(events: readonly LiveEvent[]): ReadonlyMap<string, number> {
  const nextMs = new Map<string, number>();
  const lasted = new Map<string, number>();
  for (const { id, at_ms: atMs, facts } of events) {
    const { unit } = facts;
    if (typeof unit !== 'string') continue;
    const next = nextMs.get(unit);
    if (next !== undefined) lasted.set(id, next - atMs);
    nextMs.set(unit, atMs);
  }
  return lasted;
}

/** Those that came live, and the older ones that were asked for: each once, the newest first. */
export function mergedEvents(
  live: readonly LiveEvent[],
  stored: readonly LiveEvent[],
): readonly LiveEvent[] {
  const known = new Set(live.map(({ id }) => id));
  return [...live, ...stored.filter(({ id }) => !known.has(id))].toSorted(
    (a, b) => b.at_ms - a.at_ms,
  );
}

/** What events are about: the first part of their types. A newer server may tell of more. */
export const eventAreas: readonly string[] = [
  'worker',
  'connector',
  'assignment',
  'leader',
  'request',
  'journal',
  'store',
  'protocol',
];

export function areaOf(type: string): string {
  return type.split('.')[0] ?? '';
}

/** As the server chooses them. */
export function siftedEvents(
  events: readonly LiveEvent[],
  { type, text }: { readonly type: string; readonly text: string },
): readonly LiveEvent[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return events.filter(
    (event) =>
      (type === '' || event.type === type || event.type.startsWith(`${type}.`)) &&
      words.every((word) => `${event.type} ${event.message}`.toLowerCase().includes(word)),
  );
}

/** Where what is older than a page begins; null: a page that is not full is the last. */
export function nextOf(page: readonly LiveEvent[], limit: number): string | null {
  return page.length < limit ? null : (page.at(-1)?.id ?? null);
}
