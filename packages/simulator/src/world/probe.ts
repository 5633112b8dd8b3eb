/**
 * What is tried on a cluster that has converged, and to which nothing else happens: what had no reason to move must
 * not have moved (I9), what happens to Redis moves nothing (I10), and a change of membership no more than it must (I7).
 */
import type { ClusterView, UnitId } from '@sluice/coordination';

import type { SimulatedCluster } from './cluster.ts';
import type { Probe } from './scenario.ts';
import { lossGraceMs, profile } from './timing.ts';
import type { InvariantName } from './violations.ts';

interface Holding {
  readonly kind: 'task' | 'connector';
  readonly worker: string;
  readonly fence: number;
}

type Holdings = ReadonlyMap<UnitId, Holding>;

const revertMs = 3_000;
/** Long enough for each task to have had an effect, if it could. */
const goesOnMs = 15_000;
const slowestClock = 0.9;

/** What the cluster was like before, to be compared with what it is after. */
export interface ProbeStart {
  readonly probe: Probe;
  readonly holdings: Holdings;
  readonly stops: number;
  readonly workers: number;
  /** Whose units have to move. */
  readonly leaving: string | undefined;
}

/** Returns what has to be compared later, and for how long to let it happen, ms. */
export function beginProbe(
  cluster: SimulatedCluster,
  view: ClusterView,
  probe: Probe,
): { readonly start: ProbeStart; readonly waitMs: number } {
  const { world, server } = cluster;
  const names = [...cluster.workers.keys()];
  const start = (leaving?: string): ProbeStart => ({
    probe,
    holdings: holdingsOf(view),
    stops: cluster.watches.stops.stops,
    workers: names.length,
    leaving,
  });
  world.coverage.add(`probe: ${probe.kind}`);
  world.trace.note('probe', JSON.stringify(probe));
  switch (probe.kind) {
    case 'steady':
      return { start: start(), waitMs: 10_000 };
    case 'leader': {
      const leader = [...cluster.coordinators].find(([, { loop }]) => loop.leads);
      if (leader) cluster.crash(leader[0], 5_000);
      return { start: start(), waitMs: profile.leaderLeaseMs + 2 * profile.leaderRenewMs };
    }
    case 'outage':
      cluster.sink.unitsBeyond.clear();
      server.goDown();
      world.time.after(probe.forMs, () => server.comeUp());
      return { start: start(), waitMs: probe.forMs + 5_000 };
    case 'stall':
      server.stall(probe.forMs);
      return { start: start(), waitMs: probe.forMs + 5_000 };
    case 'flush':
      cluster.loseAll();
      return { start: start(), waitMs: lossGraceMs };
    case 'revert':
      // So that nothing but beats is lost.
      world.time.after(2 * revertMs, () => cluster.loseLast(revertMs));
      return { start: start(), waitMs: 2 * revertMs + lossGraceMs };
    case 'kill':
    case 'leave': {
      const leaving = names.length > 1 ? names[probe.worker % names.length] : undefined;
      const begun = start(leaving);
      if (leaving === undefined) return { start: begun, waitMs: 1_000 };
      if (probe.kind === 'kill') cluster.crash(leaving, undefined);
      else cluster.terminate(leaving, undefined, false);
      return { start: begun, waitMs: 1_000 };
    }
    case 'join': {
      const begun = start();
      cluster.start(probe.worker);
      return { start: begun, waitMs: 1_000 };
    }
  }
}

/** Once it has converged again. */
export function endProbe(
  cluster: SimulatedCluster,
  view: ClusterView,
  start: ProbeStart,
): { readonly invariant: InvariantName; readonly message: string } | undefined {
  const { probe, holdings, leaving } = start;
  const after = holdingsOf(view);
  const changed = [...after].filter(([unit, { worker, fence }]) => {
    const before = holdings.get(unit);
    return before?.worker !== worker || before.fence !== fence;
  });
  const name = probe.kind === 'steady' || probe.kind === 'leader' ? 'I9' : 'I10';
  const told = (units: typeof changed): string =>
    units
      .map(([unit, { worker }]) => `${unit}: ${holdings.get(unit)?.worker} → ${worker}`)
      .join(', ');

  if (probe.kind === 'join') {
    if (cluster.shape.movement === 'literal') return undefined;
    for (const kind of ['task', 'connector'] as const) {
      const units = [...after.values()].filter((unit) => unit.kind === kind).length;
      const moved = changed.filter(([, unit]) => unit.kind === kind);
      if (moved.length <= Math.ceil(units / (start.workers + 1))) continue;
      return {
        invariant: 'I7',
        message: `${moved.length} of ${units} ${kind}s moved: ${told(moved)}`,
      };
    }
    return undefined;
  }
  // An emptied Redis gives out slots anew, in the order in which workers come back: the formula is about them.
  const isDealtAnew = leaving !== undefined || probe.kind === 'flush';
  if (isDealtAnew && cluster.shape.movement === 'literal') return undefined;
  const needless = changed.filter(([unit]) => holdings.get(unit)?.worker !== leaving);
  if (needless.length > 0) {
    return { invariant: leaving === undefined ? name : 'I7', message: `moved: ${told(needless)}` };
  }
  const isIdle = probe.kind === 'outage' && nobodyWentOn(cluster, view, probe.forMs);
  if (isIdle) return { invariant: name, message: 'no task went on without Redis' };
  const stopped = cluster.watches.stops.stops - start.stops;
  const isStopped = leaving === undefined && stopped > 0;
  return isStopped ? { invariant: name, message: `${stopped} units were stopped` } : undefined;
}

/** By the policy `continue-if-fenced`, of several tasks that could; one alone may wait for its sink all the time. */
function nobodyWentOn(
  { shape, sink, workers }: SimulatedCluster,
  { connectors }: ClusterView,
  forMs: number,
): boolean {
  const goOnMs = forMs - profile.quiesceAfterMs / slowestClock;
  if (shape.continueFencedMs === 0 || goOnMs < goesOnMs) return false;
  const could = [...workers.values()].flatMap(({ runner }) =>
    [...runner.entries.values()].flatMap(({ run }) => (run?.isFenced ? [run.unit] : [])),
  );
  const started = could.filter(
    ({ connector }) => connectors.get(connector)?.targetState === 'STARTED',
  );
  return started.length >= 3 && sink.unitsBeyond.size === 0;
}

function holdingsOf(view: ClusterView): Holdings {
  return new Map(
    [...view.units.values()].map(({ unit, kind, worker = '', fence }) => [
      unit,
      { kind, worker, fence },
    ]),
  );
}
