import {
  DataError,
  RetriableError,
  type SourceRecord,
  type SourceTask,
} from '@sluice/connector-api';
import { isFenced, SluiceError } from '@sluice/kernel';
import type { RuntimeEvent } from '@sluice/runtime';
import { expect, test } from 'vitest';

import { sourceOf } from './support/plugins.ts';
import { RuntimeUnderTest, type Setup } from './support/runtime-under-test.ts';

interface Scripted {
  readonly runtime: RuntimeUnderTest;
  /** Batches that the next polls return; a poll without one waits for its signal. */
  readonly batches: (readonly SourceRecord[])[];
  readonly instances: () => number;
}

function seq(from: number, to: number, partition = 'a'): SourceRecord[] {
  return Array.from({ length: to - from + 1 }, (_, index) => ({
    topic: 't',
    value: `v${from + index}`,
    sourcePartition: { p: partition },
    sourceOffset: { seq: from + index },
  }));
}

/** A source that polls what a test gives it, and writes down what is called. */
function scripted(setup: Partial<Setup> = {}, overrides: Partial<SourceTask> = {}): Scripted {
  const batches: (readonly SourceRecord[])[] = [];
  let instances = 0;
  const plugin = sourceOf(() => {
    let signal: AbortSignal;
    instances += 1;
    return {
      start: async (_config, context) => {
        signal = context.signal;
        const [offset] = await context.offsets([{ p: 'a' }]);
        runtime.note(`start at ${String(offset?.['seq'])}`);
      },
      poll: async () => {
        runtime.note('poll');
        const batch = batches.shift();
        if (batch) return batch;
        await runtime.clock.sleep(600_000, signal);
        return null;
      },
      commitRecord: (record, metadata) =>
        runtime.note(`commitRecord ${String(record.value)} at ${String(metadata?.offset)}`),
      commit: () => runtime.note('commit'),
      stop: () => runtime.note('stop'),
      ...overrides,
    };
  });
  const runtime = new RuntimeUnderTest({ plugin, ...setup });
  return { runtime, batches, instances: () => instances };
}

const small = [{ name: 'h', value: 'v' }];

/** Types of what was told besides what tasks tell all the time. */
function troubles(events: readonly RuntimeEvent[]): string[] {
  const types = events.map(({ type }) => type);
  return types.filter((type) => type === 'stalled' || type === 'recovered');
}

test('a task can ask for its configuration', async () => {
  const seen: unknown[] = [];
  const { runtime } = scripted(
    {},
    {
      start: (config, context) => void seen.push(config, context.configs()),
      poll: async () => null,
    },
  );
  const rig = await runtime.started({ config: { color: 'red' } });
  expect(seen[0]).toMatchObject({ color: 'red' });
  expect(seen[1]).toEqual(seen[0]);
  await runtime.clock.settled(rig.stop());
});

test('takes over its identity before it reads offsets', async () => {
  const { runtime } = scripted();
  await runtime.started();
  expect(runtime.journal.slice(0, 3)).toEqual(['log.open', 'log.offsets', 'start at undefined']);
});

test('tells each acknowledged record, and commits after the offsets are stored', async () => {
  // A poll that comes back now and then, as Kafka Connect asks of every source.
  const { runtime, batches } = scripted({}, {});
  batches.push(seq(1, 2), [], seq(3, 3), ...Array.from({ length: 200 }, () => []));
  await runtime.started();
  await runtime.clock.pass(3_000);
  const calls = runtime.journal.filter((entry) => entry !== 'poll');
  expect(calls.slice(3)).toEqual([
    'log.produce',
    'commitRecord v1 at 0',
    'commitRecord v2 at 1',
    'log.produce',
    'commitRecord v3 at 2',
    'log.commit',
    'commit',
  ]);
  expect(runtime.values('t')).toEqual(['v1', 'v2', 'v3']);
});

test('goes on at the stored offsets after a stop, which stores them', async () => {
  const { runtime, batches } = scripted();
  batches.push(seq(1, 5));
  const rig = await runtime.started();
  await runtime.clock.until('records are written', () => runtime.values('t').length === 5);
  await runtime.clock.settled(rig.stop());
  expect(await runtime.storedSeq()).toBe(5);
  const again = await runtime.started({}, { fence: 2 });
  expect(runtime.journal).toContain('start at 5');
  await runtime.clock.settled(again.stop());
});

test('stops in order: sends, stores, commits, stops', async () => {
  const { runtime, batches } = scripted({ options: { offsetFlushIntervalMs: 60_000 } });
  batches.push(seq(1, 1));
  const rig = await runtime.started();
  await runtime.clock.until('polls again', () => runtime.journal.lastIndexOf('poll') > 5);
  await runtime.clock.settled(rig.stop());
  expect(runtime.journal.slice(-3)).toEqual(['log.commit', 'commit', 'stop']);
});

test('a log that is away stalls the task without failing it, and costs no record', async () => {
  const { runtime, batches } = scripted();
  batches.push(seq(1, 3), seq(4, 6));
  const rig = await runtime.started();
  runtime.decide = () => 'refused';
  await runtime.clock.pass(30_000);
  expect(rig.failure).toBeUndefined();
  expect(rig.events.filter(({ type }) => type === 'stalled')).toEqual([
    { type: 'stalled', code: 'log.unreachable', reason: 'the log at test:1 does not answer' },
  ]);
  runtime.decide = () => 'ok';
  await runtime.clock.until('all is written', () => runtime.values('t').length === 6);
  expect(runtime.values('t')).toEqual(['v1', 'v2', 'v3', 'v4', 'v5', 'v6']);
  await runtime.clock.pass(5_000);
  expect(troubles(rig.events)).toHaveLength(2);
  expect(troubles(rig.events).at(-1)).toBe('recovered');
  expect(rig.events).toContainEqual({ type: 'topics', topics: ['t'] });
});

test('starts in the background when the log is away, and says so', async () => {
  const { runtime } = scripted({ decide: () => 'refused' });
  const rig = await runtime.started();
  expect(rig.isStarted).toBe(true);
  expect(troubles(rig.events)).toEqual(['stalled']);
  runtime.decide = () => 'ok';
  await runtime.clock.until('the plugin starts', () => runtime.journal.includes('poll'));
  await runtime.clock.settled(rig.stop());
});

test('a stop does not wait for a log that is away', async () => {
  const { runtime, batches } = scripted();
  batches.push(seq(1, 3));
  const rig = await runtime.started();
  runtime.decide = () => 'refused';
  await runtime.clock.pass(1_000);
  const beganMs = runtime.clock.monotonicMs();
  await runtime.clock.settled(rig.stop());
  expect(runtime.clock.monotonicMs() - beganMs).toBeLessThan(100);
  runtime.decide = () => 'ok';
  expect(await runtime.storedSeq()).toBeUndefined();
});

test('a task that was taken over before it starts fails with a fenced error', async () => {
  const { runtime, instances } = scripted();
  await runtime.log.openWriter({ id: 'test.task/orders/0', fence: 2 });
  const rig = await runtime.started({}, { fence: 1 });
  expect(isFenced(rig.failure)).toBe(true);
  expect(instances()).toBe(0);
  expect(await runtime.storedSeq()).toBeUndefined();
});

test('a task that is fenced while it runs fails at its next write', async () => {
  const { runtime, batches } = scripted();
  batches.push(seq(1, 1), [], [], [], [], []);
  const rig = await runtime.started();
  await runtime.log.openWriter({ id: 'test.task/orders/0', fence: 2 });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(isFenced(rig.failure)).toBe(true);
  await runtime.clock.settled(rig.stop());
  expect(await runtime.storedSeq()).toBeUndefined();
});

test('a RetriableError from poll is polled again after a pause, and is told as a stall', async () => {
  const attemptsAtMs: number[] = [];
  const { runtime } = scripted(
    {},
    {
      poll: async () => {
        attemptsAtMs.push(runtime.clock.monotonicMs());
        if (attemptsAtMs.length < 4) throw new RetriableError('upstream is busy');
        return attemptsAtMs.length === 4 ? seq(1, 1) : null;
      },
    },
  );
  const rig = await runtime.started();
  await runtime.clock.until('it is written', () => runtime.values('t').length === 1);
  expect(rig.failure).toBeUndefined();
  const [first = 0, second = 0, third = 0] = attemptsAtMs;
  expect(second - first).toBe(75);
  expect(third - second).toBe(150);
  expect(troubles(rig.events)).toEqual(['stalled', 'recovered']);
});

test('any other error from poll fails the task as it is, after what was acknowledged is stored', async () => {
  const broken = new Error('no such table');
  let polls = 0;
  const { runtime } = scripted(
    {},
    {
      poll: async () => {
        polls += 1;
        if (polls === 1) return seq(1, 2);
        throw broken;
      },
    },
  );
  const rig = await runtime.started();
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure).toBe(broken);
  await runtime.clock.settled(rig.stop());
  expect(runtime.journal.at(-1)).toBe('stop');
  expect(await runtime.storedSeq()).toBe(2);
});

test('an error that poll throws because it was told to stop is no failure', async () => {
  const { runtime } = scripted(
    {},
    {
      poll: () => runtime.clock.sleep(600_000, signal).then(() => null),
      start: (_config, context) => {
        signal = context.signal;
      },
    },
  );
  let signal: AbortSignal;
  const rig = await runtime.started();
  await runtime.clock.settled(rig.stop());
  expect(rig.failure).toBeUndefined();
});

test('a failing start fails the actor with the error of the plugin, after the plugin was stopped', async () => {
  const { runtime } = scripted(
    {},
    {
      start: () => {
        throw new DataError('bad credentials');
      },
    },
  );
  const rig = await runtime.started();
  expect(rig.failure?.message).toBe('bad credentials');
  expect(runtime.journal.at(-1)).toBe('stop');
  await runtime.clock.settled(rig.stop());
});

test('a source that returns nothing at once does not spin', async () => {
  let polls = 0;
  const { runtime } = scripted(
    {},
    {
      poll: async () => {
        polls += 1;
        return null;
      },
    },
  );
  const rig = await runtime.started();
  await runtime.clock.pass(10_000);
  expect(polls).toBeLessThan(200);
  await runtime.clock.settled(rig.stop());
});

test('a log that does not answer stops polling at the bound of records in flight', async () => {
  const { runtime } = scripted(
    { options: { recordsInFlightMax: 100 } },
    {
      poll: async () => seq(1, 10),
      commitRecord: undefined as never,
    },
  );
  runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
  const rig = await runtime.started();
  await runtime.clock.pass(20_000);
  const active = rig.events.flatMap((event) =>
    event.type === 'metrics' ? [event.counters.recordsActive] : [],
  );
  expect(Math.max(...active)).toBe(100);
  await runtime.clock.settled(rig.stop());
});

test('sluice.records.in.flight.max bounds them for one connector', async () => {
  let polls = 0;
  const poll = async () => {
    polls += 1;
    return seq(1, 10);
  };
  const { runtime } = scripted({}, { poll, commitRecord: undefined as never });
  runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
  const rig = await runtime.started({ config: { 'sluice.records.in.flight.max': '25' } });
  await runtime.clock.pass(20_000);
  expect(polls).toBe(3);
  await runtime.clock.settled(rig.stop());
});

test.each([
  ['of values', seq(1, 10)],
  ['of headers', seq(1, 10).map((record) => ({ ...record, value: null, headers: small }))],
])(
  'producer.override.buffer.memory bounds the bytes %s that are polled and not acknowledged',
  async (_, polled) => {
    let polls = 0;
    const poll = async () => {
      polls += 1;
      return polled;
    };
    const { runtime } = scripted({}, { poll, commitRecord: undefined as never });
    runtime.decide = (operation) => (operation === 'produce' ? 'refused' : 'ok');
    // Ten records of two or three bytes: the third batch reaches 50.
    const rig = await runtime.started({ config: { 'producer.override.buffer.memory': '50' } });
    await runtime.clock.pass(20_000);
    expect(polls).toBe(3);
    await runtime.clock.settled(rig.stop());
  },
);

test('what is polled while a produce is in flight goes out in the next one, in order', async () => {
  const { runtime, batches } = scripted({}, { commitRecord: undefined as never });
  runtime.decide = (operation) => (operation === 'produce' ? 'late' : 'ok');
  for (let at = 1; at <= 10; at += 1) batches.push(seq(at, at));
  const rig = await runtime.started();
  await runtime.clock.until('all is written', () => runtime.values('t').length === 10);
  expect(runtime.journal.filter((entry) => entry === 'log.produce')).toHaveLength(2);
  expect(runtime.values('t')).toEqual(seq(1, 10).map(({ value }) => value));
  await runtime.clock.settled(rig.stop());
});

test('PAUSED is said when all that was polled is written and stored; then nothing is polled', async () => {
  const { runtime, batches } = scripted({ options: { offsetFlushIntervalMs: 60_000 } });
  batches.push(seq(1, 3));
  const rig = await runtime.started();
  await runtime.clock.until('polls again', () => runtime.journal.lastIndexOf('poll') > 5);
  rig.target('PAUSED');
  await runtime.clock.until('it is paused', () => rig.state === 'PAUSED');
  expect(await runtime.storedSeq()).toBe(3);
  const polls = runtime.journal.filter((entry) => entry === 'poll').length;
  await runtime.clock.pass(5_000);
  expect(runtime.journal.filter((entry) => entry === 'poll')).toHaveLength(polls);
  rig.target('STARTED');
  await runtime.clock.until('it runs', () => rig.state === 'RUNNING');
  await runtime.clock.settled(rig.stop());
});

test('what a poll brings during a pause is held back and sent when the task is resumed', async () => {
  const arrived = Promise.withResolvers<readonly SourceRecord[]>();
  let polls = 0;
  const { runtime } = scripted(
    {},
    {
      poll: () => {
        polls += 1;
        return polls === 1 ? arrived.promise : runtime.clock.sleep(600_000).then(() => null);
      },
    },
  );
  const rig = await runtime.started();
  rig.target('PAUSED');
  await runtime.clock.until(
    'it is paused though the poll still runs',
    () => rig.state === 'PAUSED',
  );
  arrived.resolve(seq(1, 2));
  await runtime.clock.pass(2_000);
  expect(runtime.values('t')).toEqual([]);
  rig.target('STARTED');
  await runtime.clock.until('it is written', () => runtime.values('t').length === 2);
});

test('a task that begins paused is not started until it is resumed', async () => {
  const { runtime, instances } = scripted();
  const rig = await runtime.started({ targetState: 'PAUSED' });
  expect(rig.states).toEqual(['PAUSED']);
  expect(instances()).toBe(0);
  rig.target('STARTED');
  await runtime.clock.until('it polls', () => runtime.journal.includes('poll'));
  expect(rig.states).toEqual(['PAUSED', 'RUNNING']);
  await runtime.clock.settled(rig.stop());
});

test('a paused task that was never started stops at once', async () => {
  const { runtime, instances } = scripted();
  const rig = await runtime.started({ targetState: 'STOPPED' });
  await runtime.clock.settled(rig.stop());
  expect(instances()).toBe(0);
});

test('before the lease runs out nothing new is polled, and offsets are stored at once', async () => {
  const { runtime, batches } = scripted({ options: { offsetFlushIntervalMs: 60_000 } });
  batches.push(seq(1, 3), ...Array.from({ length: 1_000 }, () => []));
  const rig = await runtime.started();
  await runtime.clock.until('it is written', () => runtime.values('t').length === 3);
  runtime.lease.set('held');
  await runtime.clock.pass(200);
  expect(await runtime.storedSeq()).toBe(3);
  const polls = runtime.journal.filter((entry) => entry === 'poll').length;
  await runtime.clock.pass(5_000);
  expect(runtime.journal.filter((entry) => entry === 'poll')).toHaveLength(polls);
  runtime.lease.set('fresh');
  await runtime.clock.until('it polls again', () => runtime.journal.at(-1) === 'poll');
  await runtime.clock.settled(rig.stop());
});

test('an expired lease ends the run; when it is back the task goes on from the stored offsets', async () => {
  const { runtime, batches, instances } = scripted();
  batches.push(seq(1, 3));
  const rig = await runtime.started();
  await runtime.clock.until('it is written', () => runtime.values('t').length === 3);
  await runtime.clock.pass(1_100);
  runtime.lease.set('expired');
  await runtime.clock.until('the plugin is stopped', () => runtime.journal.at(-1) === 'stop');
  const calls = runtime.journal.length;
  await runtime.clock.pass(30_000);
  expect(runtime.journal).toHaveLength(calls);
  runtime.lease.set('fresh');
  await runtime.clock.until('it polls again', () => runtime.journal.at(-1) === 'poll');
  expect(runtime.journal).toContain('start at 3');
  expect(instances()).toBe(2);
  expect(rig.failure).toBeUndefined();
  expect(rig.states).toEqual([]);
  await runtime.clock.settled(rig.stop());
});

test('a poll that ignores its signal after the lease was lost fails the task when it is back', async () => {
  const { runtime } = scripted({}, { poll: () => runtime.clock.sleep(900_000).then(() => null) });
  const rig = await runtime.started();
  runtime.lease.set('expired');
  await runtime.clock.pass(10_000);
  expect(rig.failure).toBeUndefined();
  runtime.lease.set('fresh');
  await runtime.clock.until('it fails', () => rig.failure !== undefined, 6_000);
  expect(rig.failure).toMatchObject({ code: 'task.stuck' });
});

test('a poll that ignores its signal holds up a stop, and what it brings after the grace is dropped', async () => {
  const { runtime } = scripted(
    {},
    {
      poll: () => runtime.clock.sleep(8_000).then(() => seq(1, 1)),
    },
  );
  const rig = await runtime.started();
  const beganMs = runtime.clock.monotonicMs();
  await runtime.clock.settled(rig.stop());
  expect(runtime.clock.monotonicMs() - beganMs).toBeGreaterThan(5_000);
  expect(runtime.values('t')).toEqual([]);
});

test('offsets that could not be stored are stored at the next interval, though nothing new came', async () => {
  const { runtime, batches } = scripted();
  batches.push(seq(1, 2));
  let commits = 0;
  runtime.decide = (operation) => {
    if (operation === 'commit') commits += 1;
    return operation === 'commit' && commits <= 2 ? 'refused' : 'ok';
  };
  const rig = await runtime.started();
  await runtime.clock.until('the third attempt', () => commits === 3);
  expect(await runtime.storedSeq()).toBe(2);
  await runtime.clock.pass(10_000);
  expect(commits).toBe(3);
  expect(troubles(rig.events)).toEqual(['stalled', 'recovered']);
});

test('an offset that comes alone is stored within a second, whatever the interval, and not more often', async () => {
  const { runtime, batches } = scripted({ options: { offsetFlushIntervalMs: 60_000 } });
  const alone = (from: number): SourceRecord[] => [
    { ...seq(from, from)[0], topic: '', value: null, isOffsetOnly: true },
  ];
  let commits = 0;
  runtime.decide = (operation) => {
    if (operation === 'commit') commits += 1;
    return operation === 'commit' && commits === 1 ? 'refused' : 'ok';
  };
  batches.push(...[1, 2, 3, 4, 5].map(alone));
  const rig = await runtime.started();
  await runtime.clock.pass(900);
  expect(commits).toBe(0);
  await runtime.clock.pass(200);
  expect(commits).toBe(1);
  // Refused: tried again as soon.
  await runtime.clock.pass(1_000);
  expect(commits).toBe(2);
  expect(await runtime.storedSeq()).toBe(5);
  await runtime.clock.settled(rig.stop());
});

test('errors of commitRecord and commit are counted and passed over, as in Kafka Connect', async () => {
  const { runtime, batches } = scripted(
    {},
    {
      commitRecord: () => {
        throw new Error('ack lost');
      },
      commit: () => Promise.reject(new Error('slot gone')),
    },
  );
  batches.push(seq(1, 2), ...Array.from({ length: 100 }, () => []));
  const rig = await runtime.started();
  await runtime.clock.pass(3_000);
  expect(rig.failure).toBeUndefined();
  expect(rig.events.findLast(({ type }) => type === 'metrics')).toMatchObject({
    counters: { errors: 3, commits: 1 },
  });
});

test('a record that cannot be converted fails the task with its topic and the reason', async () => {
  const { runtime, batches } = scripted();
  const circular: Record<string, unknown> = {};
  circular['self'] = circular;
  batches.push([{ topic: 'orders', value: circular }]);
  const rig = await runtime.started({
    config: {
      'value.converter': 'JsonConverter',
      'value.converter.schemas.enable': 'false',
    },
  });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure).toBeInstanceOf(SluiceError);
  expect(rig.failure?.message).toContain('Tolerance exceeded in error handler');
  expect(rig.failure?.message).toContain('orders');
  expect(rig.failure?.cause).toBeInstanceOf(Error);
});

test('after a failure the next life begins with the target that was told last', async () => {
  let polls = 0;
  const { runtime } = scripted(
    {},
    {
      poll: async () => {
        polls += 1;
        throw new Error('broken');
      },
    },
  );
  const first = runtime.rig({ targetState: 'PAUSED' }).start();
  await runtime.clock.until('it starts', () => first.isStarted);
  first.target('STARTED');
  await runtime.clock.until('it fails', () => first.failure !== undefined);
  await runtime.clock.settled(first.stop());
  const second = runtime.rig({ targetState: 'PAUSED' }).start();
  await runtime.clock.until('it fails again', () => second.failure !== undefined);
  expect(polls).toBe(2);
});

test('counters are told about once a second, only when they changed, and at the end', async () => {
  const { runtime, batches } = scripted();
  const rig = await runtime.started();
  await runtime.clock.pass(5_000);
  expect(rig.events).toEqual([
    { type: 'plugin', class: 'test.Source', version: '1.0.0' },
    expect.objectContaining({ type: 'parts' }),
  ]);
  batches.push(seq(1, 3));
  await runtime.clock.settled(rig.stop());
  const busy = await runtime.started({}, { fence: 2 });
  await runtime.clock.pass(5_000);
  const counters = busy.events.flatMap((event) =>
    event.type === 'metrics' ? [event.counters] : [],
  );
  expect(counters.length).toBeLessThanOrEqual(2);
  expect(counters.at(-1)).toMatchObject({
    kind: 'source',
    recordsIn: 3,
    recordsOut: 3,
    bytes: 6,
    batches: 1,
    commits: 1,
    recordsActive: 0,
  });
});

test('a produce that never answers does not hold up a stop beyond its grace', async () => {
  const { runtime, batches } = scripted();
  runtime.decide = (operation) => (operation === 'produce' ? 'hung' : 'ok');
  batches.push(seq(1, 3));
  const rig = await runtime.started();
  await runtime.clock.pass(2_000);
  const beganMs = runtime.clock.monotonicMs();
  await runtime.clock.settled(rig.stop());
  expect(runtime.clock.monotonicMs() - beganMs).toBeLessThan(5_500);
  expect(runtime.journal.at(-1)).toBe('stop');
});

test('a write that is refused for good fails the task at once, but stops it only after its poll', async () => {
  let polls = 0;
  const { runtime } = scripted(
    {},
    {
      commitRecord: undefined as never,
      poll: async () => {
        polls += 1;
        if (polls === 1) return seq(1, 1);
        await runtime.clock.sleep(3_000);
        runtime.note('poll returned');
        return null;
      },
    },
  );
  runtime.decide = (operation) => (operation === 'produce' ? 'for-good' : 'ok');
  const rig = await runtime.started();
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure).toMatchObject({ code: 'log.record_too_large' });
  expect(runtime.journal).not.toContain('poll returned');
  await runtime.clock.settled(rig.stop());
  expect(runtime.journal.slice(-2)).toEqual(['poll returned', 'stop']);
});

const sparse = Object.assign(Array.from({ length: 0 }), { 1: seq(1, 1)[0] });

test.each([
  ['one record', seq(1, 1)[0], 'returned one record instead of a list of records: return [record]'],
  ['a text', 'record', 'returned a string instead of a list of records'],
  ['a list with a hole', sparse, 'returned nothing at place 0 of its list'],
  ['a record without a topic', [{ value: 1 }], 'returned a record without a topic at place 0'],
])('a poll that returns %s fails the task with what is wrong', async (_, returned, message) => {
  const { runtime } = scripted({}, { poll: async () => returned as never });
  const rig = await runtime.started();
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure?.message).toContain(message);
  await runtime.clock.settled(rig.stop());
  expect(runtime.journal.at(-1)).toBe('stop');
});

test('an offset that cannot be stored fails the task, and nothing of its poll is written', async () => {
  const { batches, runtime } = scripted();
  batches.push(seq(1, 2), [{ ...seq(3, 3)[0], sourceOffset: { at: new Date(0) } } as never]);
  const rig = await runtime.started();
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(rig.failure?.message).toContain('but field at contains an object (Date)');
  await runtime.clock.settled(rig.stop());
  expect(runtime.values('t')).toHaveLength(2);
  expect(await runtime.storedSeq()).toBe(2);
});

const durable = { durability: 'durable', meaning: 'It is on the disk.' } as const;
const forgetful = { durability: 'eventual', meaning: 'Set appendfsync always.' } as const;

test('what releases at its source what it has read does not start on a log that may forget', async () => {
  const { runtime } = releasing();
  runtime.log.capabilities = { ...runtime.log.capabilities, ...forgetful };
  const rig = runtime.rig();
  rig.start();
  await runtime.clock.pass(1_000);
  expect(String(rig.failure)).toContain(
    'releases at its source what it has read, so the record log has to acknowledge durably, and this one does not. Set appendfsync always.',
  );
  expect(runtime.journal).toEqual(['log.open']);
});

test('it ends before it releases anything that was acknowledged less than durably', async () => {
  const { runtime, batches } = releasing();
  runtime.log.capabilities = { ...runtime.log.capabilities, ...durable };
  const rig = await runtime.started();
  batches.push(seq(1, 1));
  await runtime.clock.pass(700_000);
  expect(runtime.journal).toContain('commitRecord v1 at 0');
  // The server was started anew with other settings.
  runtime.log.capabilities = { ...runtime.log.capabilities, ...forgetful };
  batches.push(seq(2, 2));
  await runtime.clock.pass(700_000);
  expect(runtime.journal).not.toContain('commitRecord v2 at 1');
  expect(String(rig.failure)).toContain('has to acknowledge durably');
});

function releasing(): Scripted {
  const scenario = scripted();
  Object.assign(scenario.runtime.plugin, { movesExternalCursor: true });
  return scenario;
}
