/** Draws one thing that happens, or a few that belong together. */
import type { RequestBody, TargetState } from '@sluice/coordination';

import type { Random } from './random.ts';
import { type ClusterShape, heldScripts, lostScripts, type OperationKind } from './scenario.ts';
import { profile } from './timing.ts';

export interface Palette {
  /** Redis may lose data; else its clock may go back. */
  readonly losesData: boolean;
  readonly isCrowded: boolean;
}

type Draw = (random: Random, shape: ClusterShape) => OperationKind[];
type Holding = Extract<OperationKind, { readonly op: 'hold' }>;

/** Shorter than what anybody notices, about a lease, and longer than all of them. */
const durationsMs: readonly [number, ...number[]] = [1_500, 5_000, 9_000, 13_000, 18_000, 30_000];

const draws: readonly { readonly weight: number; readonly draw: Draw }[] = [
  { weight: 6, draw: (random, shape) => [request(random, shape)] },
  { weight: 3, draw: (random, shape) => [reconfigure(random, shape)] },
  { weight: 2, draw: createAnew },
  { weight: 2, draw: changeOffsets },
  { weight: 1, draw: (random, shape) => [otherUse(random, shape)] },
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

const losses: readonly { readonly weight: number; readonly draw: Draw }[] = [
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

const jumps: readonly { readonly weight: number; readonly draw: Draw }[] = [
  { weight: 1, draw: (random, shape) => [foreigner(random, shape)] },
  { weight: 1, draw: (random) => [{ op: 'wall-jump', byMs: random.pick([3_600_000, 20_000]) }] },
  { weight: 2, draw: (random) => [{ op: 'wall-jump', byMs: random.pick([-3_600_000, -20_000]) }] },
];

export function generateOperation(
  random: Random,
  shape: ClusterShape,
  palette: Palette,
): OperationKind[] {
  const [first, ...others] = [...draws, ...(palette.losesData ? losses : jumps)].map(
    ({ weight, draw }) => ({ weight, item: draw }),
  );
  return first ? random.weighted([first, ...others])(random, shape) : [];
}

function duration(random: Random): number {
  return Math.round(random.pick(durationsMs) * random.between(0.8, 1.2));
}

function backwards(random: Random): number {
  return random.pick([200, 1_000, 3_000, 10_000]);
}

function worker(random: Random, { workers }: ClusterShape): string {
  return workers[random.whole(0, workers.length - 1)] ?? 'w1';
}

/** Mostly workers: there are more of them, and they have more to do. */
function anyProcess(random: Random, shape: ClusterShape): string {
  return random.chance(0.7) ? worker(random, shape) : coordinator(random, shape);
}

function coordinator(random: Random, { coordinators }: ClusterShape): string {
  return coordinators[random.whole(0, coordinators.length - 1)] ?? 'c1';
}

function connector(random: Random, { connectors }: ClusterShape): string {
  return connectors[random.whole(0, connectors.length - 1)]?.name ?? 'plain-b';
}

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
    {
      op: 'cut',
      process: worker(random, shape),
      link: 'both',
      direction: 'both',
      keeps: false,
      forMs: 60_000,
    },
    reconfigure(random, shape),
    reconfigure(random, shape),
  ];
}

function hold(random: Random, shape: ClusterShape): OperationKind {
  return random.chance(0.4)
    ? holding(random, worker(random, shape), heldScripts.worker)
    : holding(random, coordinator(random, shape), heldScripts.coordinator);
}

function holding(random: Random, process: string, scripts: readonly string[]): Holding {
  return {
    op: 'hold',
    process,
    script: random.pick(scripts as [string, ...string[]]),
    direction: random.chance(0.7) ? 'requests' : 'replies',
    forMs: duration(random),
  };
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
        holding(random, leader, ['raise-protocol']),
        { op: 'join', worker: `w${random.whole(7, 9)}` },
      ],
    },
  ])();
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
    {
      op: 'cut',
      process: worker(random, shape),
      link: 'both',
      direction: 'both',
      keeps: false,
      forMs: duration(random),
    },
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

/** Who comes first to an emptied store says which protocol is used: see RELIABILITY.md. Here it is not emptied. */
function foreigner(random: Random, shape: ClusterShape): OperationKind {
  const kind = random.pick(['other protocol', 'other coordinator'] as const);
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
  const forMs = 3 * profile.deadAfterMs;
  const cutOff: OperationKind = {
    op: 'cut',
    process,
    link: 'both',
    direction: 'both',
    keeps: false,
    forMs,
  };
  return [cutOff, { ...hangs, forMs: profile.killAfterMs }, hangs];
}

function fail(random: Random, shape: ClusterShape): OperationKind {
  const name = connector(random, shape);
  const unit = random.chance(0.2) ? `connector/${name}` : `task/${name}/${random.whole(0, 2)}`;
  return { op: 'fail', unit, isFinal: random.chance(0.3) };
}

export function definitionOf(name: string, tasks: number, marker: string): RequestBody {
  const config = {
    'connector.class': name.startsWith('source') ? 'source' : 'sink',
    'tasks.max': `${tasks}`,
    marker,
    ...(name.startsWith('source') ? {} : { topics: 't' }),
  };
  return { op: 'apply', mode: 'upsert', definitions: [{ name, config }] };
}

/** Another number of tasks moves partitions between tasks. */
function reconfigure(random: Random, shape: ClusterShape): OperationKind {
  const body = definitionOf(connector(random, shape), random.whole(1, 6), `${random.whole(1, 3)}`);
  return { op: 'request', body, repeats: random.chance(0.2) };
}

function createAnew(random: Random, shape: ClusterShape): OperationKind[] {
  const name = connector(random, shape);
  const body = definitionOf(name, random.whole(1, 6), `${random.whole(1, 3)}`);
  const create: RequestBody = body.op === 'apply' ? { ...body, mode: 'create' } : body;
  return [
    { op: 'request', body: { op: 'delete', connector: name }, repeats: false },
    { op: 'request', body: create, repeats: random.chance(0.2) },
  ];
}

/** At times not stopped, or started again meanwhile. */
function changeOffsets(random: Random, shape: ClusterShape): OperationKind[] {
  const name = connector(random, shape);
  const target = (state: TargetState): OperationKind => ({
    op: 'request',
    body: { op: 'target', connector: name, state },
    repeats: false,
  });
  return [
    ...(random.chance(0.8) ? [target('STOPPED')] : []),
    { op: 'change-offsets', connector: name, verb: random.pick(['alter', 'reset'] as const) },
    target('STARTED'),
  ];
}

function otherUse(random: Random, shape: ClusterShape): OperationKind {
  return random.chance(0.5)
    ? { op: 'forget-topics', connector: connector(random, shape) }
    : { op: 'set-level', logger: random.pick(['root', 'worker', 'worker.w1']) };
}

function request(random: Random, shape: ClusterShape): OperationKind {
  const name = connector(random, shape);
  const body = random.weighted<RequestBody>([
    { weight: 1, item: { op: 'target', connector: name, state: 'PAUSED' } },
    { weight: 2, item: { op: 'target', connector: name, state: 'STARTED' } },
    { weight: 1, item: { op: 'target', connector: name, state: 'STOPPED' } },
    { weight: 1, item: { op: 'restart', connector: name, includeTasks: random.chance(0.5) } },
    { weight: 1, item: { op: 'restart', connector: name, task: random.whole(0, 3) } },
    { weight: 1, item: { op: 'drain', worker: worker(random, shape) } },
  ]);
  return { op: 'request', body, repeats: random.chance(0.3) };
}
