import {
  RetriableError,
  type SinkRecord,
  type SinkTask,
  type SinkTaskContext,
} from '@sluice/connector-api';
import { isFenced } from '@sluice/kernel';
import { describe, expect, test } from 'vitest';

import { sinkOf } from './support/plugins.ts';
import { RuntimeUnderTest, type Setup } from './support/runtime-under-test.ts';

interface Scripted {
  readonly runtime: RuntimeUnderTest;
  readonly instances: () => number;
  readonly context: () => SinkTaskContext;
}

const topicT = { topics: 't' };

function names(records: readonly SinkRecord[]): string {
  return records.map(({ topic, partition, offset }) => `${topic}-${partition}:${offset}`).join(' ');
}

/** A sink that writes down what is called; empty puts are left out. */
function scripted(
  setup: Partial<Setup> = {},
  overrides: (runtime: RuntimeUnderTest) => Partial<SinkTask> = () => ({}),
): Scripted {
  let instances = 0;
  let context: SinkTaskContext | undefined;
  const plugin = sinkOf(() => {
    instances += 1;
    return {
      start: (_config, given) => {
        context = given;
        runtime.note('start');
      },
      open: (partitions) =>
        runtime.note(`open ${partitions.map((p) => `${p.topic}-${p.partition}`).join(' ')}`),
      put: (records) => {
        if (records.length > 0) runtime.note(`put ${names(records)}`);
      },
      flush: (offsets) =>
        runtime.note(
          `flush ${[...offsets].map(([name, { offset }]) => `${name}=${offset}`).join(' ')}`,
        ),
      close: (partitions) =>
        runtime.note(`close ${partitions.map((p) => `${p.topic}-${p.partition}`).join(' ')}`),
      stop: () => runtime.note('stop'),
      ...overrides(runtime),
    };
  });
  const runtime = new RuntimeUnderTest({ plugin, ...setup });
  return {
    runtime,
    instances: () => instances,
    context: () => {
      if (!context) throw new Error('not started');
      return context;
    },
  };
}

function committed(runtime: RuntimeUnderTest, group = 'connect-orders'): Record<string, number> {
  return Object.fromEntries(
    runtime.store
      .groupOffsets(group)
      .map(({ topic, partition, offset }) => [`${topic}-${partition}`, offset]),
  );
}

test('opens, puts, flushes, commits, closes and stops in this order', async () => {
  const { runtime } = scripted();
  runtime.store.createTopic('t', 2);
  runtime.append('t', 0, 'a', 'b');
  runtime.append('t', 1, 'c');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it commits', () => runtime.journal.includes('log.commit'));
  expect(runtime.journal).toEqual([
    'log.open',
    'start',
    'log.topics',
    'log.assign',
    'open t-0 t-1',
    'put t-0:0 t-0:1 t-1:0',
    'flush t-0=2 t-1=1',
    'log.commit',
  ]);
  expect(committed(runtime)).toEqual({ 't-0': 2, 't-1': 1 });
  runtime.append('t', 1, 'd');
  await runtime.clock.until('it is put', () => runtime.journal.includes('put t-1:1'));
  await runtime.clock.settled(rig.stop());
  expect(runtime.journal.slice(-5)).toEqual([
    'put t-1:1',
    'flush t-0=2 t-1=2',
    'log.commit',
    'close t-0 t-1',
    'stop',
  ]);
  expect(committed(runtime)).toEqual({ 't-0': 2, 't-1': 2 });
});

test('begins at the committed offsets, of the group that the definition names', async () => {
  const { runtime } = scripted();
  runtime.append('t', 0); // Does nothing: the topic is created below.
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a', 'b', 'c');
  runtime.store.commitGroup('mine', [{ topic: 't', partition: 0, offset: 2 }]);
  const rig = await runtime.started({
    config: { ...topicT, 'consumer.override.group.id': 'mine' },
  });
  await runtime.clock.until('it puts', () => runtime.journal.includes('put t-0:2'));
  await runtime.clock.settled(rig.stop());
  expect(committed(runtime, 'mine')).toEqual({ 't-0': 3 });
});

test('an empty put comes about once a second when there is nothing', async () => {
  let puts = 0;
  const { runtime } = scripted({}, () => ({ put: () => void (puts += 1) }));
  runtime.store.createTopic('t', 1);
  const rig = await runtime.started({ config: topicT });
  puts = 0;
  await runtime.clock.pass(10_000);
  expect(puts).toBeGreaterThanOrEqual(9);
  expect(puts).toBeLessThanOrEqual(11);
  expect(runtime.journal).not.toContain('log.commit');
  await runtime.clock.settled(rig.stop());
});

test('after a RetriableError the same batch comes again after the time that the task asked for', async () => {
  const puts: { readonly atMs: number; readonly what: string }[] = [];
  const { runtime, context } = scripted({}, (its) => ({
    put: (records) => {
      if (records.length === 0) return;
      puts.push({ atMs: its.clock.monotonicMs(), what: names(records) });
      if (puts.length === 1) context().timeout(3_000);
      if (puts.length < 4) throw new RetriableError('busy');
    },
  }));
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a', 'b');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it is refused', () => puts.length === 1);
  runtime.append('t', 0, 'c');
  await runtime.clock.until('all is put', () => puts.length === 5);
  expect(puts.map(({ what }) => what)).toEqual([
    't-0:0 t-0:1',
    't-0:0 t-0:1',
    't-0:0 t-0:1',
    't-0:0 t-0:1',
    't-0:2',
  ]);
  const waits = puts.slice(1).map(({ atMs }, index) => atMs - (puts[index]?.atMs ?? 0));
  expect(waits.slice(0, 3)).toEqual([3_000, 150, 300]);
  expect(rig.events.filter(({ type }) => type === 'stalled')).toMatchObject([
    { code: 'task.put_failed', reason: 'busy' },
  ]);
  await runtime.clock.settled(rig.stop());
});

test('a batch that is refused is not committed, by a stop either', async () => {
  const { runtime } = scripted({}, () => ({
    put: (records) => {
      if (records.some(({ value }) => value === 'bad')) throw new RetriableError('busy');
    },
  }));
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it commits', () => committed(runtime)['t-0'] === 1);
  runtime.append('t', 0, 'bad');
  await runtime.clock.pass(10_000);
  await runtime.clock.settled(rig.stop());
  expect(committed(runtime)).toEqual({ 't-0': 1 });
});

test('any other error of put fails the task as it is, after what was flushed is committed', async () => {
  const broken = new Error('disk full');
  const { runtime } = scripted({}, () => ({
    put: (records) => {
      if (records.some(({ value }) => value === 'bad')) throw broken;
    },
  }));
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.pass(10);
  runtime.append('t', 0, 'bad');
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure).toBe(broken);
  await runtime.clock.settled(rig.stop());
  expect(committed(runtime)).toEqual({ 't-0': 1 });
  expect(runtime.journal.slice(-2)).toEqual(['close t-0', 'stop']);
});

test('only what preCommit returns is committed, and nothing that was not put', async () => {
  let answer = 2;
  const { runtime } = scripted({}, () => ({
    preCommit: (offsets) =>
      new Map([...offsets].map(([name, each]) => [name, { ...each, offset: answer }])),
  }));
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a', 'b', 'c');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it commits', () => runtime.journal.includes('log.commit'));
  expect(committed(runtime)).toEqual({ 't-0': 2 });
  answer = 99;
  await runtime.clock.pass(5_000);
  expect(committed(runtime)).toEqual({ 't-0': 2 });
  answer = 3;
  await runtime.clock.pass(2_000);
  expect(committed(runtime)).toEqual({ 't-0': 3 });
  await runtime.clock.settled(rig.stop());
});

test('after a flush that failed everything since the last commit is put again', async () => {
  let flushes = 0;
  const { runtime } = scripted({}, () => ({
    flush: () => {
      flushes += 1;
      if (flushes === 2) throw new Error('connection reset');
    },
  }));
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it commits', () => committed(runtime)['t-0'] === 1);
  runtime.append('t', 0, 'b', 'c');
  await runtime.clock.until('it commits again', () => committed(runtime)['t-0'] === 3);
  expect(runtime.journal.filter((entry) => entry.startsWith('put'))).toEqual([
    'put t-0:0',
    'put t-0:1 t-0:2',
    'put t-0:1 t-0:2',
  ]);
  expect(rig.failure).toBeUndefined();
  await runtime.clock.settled(rig.stop());
});

test('a commit that the log does not take is tried again, while puts go on', async () => {
  const { runtime } = scripted();
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  runtime.decide = (operation) => (operation === 'commit' ? 'refused' : 'ok');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.pass(5_000);
  runtime.append('t', 0, 'b');
  await runtime.clock.until('it puts', () => runtime.journal.includes('put t-0:1'));
  expect(rig.events.filter(({ type }) => type === 'stalled')).toHaveLength(1);
  runtime.decide = () => 'ok';
  await runtime.clock.until('it commits', () => committed(runtime)['t-0'] === 2);
  await runtime.clock.settled(rig.stop());
});

test('requestCommit commits at once', async () => {
  const { runtime, context } = scripted({ options: { offsetFlushIntervalMs: 3_600_000 } }, () => ({
    put: (records) => {
      if (records.length > 0) context().requestCommit();
    },
  }));
  runtime.store.createTopic('t', 1);
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.pass(5_000);
  runtime.append('t', 0, 'a');
  await runtime.clock.pass(1);
  expect(committed(runtime)).toEqual({ 't-0': 1 });
  await runtime.clock.settled(rig.stop());
});

test('a pause commits, says PAUSED, and puts no record until it is over', async () => {
  const { runtime } = scripted({ options: { offsetFlushIntervalMs: 3_600_000 } });
  runtime.store.createTopic('t', 1);
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.pass(1_500);
  runtime.append('t', 0, 'a');
  await runtime.clock.until('it puts', () => runtime.journal.includes('put t-0:0'));
  rig.target('PAUSED');
  await runtime.clock.until('it is paused', () => rig.state === 'PAUSED');
  expect(committed(runtime)).toEqual({ 't-0': 1 });
  runtime.append('t', 0, 'b');
  await runtime.clock.pass(10_000);
  expect(runtime.journal).not.toContain('put t-0:1');
  rig.target('STARTED');
  await runtime.clock.until('it goes on', () => runtime.journal.includes('put t-0:1'));
  expect(rig.states).toEqual(['PAUSED', 'RUNNING']);
  await runtime.clock.settled(rig.stop());
});

test('a refused batch waits for the end of a pause, and is not forgotten', async () => {
  let isBusy = true;
  let puts = 0;
  const { runtime } = scripted({}, () => ({
    put: (records) => {
      puts += records.length;
      if (records.length > 0 && isBusy) throw new RetriableError('busy');
    },
  }));
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it is refused', () => puts === 1);
  rig.target('PAUSED');
  await runtime.clock.until('it is paused', () => rig.state === 'PAUSED');
  isBusy = false;
  await runtime.clock.pass(60_000);
  expect(puts).toBe(1);
  rig.target('STARTED');
  await runtime.clock.until('it commits', () => committed(runtime)['t-0'] === 1);
  await runtime.clock.settled(rig.stop());
});

test('a task can ask for its configuration', async () => {
  const { runtime, context } = scripted();
  const rig = await runtime.started({ config: { ...topicT, color: 'red' } });
  expect(context().configs()).toMatchObject({ ...topicT, color: 'red' });
  await runtime.clock.settled(rig.stop());
});

test('a task can move and pause its partitions', async () => {
  const { runtime, context } = scripted();
  runtime.store.createTopic('t', 2);
  runtime.append('t', 0, 'a', 'b', 'c');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it commits', () => committed(runtime)['t-0'] === 3);
  expect(context().assignment()).toEqual([
    { topic: 't', partition: 0 },
    { topic: 't', partition: 1 },
  ]);
  context().seek({ topic: 't', partition: 0 }, 1);
  await runtime.clock.until('it comes again', () => runtime.journal.includes('put t-0:1 t-0:2'));
  context().pause({ topic: 't', partition: 0 });
  runtime.append('t', 0, 'd');
  runtime.append('t', 1, 'x');
  await runtime.clock.until('the other goes on', () => runtime.journal.includes('put t-1:0'));
  expect(runtime.journal).not.toContain('put t-0:3');
  context().resume({ topic: 't', partition: 0 });
  await runtime.clock.until('it goes on', () => runtime.journal.includes('put t-0:3'));
  await runtime.clock.settled(rig.stop());
});

test('a partition that is moved while its batch is refused is not put from the old place', async () => {
  let puts = 0;
  const seen: string[] = [];
  const { runtime, context } = scripted({}, () => ({
    put: (records) => {
      if (records.length === 0) return;
      puts += 1;
      seen.push(names(records));
      if (puts === 1) {
        context().seek({ topic: 't', partition: 0 }, 2);
        throw new RetriableError('gap found');
      }
    },
  }));
  runtime.store.createTopic('t', 2);
  runtime.append('t', 0, 'a', 'b', 'c');
  runtime.append('t', 1, 'x');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('all is committed', () => committed(runtime)['t-0'] === 3);
  expect(seen).toEqual(['t-0:0 t-0:1 t-0:2 t-1:0', 't-1:0', 't-0:2']);
  await runtime.clock.settled(rig.stop());
});

test('a topic that does not exist yet is read from its beginning when it does', async () => {
  const { runtime } = scripted();
  const rig = await runtime.started({ config: { topics: 'later, t' } });
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  await runtime.clock.until('t is put', () => runtime.journal.includes('put t-0:0'), 2_000);
  runtime.store.createTopic('later', 1);
  runtime.append('later', 0, 'b');
  await runtime.clock.until('later is put', () => runtime.journal.includes('put later-0:0'), 2_000);
  expect(runtime.journal).toContain('open later-0');
  await runtime.clock.settled(rig.stop());
});

test('a deleted topic is closed, and its offsets do not outlive it', async () => {
  const { runtime } = scripted({ options: { topicRefreshMs: 2_000 } });
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a', 'b');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it commits', () => committed(runtime)['t-0'] === 2);
  runtime.store.deleteTopic('t');
  await runtime.clock.until('it is closed', () => runtime.journal.includes('close t-0'));
  expect(committed(runtime)).toEqual({});
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'new');
  await runtime.clock.until('the new one is read', () => runtime.journal.at(-1) === 'log.commit');
  expect(committed(runtime)).toEqual({ 't-0': 1 });
  await runtime.clock.settled(rig.stop());
});

test('tasks of one connector share its partitions, and a pattern takes in new topics', async () => {
  const { runtime } = scripted({ options: { topicRefreshMs: 1_000 } });
  runtime.store.createTopic('db.a', 4);
  const config = { 'topics.regex': 'db\\..' };
  const rigs = [];
  for (const task of [0, 1, 2])
    rigs.push(
      await runtime.started({ config, task, taskCount: 3 }, { address: `task/orders/${task}` }),
    );
  runtime.store.createTopic('db.b', 3);
  runtime.store.createTopic('other-db.b', 1);
  await runtime.clock.pass(3_000);
  const opened = runtime.journal
    .filter((entry) => entry.startsWith('open'))
    .flatMap((entry) => entry.split(' ').slice(1));
  expect(opened.toSorted()).toEqual([
    'db.a-0',
    'db.a-1',
    'db.a-2',
    'db.a-3',
    'db.b-0',
    'db.b-1',
    'db.b-2',
  ]);
  for (const rig of rigs) await runtime.clock.settled(rig.stop());
});

test.each([
  [{}, 'Must configure one of topics or topics.regex'],
  [
    { topics: 'a', 'topics.regex': 'b' },
    'topics and topics.regex are mutually exclusive options, but both are set.',
  ],
  [{ 'topics.regex': '[' }, 'topics.regex is not valid: Unclosed character class (at character 0)'],
])('a sink with %j fails with a message that says what to change', async (config, message) => {
  const { runtime } = scripted();
  const rig = await runtime.started({ config });
  expect(rig.failure?.message).toBe(message);
  await runtime.clock.settled(rig.stop());
});

test('an expired lease ends the run without a commit; later it goes on from the committed offsets', async () => {
  const { runtime, instances } = scripted({ options: { offsetFlushIntervalMs: 3_600_000 } });
  runtime.store.createTopic('t', 1);
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.pass(1_500);
  runtime.append('t', 0, 'a');
  await runtime.clock.until('it puts', () => runtime.journal.includes('put t-0:0'));
  runtime.lease.set('expired');
  await runtime.clock.until('it stops', () => runtime.journal.at(-1) === 'stop');
  expect(runtime.journal.slice(-3)).toEqual(['put t-0:0', 'close t-0', 'stop']);
  await runtime.clock.pass(60_000);
  expect(runtime.journal.at(-1)).toBe('stop');
  runtime.lease.set('fresh');
  await runtime.clock.until('it puts again', () => runtime.journal.at(-1) === 'put t-0:0');
  expect(instances()).toBe(2);
  expect(rig.failure).toBeUndefined();
  await runtime.clock.settled(rig.stop());
});

test('before the lease runs out nothing new is put, and what was put is committed', async () => {
  const { runtime } = scripted({ options: { offsetFlushIntervalMs: 3_600_000 } });
  runtime.store.createTopic('t', 1);
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.pass(1_500);
  runtime.append('t', 0, 'a');
  await runtime.clock.until('it puts', () => runtime.journal.includes('put t-0:0'));
  runtime.lease.set('held');
  await runtime.clock.pass(1_100);
  expect(committed(runtime)).toEqual({ 't-0': 1 });
  runtime.append('t', 0, 'b');
  await runtime.clock.pass(10_000);
  expect(runtime.journal).not.toContain('put t-0:1');
  runtime.lease.set('fresh');
  await runtime.clock.until('it goes on', () => runtime.journal.includes('put t-0:1'));
  await runtime.clock.settled(rig.stop());
});

test('a commit that is fenced fails the task with a fenced error', async () => {
  const { runtime } = scripted();
  runtime.store.createTopic('t', 1);
  const rig = await runtime.started({ config: topicT });
  await runtime.log.openWriter({ id: 'test.task/orders/0', fence: 2 });
  runtime.append('t', 0, 'a');
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(isFenced(rig.failure)).toBe(true);
  expect(committed(runtime)).toEqual({});
  await runtime.clock.settled(rig.stop());
});

describe('offsets that do not change', () => {
  const hourMs = 3_600_000;
  const quiet = { options: { sinkIdlePutMs: 600_000, topicRefreshMs: 600_000 } };

  function commitsOf({ journal }: RuntimeUnderTest): number {
    return journal.filter((entry) => entry === 'log.commit').length;
  }

  test('are committed again soon after the start and then each day, also while paused', async () => {
    const { runtime } = scripted(quiet);
    runtime.store.createTopic('t', 1);
    runtime.append('t', 0, 'a');
    const rig = await runtime.started({ config: topicT });
    await runtime.clock.until('it commits', () => committed(runtime)['t-0'] === 1);
    rig.target('PAUSED');
    expect(commitsOf(runtime)).toBe(1);
    await runtime.clock.pass(hourMs);
    expect(commitsOf(runtime)).toBe(2);
    await runtime.clock.pass(24 * hourMs);
    expect(commitsOf(runtime)).toBe(3);
    expect(committed(runtime)).toEqual({ 't-0': 1 });
    await runtime.clock.settled(rig.stop());
  }, 60_000);

  test('are committed again by a task that begins paused, without starting it', async () => {
    const { runtime } = scripted(quiet);
    runtime.store.createTopic('t', 1);
    runtime.append('t', 0, 'a', 'b');
    runtime.store.commitGroup('connect-orders', [{ topic: 't', partition: 0, offset: 1 }]);
    const rig = await runtime.started({ config: topicT, targetState: 'PAUSED' });
    await runtime.clock.until('it is paused', () => rig.state === 'PAUSED');
    await runtime.clock.pass(hourMs);
    expect(commitsOf(runtime)).toBe(1);
    runtime.decide = (operation) => (operation === 'commit' ? 'refused' : 'ok');
    await runtime.clock.pass(24 * hourMs);
    runtime.decide = () => 'ok';
    const refused = commitsOf(runtime);
    expect(refused).toBeGreaterThan(1);
    await runtime.clock.pass(hourMs);
    expect(commitsOf(runtime)).toBe(refused + 1);
    expect(committed(runtime)).toEqual({ 't-0': 1 });
    expect(runtime.journal).not.toContain('start');
    rig.target('STARTED');
    await runtime.clock.until('it puts', () => runtime.journal.includes('put t-0:1'));
    await runtime.clock.settled(rig.stop());
  }, 60_000);

  test('are committed again although those of another partition change all the time', async () => {
    const { runtime } = scripted(quiet);
    runtime.store.createTopic('t', 2);
    runtime.append('t', 0, 'a');
    const rig = await runtime.started({ config: topicT });
    await runtime.clock.until('it commits', () => committed(runtime)['t-0'] === 1);
    await runtime.clock.pass(hourMs);
    // As Kafka does after a week.
    runtime.store.forgetGroup('connect-orders');
    for (let hour = 0; hour < 25; hour += 1) {
      runtime.append('t', 1, 'b');
      await runtime.clock.pass(hourMs);
    }
    expect(committed(runtime)).toEqual({ 't-0': 1, 't-1': 25 });
    await runtime.clock.settled(rig.stop());
  }, 60_000);
});

test('counts what is read and put, and how much is left', async () => {
  const { runtime } = scripted({ options: { sinkBatchRecordsMax: 2 } }, (its) => ({
    put: (records) => (records.length > 0 ? its.clock.sleep(2_000) : undefined),
  }));
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a', 'b', 'c', 'd', 'e');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.pass(1_500);
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: {
      kind: 'sink',
      recordsIn: 2,
      recordsOut: 0,
      recordsActive: 2,
      lag: 3,
      partitions: 1,
    },
  });
  await runtime.clock.pass(10_000);
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: { recordsIn: 5, recordsOut: 5, bytes: 5, batches: 3, recordsActive: 0, lag: 0 },
  });
  await runtime.clock.settled(rig.stop());
});

test('a put has no more records than consumer.override.max.poll.records', async () => {
  const { runtime } = scripted();
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a', 'b', 'c');
  const config = { ...topicT, 'consumer.override.max.poll.records': '2' };
  const rig = await runtime.started({ config });
  await runtime.clock.until('it puts', () => runtime.journal.includes('put t-0:2'));
  expect(runtime.journal).toContain('put t-0:0 t-0:1');
  await runtime.clock.settled(rig.stop());
});

test('an empty answer of preCommit commits nothing, and asks again at the next interval', async () => {
  let asked = 0;
  const { runtime } = scripted({}, () => ({
    preCommit: (offsets) => {
      asked += 1;
      return asked < 3 ? new Map() : offsets;
    },
  }));
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it asks twice', () => asked === 2);
  expect(committed(runtime)).toEqual({});
  await runtime.clock.until('it commits', () => committed(runtime)['t-0'] === 1);
  await runtime.clock.settled(rig.stop());
});

test('what a task pauses stays paused while a batch of another partition comes again', async () => {
  let attempts = 0;
  const { context, runtime } = scripted({}, (its) => ({
    put: (records) => {
      if (records.length === 0) return;
      its.note(`put ${names(records)}`);
      attempts += 1;
      if (attempts === 1) {
        context().pause({ topic: 't', partition: 1 });
        throw new RetriableError('busy');
      }
    },
  }));
  runtime.store.createTopic('t', 2);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it comes again', () => attempts === 2);
  runtime.append('t', 1, 'b');
  await runtime.clock.pass(5_000);
  expect(attempts).toBe(2);
  context().resume({ topic: 't', partition: 1 });
  await runtime.clock.until('it is put', () => runtime.journal.includes('put t-1:0'));
  await runtime.clock.settled(rig.stop());
});

test('a put that ignores its signal holds up a stop, and what it puts after the grace is not committed', async () => {
  const { runtime } = scripted({}, (its) => ({
    put: async (records) => {
      if (records.length > 0) await its.clock.sleep(8_000);
    },
  }));
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.pass(1_000);
  const beganMs = runtime.clock.monotonicMs();
  await runtime.clock.settled(rig.stop());
  expect(runtime.clock.monotonicMs() - beganMs).toBeGreaterThan(5_000);
  expect(committed(runtime)).toEqual({});
  expect(runtime.journal.at(-1)).toBe('stop');
});

test('a flush that fails at the stop commits nothing, and puts nothing again', async () => {
  const { runtime } = scripted({ options: { offsetFlushIntervalMs: 3_600_000 } }, () => ({
    flush: () => {
      throw new Error('connection reset');
    },
  }));
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it puts', () => runtime.journal.includes('put t-0:0'));
  await runtime.clock.settled(rig.stop());
  expect(committed(runtime)).toEqual({});
  expect(runtime.journal.filter((entry) => entry.startsWith('put'))).toEqual(['put t-0:0']);
  expect(rig.failure).toBeUndefined();
});

test('what preCommit returns of partitions that are not its own is not committed', async () => {
  const { runtime } = scripted({}, () => ({
    preCommit: (offsets) =>
      new Map([...offsets, ['other-0', { topic: 'other', partition: 0, offset: 5 }]]),
  }));
  runtime.store.createTopic('t', 1);
  runtime.store.createTopic('other', 1);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({ config: topicT });
  await runtime.clock.until('it commits', () => runtime.journal.includes('log.commit'));
  expect(committed(runtime)).toEqual({ 't-0': 1 });
  await runtime.clock.settled(rig.stop());
});
