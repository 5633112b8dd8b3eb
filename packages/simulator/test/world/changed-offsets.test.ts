import { expect, test } from 'vitest';

import { ChangedOffsets, type OffsetsChange } from '../../src/world/invariants/changed-offsets.ts';
import { World } from '../../src/world/world.ts';

const w2 = { holder: 'w2', beganAtMs: 5 };

function setUp() {
  const world = new World(1);
  const watch = new ChangedOffsets(world);
  const change: OffsetsChange = {
    connector: 'a',
    uid: 'uid of a',
    fence: 10,
    offsets: new Map([['a:0', 4]]),
  };
  const late = { connector: 'a', holder: 'w1', fence: 9, beganAtMs: 0 };
  return { world, watch, change, late };
}

test('a former owner may not be accepted after it, also if that was seen before the answer', () => {
  for (const isAnsweredFirst of [true, false]) {
    const { world, watch, change, late } = setUp();
    watch.accepted(late);
    watch.made(change);
    watch.accepted({ ...late, connector: 'b' });
    watch.accepted({ ...late, fence: 11 });
    if (isAnsweredFirst) watch.answered(change);
    expect(world.violation).toBeUndefined();
    watch.accepted(late);
    if (!isAnsweredFirst) watch.answered(change);
    expect(world.violation?.message).toContain('w1 is a former owner');
  }
});

test('whoever starts it goes on from what was set', () => {
  const { world, watch, change } = setUp();
  watch.made(change);
  watch.answered(change);
  watch.committed('a:0', w2, 5);
  watch.committed('a:0', w2, 9);
  expect(world.violation).toBeUndefined();
  watch.made(change);
  watch.committed('a:0', w2, 9);
  expect(world.violation?.message).toContain('w2 commits 9 of a:0, which was set to 4');
});

test('what was not called changed, or was replaced or lost since, says nothing', () => {
  const { world, watch, change, late } = setUp();
  watch.made(change);
  watch.accepted(late);
  const next = { ...setUp().change, fence: 20 };
  watch.made(next);
  watch.answered(change);
  watch.dataLost();
  watch.answered(next);
  watch.accepted(late);
  watch.committed('a:0', w2, 9);
  world.isRecovering = true;
  watch.made(change);
  watch.answered(change);
  watch.accepted(late);
  expect(world.violation).toBeUndefined();
});

test('what began before the connector was created is of a namesake', () => {
  const { world, watch, change, late } = setUp();
  world.time.after(5, () => {
    const head = ['c|1|', 'request', '1-0', '{}', 1_000, '', '', '', '', '*', 1];
    const record = ['uid of a', 1, '{}', 'sink', 'STARTED', 'live', 0, '0', '0'];
    const args = [...head, 'a', '', '', '', '', '', ...record];
    watch.scriptRan({ script: 'apply-request', args }, 'applied');
  });
  return world.time
    .runUntil(10, () => false)
    .then(() => {
      watch.made(change);
      watch.answered(change);
      watch.accepted(late);
      expect(world.violation).toBeUndefined();
      watch.accepted({ ...late, beganAtMs: 6 });
      expect(world.violation?.invariant).toBe('offsets');
    });
});
