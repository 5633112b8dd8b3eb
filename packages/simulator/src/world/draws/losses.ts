/** What Redis loses, and what happens to whom meanwhile. */
import type { Random } from '../random.ts';
import { type ClusterShape, lostScripts, type OperationKind } from '../scenario.ts';
import {
  connector,
  coordinator,
  cutOff,
  duration,
  holding,
  type WeightedDraws,
  worker,
} from './pick.ts';
import { reconfigure } from './requests.ts';

export const losses: WeightedDraws = [
  { weight: 1, draw: () => [{ op: 'redis-flush' }] },
  { weight: 2, draw: (random) => [{ op: 'redis-revert', backMs: backwards(random) }] },
  {
    weight: 1,
    draw: (random) => [{ op: 'redis-down', forMs: duration(random), losesMs: backwards(random) }],
  },
  { weight: 1, draw: () => [{ op: 'wall-jump', byMs: 3_600_000 }] },
  { weight: 2, draw: holdARepair },
  { weight: 2, draw: cutOffFromALoss },
  { weight: 1, draw: loseAMark },
  { weight: 2, draw: loseAChange },
  { weight: 1, draw: loseASuccessor },
];

function backwards(random: Random): number {
  return random.pick([200, 1_000, 3_000, 10_000]);
}

/** The leader is cut off while it mends what the store has lost. */
function holdARepair(random: Random, shape: ClusterShape): OperationKind[] {
  const scripts = ['adopt', 'start-quarantine', 'end-quarantine', 'restore'];
  return [
    holding(random, coordinator(random, shape), scripts),
    { op: 'redis-revert', backMs: backwards(random) },
  ];
}

/** Who is cut off goes on for as long as its lease, and the store may not know it any more, nor what it owns. */
function cutOffFromALoss(random: Random, shape: ClusterShape): OperationKind[] {
  return [
    cutOff(worker(random, shape), duration(random)),
    random.chance(0.5)
      ? { op: 'redis-flush' }
      : { op: 'redis-revert', backMs: random.pick([3_000, 10_000]) },
  ];
}

/**
 * A leader hands over to another one, or to its next life, which writes definitions; then the store goes back to when
 * it led itself, under its old term: the journal knows a later one.
 */
function loseASuccessor(random: Random, shape: ClusterShape): OperationKind[] {
  const process = coordinator(random, shape);
  return [
    { op: 'stop', process, awayMs: 500, returns: true },
    reconfigure(random, shape),
    { ...holding(random, process, ['raise-epoch']), forMs: 30_000 },
    { op: 'redis-revert', backMs: 10_000 },
  ];
}

/** What a leader says of how far the journal is followed arrives at a store that is not where it was. */
function loseAMark(random: Random, shape: ClusterShape): OperationKind[] {
  return [
    {
      op: 'hold',
      process: coordinator(random, shape),
      script: 'mark-journaled',
      direction: 'requests',
      forMs: 5_000,
    },
    reconfigure(random, shape),
    { op: 'redis-revert', backMs: 10_000 },
  ];
}

/** So little is lost that workers bring the store to a higher revision at once: only the journal shows that it went back. */
function loseAChange(random: Random, shape: ClusterShape): OperationKind[] {
  if (random.chance(0.15)) {
    return [
      { op: 'redis-loses', script: 'announce', withinMs: random.whole(1, 400) },
      { op: 'announce', worker: worker(random, shape) },
    ];
  }
  const name = connector(random, shape);
  const state = random.pick(['PAUSED', 'STARTED', 'STOPPED'] as const);
  return [
    {
      op: 'redis-loses',
      script: random.chance(0.5) ? 'apply-request' : random.pick(lostScripts),
      withinMs: random.whole(1, 40),
    },
    random.chance(0.6)
      ? { op: 'request', body: { op: 'target', connector: name, state }, repeats: false }
      : reconfigure(random, shape),
  ];
}
