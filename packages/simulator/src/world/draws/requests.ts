/** What users ask for. */
import { type RequestBody, type TargetState, workerRequest } from '@sluice/coordination';

import type { Random } from '../random.ts';
import type { ClusterShape, OperationKind } from '../scenario.ts';
import { connector, type WeightedDraws, worker } from './pick.ts';

export const requests: WeightedDraws = [
  { weight: 6, draw: (random, shape) => [request(random, shape)] },
  { weight: 3, draw: (random, shape) => [reconfigure(random, shape)] },
  { weight: 2, draw: createAnew },
  { weight: 2, draw: changeOffsets },
  { weight: 1, draw: (random, shape) => [otherUse(random, shape)] },
];

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
export function reconfigure(random: Random, shape: ClusterShape): OperationKind {
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
  return random.weighted<OperationKind>([
    { weight: 1, item: { op: 'forget-topics', connector: connector(random, shape) } },
    { weight: 1, item: { op: 'set-level', logger: random.pick(['root', 'worker', 'worker.w1']) } },
    { weight: 2, item: { op: 'announce', worker: worker(random, shape) } },
  ]);
}

function request(random: Random, shape: ClusterShape): OperationKind {
  const name = connector(random, shape);
  const body = random.weighted<RequestBody>([
    { weight: 1, item: { op: 'target', connector: name, state: 'PAUSED' } },
    { weight: 2, item: { op: 'target', connector: name, state: 'STARTED' } },
    { weight: 1, item: { op: 'target', connector: name, state: 'STOPPED' } },
    { weight: 1, item: { op: 'restart', connector: name, includeTasks: random.chance(0.5) } },
    { weight: 1, item: { op: 'restart', connector: name, task: random.whole(0, 3) } },
    { weight: 1, item: workerRequest('drain', worker(random, shape)) },
    { weight: 2, item: workerRequest('cordon', worker(random, shape)) },
    { weight: 1, item: workerRequest('uncordon', worker(random, shape)) },
  ]);
  return { op: 'request', body, repeats: random.chance(0.3) };
}
