/** What events mean for the eye. Pure. */
import type { LiveEvent } from '@sluice/rest-api/live';

type Tone = 'ok' | 'bad' | 'warn' | 'move' | 'idle';

const tones: readonly (readonly [RegExp, Tone])[] = [
  [/failed|dead|lost|missing|away|refused|fenced/, 'bad'],
  [/restart|back_?off|drain|quarantine|stalled|cordon/, 'warn'],
  [/rerun|moved|orphan|revok|grant/, 'move'],
  [/joined|back|restored|running|claimed|elected|created|started/, 'ok'],
];

export function toneOfEvent(type: string): Tone {
  return tones.find(([pattern]) => pattern.test(type))?.[1] ?? 'idle';
}

/** Whether it is about that unit, by the names among its facts. */
export function isAbout(
  { facts }: LiveEvent,
  wanted: { readonly connector?: string; readonly unit?: string; readonly worker?: string },
): boolean {
  return Object.entries(wanted).every(
    ([key, value]) => value === undefined || facts[key] === value,
  );
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
