/** What draws have in common: of whom, and for how long. */
import type { Random } from '../random.ts';
import type { ClusterShape, OperationKind } from '../scenario.ts';

/** One thing that happens, or a few that belong together. */
export type Draw = (random: Random, shape: ClusterShape) => OperationKind[];
export type WeightedDraws = readonly { readonly weight: number; readonly draw: Draw }[];
type Holding = Extract<OperationKind, { readonly op: 'hold' }>;

/** Shorter than what anybody notices, about a lease, and longer than all of them. */
const durationsMs: readonly [number, ...number[]] = [1_500, 5_000, 9_000, 13_000, 18_000, 30_000];

export function duration(random: Random): number {
  return Math.round(random.pick(durationsMs) * random.between(0.8, 1.2));
}

export function worker(random: Random, { workers }: ClusterShape): string {
  return workers[random.whole(0, workers.length - 1)] ?? 'w1';
}

/** Mostly workers: there are more of them, and they have more to do. */
export function anyProcess(random: Random, shape: ClusterShape): string {
  return random.chance(0.7) ? worker(random, shape) : coordinator(random, shape);
}

export function coordinator(random: Random, { coordinators }: ClusterShape): string {
  return coordinators[random.whole(0, coordinators.length - 1)] ?? 'c1';
}

export function connector(random: Random, { connectors }: ClusterShape): string {
  return connectors[random.whole(0, connectors.length - 1)]?.name ?? 'plain-b';
}

export function holding(random: Random, process: string, scripts: readonly string[]): Holding {
  return {
    op: 'hold',
    process,
    script: random.pick(scripts as [string, ...string[]]),
    direction: random.chance(0.7) ? 'requests' : 'replies',
    forMs: duration(random),
  };
}

export function cutOff(process: string, forMs: number): OperationKind {
  return { op: 'cut', process, link: 'both', direction: 'both', keeps: false, forMs };
}
