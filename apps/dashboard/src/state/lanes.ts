/**
 * What units did, as bars along time: one lane a unit, one bar for as long as it was in one state on one worker. Made of
 * the steps that the leader told; what a unit is now is known besides, and counts where a step was not told. Pure.
 */
import type { LiveEvent, LiveUnit } from '@sluice/rest-api/live';
import { collate, shownState } from './task-rows.ts';

export const barKinds = [
  'running',
  'waiting',
  'starting',
  'leaving',
  'backing-off',
  'failed',
  'stalled',
  'idle',
] as const;
export type BarKind = (typeof barKinds)[number];

export interface Bar {
  readonly kind: BarKind;
  readonly fromMs: number;
  readonly toMs: number;
  readonly worker: string | null;
  /** The reason that was told, or the error. */
  readonly why: string | null;
  /** It is so now. */
  readonly isOpen: boolean;
}

export interface Lane {
  /** `task/orders/3` */
  readonly unit: string;
  readonly bars: readonly Bar[];
}

const kindOfStep: Readonly<Record<string, BarKind>> = {
  'unit.granted': 'starting',
  'unit.claimed': 'starting',
  'unit.running': 'running',
  'unit.paused': 'idle',
  'unit.stalled': 'stalled',
  'unit.backing_off': 'backing-off',
  'unit.failed': 'failed',
  'unit.revoked': 'leaving',
  'unit.orphaned': 'waiting',
  'unit.released': 'waiting',
};

const kindOfState: Readonly<Record<ReturnType<typeof shownState>, BarKind>> = {
  RUNNING: 'running',
  PAUSED: 'idle',
  STOPPED: 'idle',
  FAILED: 'failed',
  STALLED: 'stalled',
  RESTARTING: 'backing-off',
  UNASSIGNED: 'waiting',
};

/** `units`: those that there are now, of which lanes are wanted. `events`: in any order, of others too. */
export function lanesOf(
  events: readonly LiveEvent[],
  units: Readonly<Record<string, LiveUnit>>,
  nowMs: number,
): Lane[] {
  const steps = Map.groupBy(
    events.filter(({ type }) => Object.hasOwn(kindOfStep, type)),
    ({ facts }) => String(facts['unit']),
  );
  return [...new Set([...Object.keys(units), ...steps.keys()])]
    .toSorted(collate)
    .map((unit) => ({ unit, bars: barsOf(steps.get(unit) ?? [], units[unit], nowMs) }))
    .filter(({ bars }) => bars.length > 0);
}

/** Of those that changed in the span of time, the last that did so first. `units`: all that there are. */
export function busyLanes(
  events: readonly LiveEvent[],
  units: Readonly<Record<string, LiveUnit>>,
  { fromMs, nowMs }: { readonly fromMs: number; readonly nowMs: number },
): Lane[] {
  const busy = new Set(
    events.flatMap(({ at_ms: atMs, facts }) =>
      atMs >= fromMs && typeof facts['unit'] === 'string' ? [facts['unit']] : [],
    ),
  );
  const known = Object.entries(units).filter(([unit]) => busy.has(unit));
  const changedMs = ({ bars }: Lane): number => bars.at(-1)?.fromMs ?? 0;
  return lanesOf(events, Object.fromEntries(known), nowMs)
    .filter(({ unit }) => busy.has(unit))
    .toSorted((a, b) => changedMs(b) - changedMs(a));
}

function barsOf(steps: readonly LiveEvent[], unit: LiveUnit | undefined, nowMs: number): Bar[] {
  const bars: Bar[] = [];
  /** Why it was given, or taken away: what it does after that is because of it. */
  let reason: string | null = null;
  for (const { at_ms: atMs, type, facts } of steps.toSorted(byTime)) {
    const kind = kindOfStep[type] ?? 'waiting';
    reason = textOf(facts['reason']) ?? reason;
    const worker = kind === 'waiting' ? null : textOf(facts['worker']);
    append(bars, { kind, atMs, worker, why: textOf(facts['error']) ?? reason });
  }
  const last = bars.at(-1);
  // It is no more: what came last is how it ended.
  if (!unit) return last?.kind === 'waiting' ? bars.slice(0, -1) : bars;
  const kind = kindOfState[shownState(unit)];
  const { since_ms: sinceMs, error, reason: told } = unit;
  const worker = kind === 'waiting' ? null : unit.worker;
  // One without a worker says not since when: that it is so now is known, and that its last step is over.
  const fromMs = sinceMs ?? (last ? nowMs : undefined);
  const isNews =
    !last || (fromMs !== undefined && fromMs > last.fromMs && !isLast(last, kind, worker));
  if (isNews && fromMs !== undefined) {
    append(bars, { kind, atMs: Math.min(fromMs, nowMs), worker, why: error ?? told });
  }
  const open = bars.at(-1);
  if (open) bars[bars.length - 1] = { ...open, toMs: Math.max(open.fromMs, nowMs), isOpen: true };
  return bars;
}

/** Several are told at the same moment, and only their ids say which was first. */
function byTime(a: LiveEvent, b: LiveEvent): number {
  const sequence = ({ id }: LiveEvent): number => Number(id.split('-')[1] ?? 0);
  return a.at_ms - b.at_ms || sequence(a) - sequence(b);
}

function append(
  bars: Bar[],
  { kind, atMs, worker, why }: Pick<Bar, 'kind' | 'worker' | 'why'> & { readonly atMs: number },
): void {
  // What took no time at all is not seen.
  if (bars.at(-1)?.fromMs === atMs) bars.pop();
  const last = bars.at(-1);
  if (last) bars[bars.length - 1] = { ...last, toMs: atMs };
  const isSame = last?.kind === kind && last.worker === worker && kind !== 'backing-off';
  if (isSame) return;
  bars.push({ kind, fromMs: atMs, toMs: atMs, worker, why, isOpen: false });
}

/** Whether the last step tells what it is now: one that is granted, or has to leave, has no worker yet or any more. */
function isLast(last: Bar, now: BarKind, worker: string | null): boolean {
  if (last.kind === now) return now === 'waiting' || last.worker === worker;
  return now === 'waiting' && (last.kind === 'starting' || last.kind === 'leaving');
}

function textOf(fact: LiveEvent['facts'][string] | undefined): string | null {
  return typeof fact === 'string' && fact !== '' ? fact : null;
}

/** Spans of time that one can look at. */
export const windowsMs = {
  '2m': 120_000,
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
} as const;
export type WindowName = keyof typeof windowsMs;

/** The least that has the last steps of a lane, so that each can be seen. */
export function windowFor({ bars }: Lane, nowMs: number): number {
  const steps = 8;
  const fromMs = bars.at(-steps)?.toMs ?? bars[0]?.toMs ?? nowMs;
  const wanted = (nowMs - fromMs) * 1.15;
  return Object.values(windowsMs).find((ms) => ms >= wanted) ?? windowsMs['24h'];
}

const tickStepsMs = [5, 15, 30, 60, 180, 600, 1_800, 3_600, 10_800].map((s) => s * 1_000);
const ticksMax = 7;

/** Round moments between the two, some of them. */
export function ticksOf(fromMs: number, toMs: number): number[] {
  const step = tickStepsMs.find((each) => (toMs - fromMs) / each <= ticksMax) ?? 21_600_000;
  const first = Math.ceil(fromMs / step) * step;
  return Array.from({ length: Math.floor((toMs - first) / step) + 1 }, (_, n) => first + n * step);
}
