/** What goes wrong with processes, links, queues and the journal, and with Redis as long as it loses nothing. */
import type { Random } from '../random.ts';
import { type ClusterShape, heldScripts, type OperationKind } from '../scenario.ts';
import { profile } from '../timing.ts';
import {
  anyProcess,
  connector,
  coordinator,
  cutOff,
  duration,
  holding,
  type WeightedDraws,
  worker,
} from './pick.ts';
import { reconfigure } from './requests.ts';

export const faults: WeightedDraws = [
  { weight: 3, draw: (random, shape) => [crash(random, shape)] },
  { weight: 3, draw: (random, shape) => [freeze(random, shape)] },
  { weight: 2, draw: (random, shape) => [stop(random, shape)] },
  { weight: 1, draw: rollingRestart },
  { weight: 5, draw: (random, shape) => [cut(random, shape)] },
  { weight: 1, draw: cutOffAlone },
  { weight: 4, draw: (random, shape) => [hold(random, shape)] },
  { weight: 3, draw: holdWhatFollows },
  { weight: 1, draw: (random, shape) => [slowLink(random, shape)] },
  { weight: 1, draw: (random) => [{ op: 'redis-down', forMs: duration(random), losesMs: 0 }] },
  { weight: 1, draw: (random) => [{ op: 'redis-stall', forMs: random.whole(500, 12_000) }] },
  { weight: 3, draw: (random) => [queueTrouble(random)] },
  { weight: 1, draw: (random) => [{ op: 'journal-away', forMs: duration(random) }] },
  { weight: 1, draw: () => [{ op: 'journal-loses-answer' }] },
  { weight: 1, draw: (random) => [{ op: 'join', worker: `w${random.whole(7, 9)}` }] },
  { weight: 1, draw: (random, shape) => [stranger(random, shape)] },
  { weight: 2, draw: (random, shape) => [slowStop(random, shape)] },
  { weight: 2, draw: hang },
  { weight: 1, draw: (random, shape) => [fail(random, shape)] },
];

function crash(random: Random, shape: ClusterShape): OperationKind {
  return { op: 'crash', process: anyProcess(random, shape), downMs: duration(random) };
}

function freeze(random: Random, shape: ClusterShape): OperationKind {
  return { op: 'freeze', process: anyProcess(random, shape), forMs: duration(random) };
}

function stop(random: Random, shape: ClusterShape): OperationKind {
  return {
    op: 'stop',
    process: anyProcess(random, shape),
    awayMs: random.pick([500, 5_000, 20_000]),
    returns: random.chance(0.7),
  };
}

function rollingRestart(_random: Random, { workers }: ClusterShape): OperationKind[] {
  return workers.map((process) => ({ op: 'stop', process, awayMs: 500, returns: true }));
}

function cut(random: Random, shape: ClusterShape): OperationKind {
  return {
    op: 'cut',
    process: anyProcess(random, shape),
    link: random.pick(['heartbeat', 'coordination', 'both']),
    direction: random.pick(['requests', 'replies', 'both']),
    keeps: random.chance(0.5),
    forMs: duration(random),
  };
}

/** It does not hear what becomes of its tasks, and by `continue-if-fenced` some of them go on. */
function cutOffAlone(random: Random, shape: ClusterShape): OperationKind[] {
  return [
    cutOff(worker(random, shape), 60_000),
    reconfigure(random, shape),
    reconfigure(random, shape),
  ];
}

function hold(random: Random, shape: ClusterShape): OperationKind {
  return random.chance(0.4)
    ? holding(random, worker(random, shape), heldScripts.worker)
    : holding(random, coordinator(random, shape), heldScripts.coordinator);
}

/** Scripts that are rare by themselves, right before what makes somebody send them. */
function holdWhatFollows(random: Random, shape: ClusterShape): OperationKind[] {
  const [process, leader] = [worker(random, shape), coordinator(random, shape)];
  const forMs = 30_000;
  return random.weighted<() => OperationKind[]>([
    {
      weight: 2,
      item: () => [
        holding(random, process, ['refence']),
        { op: 'hang', worker: process, executor: random.whole(0, 1), forMs },
      ],
    },
    {
      weight: 2,
      item: () => [
        holding(random, leader, ['declare-dead', 'orphan', 'forget']),
        { op: 'crash', process, downMs: forMs },
      ],
    },
    {
      weight: shape.upgrades ? 6 : 1,
      item: () => [
        ...[...shape.coordinators, ...shape.workers].map(
          (each): OperationKind => ({ op: 'stop', process: each, awayMs: 500, returns: true }),
        ),
        // Whoever leads then: another one does when the held request arrives.
        ...shape.coordinators.map((each) => holding(random, each, ['raise-protocol'])),
        { op: 'join', worker: `w${random.whole(7, 9)}` },
      ],
    },
  ])();
}

function slowLink(random: Random, shape: ClusterShape): OperationKind {
  const slowMs = random.pick([300, 1_200, 3_000]);
  return { op: 'slow-link', process: anyProcess(random, shape), slowMs, forMs: duration(random) };
}

function queueTrouble(random: Random): OperationKind {
  const trouble = random.pick(['loses', 'doubles', 'delays', 'reorders', 'stands still'] as const);
  return { op: 'queue', trouble, forMs: duration(random) };
}

function stranger(random: Random, shape: ClusterShape): OperationKind {
  const kind = random.pick(['namesake', 'other log'] as const);
  return { op: 'stranger', kind, worker: worker(random, shape), forMs: duration(random) };
}

function slowStop(random: Random, shape: ClusterShape): OperationKind {
  const stopMs = random.pick([1_000, 6_000, 20_000]);
  return { op: 'slow-stop', worker: worker(random, shape), stopMs, forMs: duration(random) };
}

/** At times together with a loss of the lease: then nothing confirms that the executor is quiet. */
function hang(random: Random, shape: ClusterShape): OperationKind[] {
  const process = worker(random, shape);
  const hangs: OperationKind = {
    op: 'hang',
    worker: process,
    executor: random.whole(0, 1),
    forMs: duration(random),
  };
  if (random.chance(0.6)) return [hangs];
  const isGone = cutOff(process, 3 * profile.deadAfterMs);
  return [isGone, { ...hangs, forMs: profile.killAfterMs }, hangs];
}

function fail(random: Random, shape: ClusterShape): OperationKind {
  const name = connector(random, shape);
  const unit = random.chance(0.2) ? `connector/${name}` : `task/${name}/${random.whole(0, 2)}`;
  return { op: 'fail', unit, isFinal: random.chance(0.3) };
}
