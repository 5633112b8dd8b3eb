/**
 * Random schedules of failures, pauses, lease losses, hand-overs and crashes around a sink that buffers what
 * it is given. Whatever happens: everything below a committed offset was flushed, nothing is skipped, no two
 * calls into a task overlap, nothing is put or committed without a lease.
 */
import { RetriableError, type SinkTask, type SinkTaskContext } from '@sluice/connector-api';
import { isFenced, silentLogger } from '@sluice/kernel';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { createRuntimeFactory, PluginRegistry, type TaskPayload } from '@sluice/runtime';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { ActorRig } from './support/actor-rig.ts';
import { ChaosLog, type Outcome } from './support/chaos-log.ts';
import { NoOverlap, sinkOf, stringConverters } from './support/plugins.ts';
import { TestLease } from './support/test-lease.ts';
import { VirtualClock } from './support/virtual-clock.ts';

const recordsEach = 40;
const partitions = ['x-0', 'x-1', 'y-0'] as const;

type Reaction = 'ok' | 'late' | 'retriable' | 'fatal' | 'deaf' | 'request commit';
type Style = 'durable put' | 'flush' | 'preCommit';
type Action =
  | 'pause'
  | 'resume'
  | 'unfresh'
  | 'expire'
  | 'lapse'
  | 'renew'
  | 'hand over'
  | 'crash'
  | 'nothing';

interface Schedule {
  readonly style: Style;
  readonly puts: readonly Reaction[];
  readonly flushes: readonly Reaction[];
  readonly outcomes: readonly Outcome[];
  readonly actions: readonly { readonly action: Action; readonly afterMs: number }[];
}

const reactions = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Reaction>('ok') },
  { weight: 4, arbitrary: fc.constantFrom<Reaction>('late', 'retriable', 'request commit') },
  { weight: 1, arbitrary: fc.constantFrom<Reaction>('fatal', 'deaf') },
);

const schedules: fc.Arbitrary<Schedule> = fc.record({
  style: fc.constantFrom<Style>('durable put', 'flush', 'preCommit'),
  puts: fc.array(reactions, { maxLength: 40 }),
  flushes: fc.array(reactions, { maxLength: 20 }),
  outcomes: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<Outcome>('ok') },
      { weight: 5, arbitrary: fc.constantFrom<Outcome>('late', 'refused', 'full', 'lost-reply') },
      { weight: 1, arbitrary: fc.constant<Outcome>('for-good') },
    ),
    { maxLength: 40 },
  ),
  actions: fc.array(
    fc.record({
      action: fc.constantFrom<Action>(
        'pause',
        'resume',
        'unfresh',
        'expire',
        'lapse',
        'renew',
        'hand over',
        'crash',
        'nothing',
      ),
      afterMs: fc.integer({ min: 0, max: 400 }),
    }),
    { maxLength: 12 },
  ),
});

class World {
  readonly clock = new VirtualClock();
  readonly store = new MemoryLogStore();
  /** Offsets that a flush made durable. */
  readonly durable = new Map(partitions.map((name) => [name as string, new Set<number>()]));
  readonly committed = new Map<string, number>();
  readonly violations: string[] = [];
  readonly #schedule: Schedule;
  readonly #logs: ChaosLog[] = [];
  readonly #overlaps: NoOverlap[] = [];
  #puts = 0;
  #flushes = 0;
  #calls = 0;
  #fence = 0;
  #target: TaskPayload['targetState'] = 'STARTED';
  #spawn: () => ActorRig = () => this.#ownAnew();
  rig: ActorRig;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.store.createTopic('x', 2);
    this.store.createTopic('y', 1);
    for (let index = 0; index < recordsEach; index += 1) {
      for (const name of partitions) {
        const [topic = '', partition] = name.split('-');
        const value = Buffer.from(`${name}:${index}`);
        const record = { key: null, value, headers: [], timestampMs: 1 };
        this.store.append(topic, Number(partition), record);
      }
    }
    this.rig = this.#ownAnew();
  }

  async perform(action: Action): Promise<void> {
    const { lease } = this.rig;
    switch (action) {
      case 'pause':
      case 'resume':
        this.#target = action === 'pause' ? 'PAUSED' : 'STARTED';
        this.rig.target(this.#target);
        return;
      case 'unfresh':
        if (lease.isFresh()) lease.set('held');
        return;
      case 'expire':
        lease.set('expired');
        return;
      case 'lapse':
        lease.lapse();
        return;
      case 'renew':
        lease.set('fresh');
        return;
      case 'hand over':
        await this.clock.settled(this.rig.stop());
        this.rig = this.#ownAnew();
        return;
      case 'crash': {
        const old = this.rig;
        this.rig = this.#ownAnew();
        await this.clock.pass(50);
        old.abandon();
        return;
      }
      case 'nothing':
        return;
    }
  }

  async supervise(): Promise<void> {
    const { failure } = this.rig;
    if (!failure) return;
    if (isFenced(failure)) this.violations.push(`the only owner was fenced: ${failure.message}`);
    await this.clock.settled(this.rig.stop());
    this.rig = this.#spawn();
  }

  isComplete(): boolean {
    return partitions.every((name) => this.committed.get(name) === recordsEach);
  }

  allViolations(): string[] {
    return [
      ...this.violations,
      ...this.#logs.flatMap((log) => log.violations),
      ...this.#overlaps.flatMap((overlap) => overlap.violations),
    ];
  }

  #ownAnew(): ActorRig {
    const fence = ++this.#fence;
    let lease = new TestLease();
    const log = new ChaosLog({
      inner: new MemoryLog(this.store, { clock: this.clock }),
      clock: this.clock,
      lease: { isHeld: () => lease.isHeld() },
      decide: () => this.#schedule.outcomes[this.#calls++] ?? 'ok',
      onGroupCommit: (offsets) => {
        for (const { topic, partition, offset } of offsets)
          this.#commit(`${topic}-${partition}`, offset);
      },
    });
    this.#logs.push(log);
    const factory = createRuntimeFactory({
      log,
      plugins: new PluginRegistry([sinkOf(() => this.#createTask(lease))]),
      cluster: 'test',
      workerConfig: stringConverters,
      clock: this.clock,
      threadMs: this.clock.threadMs,
      random: () => 0.5,
      offsetFlushIntervalMs: 100,
      sinkBatchRecordsMax: 7,
      logger: silentLogger,
    });
    this.#spawn = () => {
      lease = new TestLease();
      const payload: TaskPayload = {
        connector: 'orders',
        task: 0,
        config: { 'connector.class': 'test.Sink', topics: 'x,y' },
        targetState: this.#target,
        definitionVersion: 1,
        taskCount: 1,
      };
      const kind = 'sink-task';
      return new ActorRig({ clock: this.clock, factory, kind, fence, payload, lease }).start();
    };
    return this.#spawn();
  }

  #commit(name: string, offset: number): void {
    for (let below = 0; below < offset; below += 1) {
      if (!this.durable.get(name)?.has(below))
        this.violations.push(`${name} committed at ${offset}, but ${below} was not flushed`);
    }
    if (offset < (this.committed.get(name) ?? 0))
      this.violations.push(`${name} went back to ${offset} from ${this.committed.get(name)}`);
    this.committed.set(name, offset);
  }

  #createTask(lease: TestLease): SinkTask {
    const overlap = new NoOverlap();
    this.#overlaps.push(overlap);
    const { style } = this.#schedule;
    const next = new Map<string, number>();
    let buffered: { readonly name: string; readonly offset: number }[] = [];
    let signal: AbortSignal;
    let context: SinkTaskContext;
    const write = (): void => {
      for (const { name, offset } of buffered) this.durable.get(name)?.add(offset);
      buffered = [];
    };
    const react = async (reaction: Reaction | undefined): Promise<void> => {
      if (reaction === 'late') await this.clock.sleep(20, signal);
      if (reaction === 'deaf') await this.clock.sleep(150);
      if (reaction === 'retriable') throw new RetriableError('try again');
      if (reaction === 'fatal') throw new Error('broken');
      if (reaction === 'request commit') context.requestCommit();
    };
    const task: SinkTask = {
      start: (_config, given) => {
        signal = given.signal;
        context = given;
      },
      open: (opened) =>
        overlap.call('open', () => {
          for (const { topic, partition } of opened) {
            const name = `${topic}-${partition}`;
            next.set(name, this.committed.get(name) ?? 0);
          }
        }),
      put: (records) =>
        overlap.call('put', async () => {
          if (!lease.isHeld()) this.violations.push('put without a lease');
          for (const { topic, partition, offset, value } of records) {
            const name = `${topic}-${partition}`;
            if (value !== `${name}:${offset}`)
              this.violations.push(`${name}:${offset} is ${String(value)}`);
            const expected = next.get(name);
            if (expected === undefined || offset > expected)
              this.violations.push(`put ${name}:${offset} when ${expected} was next`);
            next.set(name, offset + 1);
          }
          await react(this.#schedule.puts[this.#puts++]);
          buffered.push(
            ...records.map(({ topic, partition, offset }) => ({
              name: `${topic}-${partition}`,
              offset,
            })),
          );
          if (style === 'durable put') write();
        }),
      close: () => overlap.call('close', () => {}),
      stop: () => overlap.call('stop', () => this.clock.sleep(1)),
    };
    const reactToFlush = async (): Promise<void> => {
      try {
        await react(this.#schedule.flushes[this.#flushes++]);
      } catch (error) {
        // Whoever fails to flush may have lost what it had: it must come again.
        buffered = [];
        throw error;
      }
    };
    const flush = async (): Promise<void> => {
      await reactToFlush();
      write();
    };
    if (style === 'flush') task.flush = () => overlap.call('flush', flush);
    if (style === 'preCommit') {
      // Keeps the newest records of each partition in its buffer as long as more may come.
      task.preCommit = (offsets) =>
        overlap.call('preCommit', async () => {
          await reactToFlush();
          const safe = new Map(offsets);
          const kept: typeof buffered = [];
          for (const [name, { topic, partition, offset }] of offsets) {
            const keep = offset < recordsEach ? 1 : 0;
            const end = Math.max(this.committed.get(name) ?? 0, offset - keep);
            for (const one of buffered) {
              if (one.name !== name) continue;
              if (one.offset < end) this.durable.get(name)?.add(one.offset);
              else kept.push(one);
            }
            safe.set(name, { topic, partition, offset: end });
          }
          buffered = kept;
          return safe;
        });
    }
    return task;
  }
}

beforeEach(() => {
  // Turns of the event loop by elapsed real time would make schedules unrepeatable.
  vi.spyOn(performance, 'now').mockReturnValue(0);
});

afterEach(() => {
  vi.restoreAllMocks();
});

test('whatever fails, a sink skips nothing and commits nothing that was not flushed', async () => {
  await fc.assert(
    fc.asyncProperty(schedules, async (schedule) => {
      const world = new World(schedule);
      for (const { action, afterMs } of schedule.actions) {
        await world.clock.pass(afterMs);
        await world.perform(action);
        await world.supervise();
      }
      await world.perform('renew');
      await world.perform('resume');
      for (let round = 0; round < 200 && !world.isComplete(); round += 1) {
        await world.clock.pass(200);
        await world.supervise();
        await world.perform('renew');
      }
      expect(world.allViolations()).toEqual([]);
      expect(Object.fromEntries(world.committed)).toEqual({
        'x-0': recordsEach,
        'x-1': recordsEach,
        'y-0': recordsEach,
      });
      await world.clock.settled(world.rig.stop());
      expect(world.allViolations()).toEqual([]);
    }),
    { numRuns: Number(process.env['SLUICE_CHAOS_RUNS'] ?? 150) },
  );
}, 60_000);
