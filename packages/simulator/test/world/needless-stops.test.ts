import { expect, test } from 'vitest';

import { NeedlessStops } from '../../src/world/invariants/needless-stops.ts';
import { World } from '../../src/world/world.ts';

const task = {
  unit: 'task/plain/0',
  kind: 'task',
  connector: 'plain',
  task: 0,
  fence: 7,
  config: {},
  connectorType: 'sink',
  targetState: 'STARTED',
  definitionVersion: 1,
  taskCount: 1,
} as const;

/** Whether a stop of the task is one that nothing called for, after these scripts. */
function isNeedless(...scripts: { script: string; args: string[]; reply: unknown }[]): boolean {
  const world = new World(1);
  const stops = new NeedlessStops(world);
  for (const { reply, ...call } of scripts) stops.scriptRan(call, reply);
  stops.asked('w1', 'incarnation', task);
  return world.violation !== undefined;
}

test('a task that nobody took away must not be stopped', () => {
  expect(isNeedless()).toBe(true);
});

test('it may be if the leader revoked it, under the fence that it has', () => {
  const revoke = (fence: string, reply: unknown) => ({
    script: 'revoke',
    args: ['c|1|', 'task/plain/0', fence],
    reply,
  });
  expect(isNeedless(revoke('7', ['revoking']))).toBe(false);
  expect(isNeedless(revoke('7', ['free']))).toBe(false);
  expect(isNeedless(revoke('6', ['claimed']))).toBe(true);
  expect(isNeedless(revoke('7', 'not-leader'))).toBe(true);
});

test('it may be if that fence was replaced, once', () => {
  const refence = (fence: string, reply: unknown) => ({
    script: 'refence',
    args: ['w1', 'incarnation', 'task/plain/0', fence],
    reply,
  });
  expect(isNeedless(refence('7', ['8']))).toBe(false);
  expect(isNeedless(refence('7', ['']))).toBe(true);
  expect(isNeedless(refence('6', ['7']))).toBe(true);
  const revoke = { script: 'revoke', args: ['c|1|', 'task/plain/0', '6'], reply: ['revoking'] };
  expect(isNeedless(revoke, refence('6', ['7']))).toBe(false);
});

test('it may be if its worker drains, or was declared dead', () => {
  expect(isNeedless({ script: 'drain', args: ['w1', 'incarnation', '1'], reply: 'draining' })).toBe(
    false,
  );
  const dead = { script: 'declare-dead', args: ['c|1|', 'w1', 'incarnation', '3'] };
  expect(isNeedless({ ...dead, reply: 'dead' })).toBe(false);
  expect(isNeedless({ ...dead, reply: 'alive' })).toBe(true);
});
