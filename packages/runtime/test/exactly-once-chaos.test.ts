/**
 * Random schedules of failures, lost answers, pauses, lease losses, hand-overs and crashes around a source whose records
 * and offsets are written in transactions. Whatever happens: each record is there once and in order, what was aborted is
 * not there at all, and each transaction's offset is that of its last record.
 */
import { RetriableError, type SourceRecord, type SourceTask } from '@sluice/connector-api';
import { isFenced, silentLogger } from '@sluice/kernel';
import type { SourceTransaction } from '@sluice/record-log';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { createRuntimeFactory, PluginRegistry, type TaskPayload } from '@sluice/runtime';
import * as fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { ActorRig } from './support/actor-rig.ts';
import { ChaosLog, type Outcome } from './support/chaos-log.ts';
import { sourceOf, stringConverters } from './support/plugins.ts';
import { TestLease } from './support/test-lease.ts';
import { VirtualClock } from './support/virtual-clock.ts';

const sequenceEnd = 60;
type Action = 'pause' | 'resume' | 'unfresh' | 'expire' | 'renew' | 'hand over' | 'crash';

interface Schedule {
  readonly polls: readonly {
    readonly kind: 'batch' | 'wait' | 'retriable';
    readonly size: number;
  }[];
  readonly outcomes: readonly Outcome[];
  readonly actions: readonly { readonly action: Action; readonly afterMs: number }[];
  readonly boundary: 'poll' | 'interval' | 'connector';
  /** Transactions of a connector have so many records; of those whose number it divides, each is aborted. */
  readonly length: number;
  readonly aborted: number;
  /** Each record whose number it divides is refused by the log, and tolerated; 0: none. */
  readonly refused: number;
}

const schedules: fc.Arbitrary<Schedule> = fc.record({
  polls: fc.array(
    fc.record({
      kind: fc.constantFrom('batch', 'batch', 'batch', 'wait', 'retriable'),
      size: fc.integer({ min: 1, max: 9 }),
    }),
    { minLength: 1, maxLength: 40 },
  ),
  outcomes: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constant<Outcome>('ok') },
      { weight: 5, arbitrary: fc.constantFrom<Outcome>('late', 'refused', 'full', 'lost-reply') },
    ),
    { maxLength: 60 },
  ),
  actions: fc.array(
    fc.record({
      action: fc.constantFrom<Action>(
        'pause',
        'resume',
        'unfresh',
        'expire',
        'renew',
        'hand over',
        'crash',
      ),
      afterMs: fc.integer({ min: 0, max: 400 }),
    }),
    { maxLength: 12 },
  ),
  boundary: fc.constantFrom('poll', 'interval', 'connector'),
  length: fc.integer({ min: 1, max: 12 }),
  aborted: fc.constantFrom(0, 0, 2, 3),
  refused: fc.constantFrom(0, 0, 7),
});

class World {
  readonly clock = new VirtualClock();
  readonly store = new MemoryLogStore();
  readonly violations: string[] = [];
  readonly #schedule: Schedule;
  readonly #logs: ChaosLog[] = [];
  #stored = 0;
  #polls = 0;
  #calls = 0;
  #fence = 0;
  #target: TaskPayload['targetState'] = 'STARTED';
  #spawn: () => ActorRig = () => this.#ownAnew();
  rig: ActorRig;

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.store.createTopic('t', 1, 500);
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
    return this.#stored === sequenceEnd;
  }

  written(): number[] {
    const partition = this.store.topic('t')?.[0];
    return Array.from({ length: partition?.high ?? 0 }, (_, offset) =>
      Number.parseInt(Buffer.from(partition?.at(offset)?.value ?? []).toString(), 10),
    );
  }

  wanted(): number[] {
    const numbers = Array.from({ length: sequenceEnd }, (_, index) => index + 1);
    return numbers.filter((number) => !this.#isRefused(number) && !this.#isAborted(number));
  }

  allViolations(): string[] {
    return [...this.violations, ...this.#logs.flatMap((log) => log.violations)];
  }

  #isRefused(number: number): boolean {
    const { refused } = this.#schedule;
    return refused > 0 && number % refused === 0;
  }

  /** The connector's transactions are cut by numbers, so that they are the same in each life. */
  #isAborted(number: number): boolean {
    const { aborted, boundary, length } = this.#schedule;
    if (boundary !== 'connector' || aborted === 0) return false;
    return Math.ceil(number / length) % aborted === 0;
  }

  #isLastOfItsTransaction(number: number): boolean {
    return number % this.#schedule.length === 0 || number === sequenceEnd;
  }

  #transacted({ batches, offsets }: SourceTransaction): void {
    const numbers = batches
      .filter(({ topic }) => topic === 't')
      .flatMap(({ records }) =>
        records.map(({ value }) => Number.parseInt(Buffer.from(value ?? []).toString(), 10)),
      );
    const stored = offsets.map(({ offset }) => Number(offset?.['seq']));
    const [offset] = stored;
    if (stored.length !== 1 || offset === undefined || offset <= this.#stored) {
      this.violations.push(`offsets ${stored.join()} after ${this.#stored}`);
      return;
    }
    const covered = this.wanted().filter((each) => each > this.#stored && each <= offset);
    if (covered.join() !== numbers.join())
      this.violations.push(`${numbers.join()} with offset ${offset} after ${this.#stored}`);
    if (this.#schedule.boundary === 'connector' && !this.#isLastOfItsTransaction(offset))
      this.violations.push(`a transaction ended at ${offset}`);
    this.#stored = offset;
  }

  #ownAnew(): ActorRig {
    const fence = ++this.#fence;
    const { boundary } = this.#schedule;
    let lease = new TestLease();
    const log = new ChaosLog({
      inner: new MemoryLog(this.store, { clock: this.clock }),
      clock: this.clock,
      lease: { isHeld: () => lease.isHeld() },
      decide: () => this.#schedule.outcomes[this.#calls++] ?? 'ok',
      onTransaction: (transaction) => this.#transacted(transaction),
    });
    this.#logs.push(log);
    const plugin = {
      ...sourceOf(() => this.#createTask()),
      canDefineTransactionBoundaries: () => 'SUPPORTED' as const,
    };
    const factory = createRuntimeFactory({
      log,
      plugins: new PluginRegistry([plugin]),
      cluster: 'test',
      workerConfig: stringConverters,
      clock: this.clock,
      threadMs: this.clock.threadMs,
      random: () => 0.5,
      exactlyOnce: true,
      recordsInFlightMax: 30,
      logger: silentLogger,
    });
    this.#spawn = () => {
      lease = new TestLease();
      const payload: TaskPayload = {
        connector: 'orders',
        task: 0,
        config: {
          'connector.class': 'test.Source',
          'transaction.boundary': boundary,
          'transaction.boundary.interval.ms': '70',
          'errors.tolerance': 'all',
        },
        targetState: this.#target,
        definitionVersion: 1,
        taskCount: 1,
      };
      return new ActorRig({
        clock: this.clock,
        factory,
        kind: 'source-task',
        fence,
        payload,
        lease,
      }).start();
    };
    return this.#spawn();
  }

  #createTask(): SourceTask {
    let next = 1;
    let signal: AbortSignal;
    let end: ((record: SourceRecord, isAborted: boolean) => void) | undefined;
    return {
      start: async (_config, context) => {
        signal = context.signal;
        const { transactions } = context;
        end = (record, isAborted) =>
          isAborted
            ? transactions?.abortTransaction(record)
            : transactions?.commitTransaction(record);
        const [offset] = await context.offsets([{ p: 'a' }]);
        next = Number(offset?.['seq'] ?? 0) + 1;
      },
      poll: async () => {
        const { kind, size } = this.#schedule.polls[this.#polls++] ?? { kind: 'batch', size: 5 };
        if (kind === 'retriable') throw new RetriableError('try again');
        if (kind === 'wait') await this.clock.sleep(20, signal);
        const records: SourceRecord[] = [];
        for (; records.length < size && next <= sequenceEnd; next += 1) {
          const record = {
            topic: 't',
            value: this.#isRefused(next) ? `${next} ${'x'.repeat(1_000)}` : String(next),
            sourcePartition: { p: 'a' },
            sourceOffset: { seq: next },
          };
          records.push(record);
          if (this.#isLastOfItsTransaction(next)) end?.(record, this.#isAborted(next));
        }
        if (records.length === 0) await this.clock.sleep(50, signal);
        return records;
      },
      stop: () => this.clock.sleep(1),
    };
  }
}

beforeEach(() => {
  // Turns of the event loop by elapsed real time would make schedules unrepeatable.
  vi.spyOn(performance, 'now').mockReturnValue(0);
});

afterEach(() => {
  vi.restoreAllMocks();
});

test('whatever fails, each record is there once and in order, with the offset that it stands for', async () => {
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
      expect(world.written()).toEqual(world.wanted());
      expect(world.isComplete()).toBe(true);
      await world.clock.settled(world.rig.stop());
      expect(world.allViolations()).toEqual([]);
      expect(world.written()).toEqual(world.wanted());
    }),
    { numRuns: Number(process.env['SLUICE_CHAOS_RUNS'] ?? 150) },
  );
}, 60_000);
