/** Draws one thing that happens, or a few that belong together. */
import { faults } from './draws/faults.ts';
import { losses } from './draws/losses.ts';
import { duration, type WeightedDraws, worker } from './draws/pick.ts';
import { requests } from './draws/requests.ts';
import type { Random } from './random.ts';
import type { ClusterShape, OperationKind } from './scenario.ts';

export interface Palette {
  /** Redis may lose data; else its clock may go back. */
  readonly losesData: boolean;
  readonly isCrowded: boolean;
}

const jumps: WeightedDraws = [
  { weight: 1, draw: (random, shape) => [foreigner(random, shape)] },
  { weight: 1, draw: (random) => [{ op: 'wall-jump', byMs: random.pick([3_600_000, 20_000]) }] },
  { weight: 2, draw: (random) => [{ op: 'wall-jump', byMs: random.pick([-3_600_000, -20_000]) }] },
];

export function generateOperation(
  random: Random,
  shape: ClusterShape,
  palette: Palette,
): OperationKind[] {
  const [first, ...others] = [...requests, ...faults, ...(palette.losesData ? losses : jumps)].map(
    ({ weight, draw }) => ({ weight, item: draw }),
  );
  return first ? random.weighted([first, ...others])(random, shape) : [];
}

/** Who comes first to an emptied store says which protocol is used: see RELIABILITY.md. Here it is not emptied. */
function foreigner(random: Random, shape: ClusterShape): OperationKind {
  const kind = random.pick(['other protocol', 'other coordinator'] as const);
  return { op: 'stranger', kind, worker: worker(random, shape), forMs: duration(random) };
}
