/** What changed from one view to the next. Pure. */
import type { LiveChange, LiveEvent, LiveLeader, LiveView, LiveWorker } from './live-view.ts';

/** Beats are numbers that always move: a worker that did nothing else is sent so often. */
const beatMovedMs = 1_000;
/** More than a look more or less; a renewal moves it by at least as much. */
const leaseMovedMs = 200;

/**
 * Undefined: nothing. `next` keeps the objects of `before` where nothing changed, as a client has them that applied
 * all changes: what was not sent is compared again.
 */
export function difference(
  before: LiveView,
  after: LiveView,
): { readonly change: LiveChange | undefined; readonly next: LiveView } {
  const workers = recordsDiffer(before.workers, after.workers, sameWorker);
  const connectors = recordsDiffer(before.connectors, after.connectors, same);
  const units = recordsDiffer(before.units, after.units, same);
  const events = newEvents(before.events, after.events);
  const isLeaderSame = sameLeader(before.leader, after.leader);
  const next: LiveView = {
    ...after,
    leader: isLeaderSame ? before.leader : after.leader,
    workers: workers.next,
    connectors: connectors.next,
    units: units.next,
  };
  const parts = {
    ...(isLeaderSame ? {} : { leader: after.leader }),
    ...(workers.changes && { workers: workers.changes }),
    ...(connectors.changes && { connectors: connectors.changes }),
    ...(units.changes && { units: units.changes }),
    ...(events.length > 0 && { events }),
  };
  const isSame = Object.keys(parts).length === 0;
  return { change: isSame ? undefined : { at_ms: after.at_ms, ...parts }, next };
}

function recordsDiffer<Each>(
  before: Readonly<Record<string, Each>>,
  after: Readonly<Record<string, Each>>,
  isSame: (a: NoInfer<Each>, b: NoInfer<Each>) => boolean,
): { changes: Record<string, Each | null> | undefined; next: Record<string, Each> } {
  const changes = new Map<string, Each | null>();
  const next = new Map<string, Each>();
  for (const [name, value] of Object.entries(after)) {
    const known = Object.hasOwn(before, name) ? before[name] : undefined;
    if (known !== undefined && isSame(known, value)) next.set(name, known);
    else {
      next.set(name, value);
      changes.set(name, value);
    }
  }
  for (const name of Object.keys(before)) {
    if (!Object.hasOwn(after, name)) changes.set(name, null);
  }
  return {
    changes: changes.size > 0 ? Object.fromEntries(changes) : undefined,
    next: Object.fromEntries(next),
  };
}

function sameWorker(a: LiveWorker, b: LiveWorker): boolean {
  const [sent, now] = [a.beat_at_ms, b.beat_at_ms];
  const isBeatSame =
    sent === null || now === null ? sent === now : Math.abs(now - sent) < beatMovedMs;
  return isBeatSame && same({ ...a, beat_at_ms: null }, { ...b, beat_at_ms: null });
}

/** Its lease runs down, which everybody can tell who knows when it ends, until it is renewed. */
function sameLeader(a: LiveLeader | null, b: LiveLeader | null): boolean {
  if (!a || !b) return a === b;
  const movedMs = Math.abs(b.lease_ends_at_ms - a.lease_ends_at_ms);
  return a.coordinator === b.coordinator && a.epoch === b.epoch && movedMs < leaseMovedMs;
}

/** Those that came after the newest that is known. Both newest first. */
function newEvents(known: readonly LiveEvent[], events: readonly LiveEvent[]): LiveEvent[] {
  const [newest] = known;
  if (!newest) return [...events];
  return events.filter(({ id }) => isLater(id, newest.id));
}

/** Ids are `<ms>-<number>`. */
export function isLater(id: string, other: string): boolean {
  const [ms = 0, number = 0] = id.split('-').map(Number);
  const [otherMs = 0, otherNumber = 0] = other.split('-').map(Number);
  return ms === otherMs ? number > otherNumber : ms > otherMs;
}

/** Of plain JSON. */
function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  const fields = Object.entries(a);
  if (fields.length !== Object.keys(b).length) return false;
  return fields.every(
    ([name, value]) => Object.hasOwn(b, name) && same(value, Reflect.get(b, name)),
  );
}
