import { expect, test } from 'vitest';

import { independentGroups } from '../src/request-groups.ts';
import type { RequestBody } from '../src/requests.ts';

function apply(...names: string[]): RequestBody {
  return { op: 'apply', mode: 'upsert', definitions: names.map((name) => ({ name, config: {} })) };
}
const remove = (connector: string): RequestBody => ({ op: 'delete', connector });
const pause = (connector: string): RequestBody => ({ op: 'target', connector, state: 'PAUSED' });
const restart = (connector: string): RequestBody => ({ op: 'restart', connector });
const drain = (worker: string): RequestBody => ({ op: 'drain', worker });
const many = Array.from({ length: 99 }, (_, index) => `c${index}`);

/** By their numbers. */
function groupsOf(...bodies: RequestBody[]): number[][] {
  const requests = bodies.map((body, index) => ({ id: `${index}`, position: `${index}`, body }));
  return [...independentGroups(requests)].map((group) => group.map(({ id }) => Number(id)));
}

test.each<[string, RequestBody[], number[][]]>([
  ['nothing', [], []],
  ['different connectors', [apply('a'), remove('b'), pause('c'), restart('d')], [[0, 1, 2, 3]]],
  ['a connector and a worker of its name', [apply('a'), drain('a')], [[0, 1]]],
  ['one connector twice', [apply('a'), pause('a')], [[0], [1]]],
  ['one worker twice', [drain('a'), drain('a')], [[0], [1]]],
  ['one worker, drained and cordoned', [drain('a'), { op: 'cordon', worker: 'a' }], [[0], [1]]],
  ['one connector among others', [apply('a', 'b'), apply('c'), remove('b')], [[0, 1], [2]]],
  ['what follows', [apply('a'), pause('a'), pause('b')], [[0], [1, 2]]],
  ['as many definitions as a group takes', [apply(...many), apply('x')], [[0, 1]]],
  ['one more', [apply(...many), apply('x', 'y')], [[0], [1]]],
  ['one that is too large', [apply('x'), apply(...many, 'y', 'z'), apply('q')], [[0], [1], [2]]],
])('%s', (_what, bodies, groups) => {
  expect(groupsOf(...bodies)).toEqual(groups);
});

test.each([
  { op: 'teleport' },
  { op: 'apply' },
  { op: 'apply', definitions: 'all' },
  { op: 'unreadable' },
  { op: 'delete' },
  { op: 'target', connector: { toString: null } },
  { op: 'drain', worker: 7 },
  { op: 'apply', definitions: [null] },
  { op: 'apply', definitions: [{ name: { toString: null } }] },
] as unknown as RequestBody[])('what nobody can read is alone: %j', (body) => {
  expect(groupsOf(apply('a'), body, apply('b'))).toEqual([[0], [1], [2]]);
});
