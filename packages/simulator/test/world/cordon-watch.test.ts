import { expect, test } from 'vitest';

import { CordonWatch } from '../../src/world/invariants/cordons.ts';
import { World } from '../../src/world/world.ts';

const head = ['c|1|', 'request', '1-0', '{}', 1_000];

function change(worker: string, kind: string) {
  const args = [...head, worker, `${worker}#1`, kind, '', '', 0, 0];
  return { script: 'apply-request', args, reply: 'applied' };
}

function grant(worker: string, reply: unknown[] = ['granted', 7]) {
  const args = ['c|1|', 'task/a/0', 'uid', 1, worker, `${worker}#1`];
  return { script: 'grant', args, reply };
}

/** What was violated after these scripts. */
function violated(...scripts: { script: string; args: unknown[]; reply: unknown }[]) {
  const world = new World(1);
  const watch = new CordonWatch(world);
  for (const { script, args, reply } of scripts) {
    watch.scriptRan({ script, args: args as string[] }, reply);
  }
  return world.violation?.message;
}

test('a worker that is cordoned must be granted nothing', () => {
  const message = 'w1 is cordoned, and was granted task/a/0';
  expect(violated(change('w1', 'cordon'), grant('w1'))).toBe(message);
  expect(violated(change('w1', 'cordon'), grant('w2'))).toBeUndefined();
  expect(violated(change('w1', 'drain'), grant('w1'))).toBeUndefined();
  expect(violated(change('w1', 'cordon'), grant('w1', ['refused', 'owned']))).toBeUndefined();
  expect(violated({ ...change('w1', 'cordon'), reply: 'conflict' }, grant('w1'))).toBeUndefined();
});

test('the second of several grants counts as the first does', () => {
  const { args } = grant('w2');
  const both = { script: 'grant', args: [...args, 'task/a/1', 'uid', 1, 'w1', 'w1#1'] };
  const reply = ['granted', 7, 'granted', 8];
  expect(violated(change('w1', 'cordon'), { ...both, reply })).toBe(
    'w1 is cordoned, and was granted task/a/1',
  );
});

test('it may be again once it is uncordoned', () => {
  expect(violated(change('w1', 'cordon'), change('w1', 'uncordon'), grant('w1'))).toBeUndefined();
});
