/** What a played sink refuses, and what it calls broken. */
import type { RunnableUnit } from '@sluice/coordination';
import { expect, test } from 'vitest';

import { ChangedOffsets } from '../../src/world/invariants/changed-offsets.ts';
import { PlayedExecutor } from '../../src/world/played-executor.ts';
import { Run } from '../../src/world/run.ts';
import { type Effect, PlayedSink } from '../../src/world/sink.ts';
import { World } from '../../src/world/world.ts';

function setUp() {
  const world = new World(1);
  const sink = new PlayedSink(world, new ChangedOffsets(world));
  const run = (connector: string, fence: number, task = 0): Run => {
    const unit: RunnableUnit = {
      unit: `task/${connector}/${task}`,
      kind: 'task',
      connector,
      task,
      fence,
      config: {},
      connectorType: 'sink',
      targetState: 'STARTED',
      definitionVersion: 1,
      taskCount: 1,
    };
    const host = {
      process: world.process(`w${fence}`, 1),
      lease: { pauseAtMs: 0, quiesceAtMs: 0 },
      continueFencedMs: 1_000,
    };
    return new Run(unit, host, new PlayedExecutor('shared-0'), 0);
  };
  const effect = (by: Run, offset: number, isBeyond = false): Effect => ({
    run: by,
    fence: by.unit.fence,
    partition: `${by.unit.connector}:0`,
    offset,
    sentAtMs: world.time.nowMs,
    isBeyond,
  });
  return { world, sink, run, effect };
}

test('who goes on without a lease is refused from the moment that its successor opens', () => {
  const { world, sink, run, effect } = setUp();
  const [cutOff, successor] = [run('fenced-a', 1), run('fenced-a', 2)];
  sink.open(cutOff);
  expect(sink.store(effect(cutOff, 0, true))).toBe('stored');
  sink.open(successor);
  expect(sink.store(effect(cutOff, 1, true))).toBe('fenced');
  expect(sink.commit(effect(cutOff, 0, true))).toBe('fenced');
  expect(sink.unitsBeyond).toEqual(new Set(['task/fenced-a/0']));
  expect(world.violation).toBeUndefined();
});

test('who has had a successor is told apart without being asked for an effect', () => {
  const { sink, run } = setUp();
  sink.open(run('fenced-a', 2));
  expect([1, 2, 3].map((fence) => sink.isSuperseded('task/fenced-a/0', fence))).toEqual([
    true,
    false,
    false,
  ]);
  expect(sink.isSuperseded('task/fenced-a/0', 2)).toBe(false);
});

test('of a task of another set, whose fence nobody raises, it may rewind', () => {
  const { world, sink, run, effect } = setUp();
  const [cutOff, other] = [run('fenced-a', 1, 5), run('fenced-a', 2)];
  for (const by of [cutOff, other]) sink.open(by);
  for (const offset of [0, 1, 2]) sink.store(effect(other, offset));
  sink.commit(effect(other, 2));
  sink.store(effect(cutOff, 0, true));
  sink.commit(effect(cutOff, 0, true));
  expect(world.violation).toBeUndefined();
  sink.commit(effect(other, 1));
  sink.commit(effect(other, 0));
  expect(world.violation?.invariant).toBe('I4');
});

test('whose effects are not fenced may do nothing without a lease', () => {
  const { world, sink, run, effect } = setUp();
  const plain = run('plain-b', 1);
  expect(plain.goesOn).toBe(false);
  sink.store(effect(plain, 0, true));
  expect(world.violation?.message).toContain('acts without a lease');
});

test('offsets are changed only by who is above all owners', () => {
  const { sink, run, effect } = setUp();
  const owner = run('fenced-a', 5);
  sink.open(owner);
  for (const offset of [0, 1]) sink.store(effect(owner, offset));
  sink.commit(effect(owner, 1));
  const partitions = ['fenced-a:0'];
  expect(sink.takeOver('task/fenced-a/0', 4)).toBe('fenced');
  expect(sink.changeOffsets('task/fenced-a/0', 4, partitions, 0)).toBeUndefined();
  expect(sink.takeOver('task/fenced-a/0', 6)).toBe('opened');
  const changed = sink.changeOffsets('task/fenced-a/0', 6, partitions, 0.5);
  expect(changed).toEqual(new Map([['fenced-a:0', 1]]));
  expect(sink.commit(effect(owner, 1))).toBe('fenced');
});
