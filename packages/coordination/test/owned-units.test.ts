/** What a worker owns, when answers of the store are lost, late, or about a past that is over. */
import { silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { describe, expect, test } from 'vitest';

import { connectorUnit, taskUnit, type UnitId } from '../src/model.ts';
import type {
  AssignedUnit,
  ClaimResult,
  Ownership,
  PublishResult,
  PublishTasks,
  WorkerStore,
} from '../src/store.ts';
import { reviewEveryMs } from '../src/upkeep.ts';
import { OwnedUnits } from '../src/worker/owned-units.ts';
import type { RunnableUnit, UnitRunner } from '../src/worker/unit-runner.ts';

/** Grants everything, under fences that only grow; what else it answers is up to the test. */
class FakeStore {
  readonly fences = new Map<UnitId, number>();
  readonly unclaimed = new Set<UnitId>();
  readonly reported: UnitId[] = [];
  readonly published: string[] = [];
  readonly released: Ownership[] = [];
  /** How much higher a new fence is. */
  refencedBy = 1_000;
  claims = 0;
  /** Of every connector, whose definition is always version 1. */
  config: Readonly<Record<string, string>> = {};
  #revision = 1;
  /** Before each answer to `refence`. */
  beforeRefence: (call: number) => Promise<void> | void = () => {};
  #refences = 0;

  grant(unit: UnitId, fence: number): void {
    this.fences.set(unit, fence);
    this.unclaimed.add(unit);
    this.#revision++;
  }

  async assignments(): ReturnType<WorkerStore['assignments']> {
    const units = [...this.fences].map(
      ([unit, fence]): AssignedUnit => ({
        unit,
        uid: 'uid',
        epoch: 1,
        fence,
        restarts: 0,
        order: 'run',
        claimed: !this.unclaimed.has(unit),
        targetState: 'STARTED',
        definitionVersion: 1,
      }),
    );
    return { revision: this.#revision, dataset: 'data', beat: 1, quarantined: false, units };
  }

  async claim(_worker: string, _incarnation: string, units: readonly Ownership[]) {
    this.claims += units.length;
    return units.map(({ unit, fence }): ClaimResult => {
      if (this.fences.get(unit) !== fence) return { kind: 'stale' };
      this.unclaimed.delete(unit);
      return {
        kind: 'claimed',
        uid: 'uid',
        epoch: 1,
        restarts: 0,
        targetState: 'STARTED',
        definitionVersion: 1,
        config: this.config,
        connectorType: 'source',
        taskCount: 1,
      };
    });
  }

  async refence(_worker: string, _incarnation: string, units: readonly Ownership[]) {
    await this.beforeRefence(++this.#refences);
    return units.map(({ unit, fence }) => {
      if (this.fences.get(unit) !== fence) return undefined;
      this.fences.set(unit, fence + this.refencedBy);
      return fence + this.refencedBy;
    });
  }

  async release(_worker: string, _incarnation: string, units: readonly Ownership[]) {
    return units.map(({ unit, fence }) => {
      this.released.push({ unit, fence });
      return this.fences.get(unit) === fence && this.fences.delete(unit);
    });
  }

  async publishTasks({ connector }: PublishTasks): Promise<PublishResult> {
    this.published.push(connector);
    return { kind: 'published', epoch: 1 };
  }

  async report(_worker: string, _incarnation: string, reports: readonly Ownership[]) {
    return reports.map(({ unit, fence }) => {
      if (this.fences.get(unit) !== fence) return false;
      this.reported.push(unit);
      return true;
    });
  }
}

class FakeRunner implements UnitRunner {
  readonly runs: RunnableUnit[] = [];
  readonly stops: UnitId[] = [];
  readonly restarts: UnitId[] = [];
  run(unit: RunnableUnit): void {
    this.runs.push(unit);
  }
  update(): void {}
  restart(unit: UnitId): void {
    this.restarts.push(unit);
  }
  async stop(unit: UnitId): Promise<void> {
    this.stops.push(unit);
  }
  setLease(): void {}
  isQuiet(): boolean {
    return true;
  }
  async abandonAll(): Promise<void> {}
}

class World {
  readonly clock = new FakeClock();
  readonly store = new FakeStore();
  readonly runner = new FakeRunner();
  incarnation = 'first';
  #beats = 1_000;
  readonly units = new OwnedUnits({
    worker: 'w1',
    incarnation: () => this.incarnation,
    hasLost: () => false,
    store: this.store as unknown as WorkerStore,
    runner: this.runner,
    waker: { wake: async () => {} },
    clock: this.clock,
    logger: silentLogger,
  });

  /** A heartbeat says that the assignments changed. */
  async beat(): Promise<void> {
    this.units.beatAcknowledged(++this.#beats, 'up');
    await this.clock.advance(50);
  }

  /** A heartbeat says that nothing has changed. */
  async quietBeat(): Promise<void> {
    const { revision } = await this.store.assignments();
    this.units.beatAcknowledged(revision, 'up');
    await this.clock.advance(50);
  }

  async confirm(): Promise<void> {
    const confirmed = this.units.confirm();
    await this.clock.advance(50);
    await confirmed;
  }

  async owns(count: number, fence = 1): Promise<Ownership[]> {
    const owned = Array.from({ length: count }, (_, task) => ({
      unit: taskUnit('a', task),
      fence,
    }));
    for (const { unit } of owned) this.store.grant(unit, fence);
    await this.beat();
    expect(this.units.size).toBe(count);
    return owned;
  }
}

test('new fences that were given before a call failed are told when it is repeated', async () => {
  const world = new World();
  // Two round trips, of which the second fails.
  const owned = await world.owns(600);
  world.store.beforeRefence = (call) => {
    if (call === 2) throw new Error('Redis went away');
  };
  await expect(world.units.refence(owned)).rejects.toThrow('Redis went away');
  const fences = await world.units.refence(owned);
  expect(fences.size).toBe(600);
  expect(new Set(fences.values())).toEqual(new Set([1_001]));
});

test('an answer about fences that comes after the worker was fenced leaves its next life alone', async () => {
  const world = new World();
  const [owned] = await world.owns(1);
  if (!owned) throw new Error('it owns one');
  const answering = Promise.withResolvers<void>();
  world.store.beforeRefence = () => answering.promise;
  const refencing = world.units.refence([owned]);
  await world.units.abandon();
  world.incarnation = 'second';
  await world.owns(1, 5_000);
  answering.resolve();
  expect(await refencing).toEqual(new Map());
  expect(world.units.holding()).toMatchObject([{ unit: owned.unit, fence: 5_000 }]);
  expect(world.runner.runs.map(({ fence }) => fence)).toEqual([1, 5_000]);
  // It goes on to follow the assignments.
  world.store.fences.delete(owned.unit);
  await world.beat();
  expect(world.runner.stops).toEqual([owned.unit]);
});

test('what the store forgot to be claimed is claimed and reported again', async () => {
  const world = new World();
  const [owned] = await world.owns(1);
  if (!owned) throw new Error('it owns one');
  world.units.reported(owned.unit, owned.fence, { state: 'RUNNING', attempts: 1 });
  await world.clock.advance(50);
  expect(world.store.reported).toEqual([owned.unit]);
  world.store.unclaimed.add(owned.unit);
  await world.beat();
  expect(world.store.unclaimed.size).toBe(0);
  expect(world.store.reported).toEqual([owned.unit, owned.unit]);
  expect(world.runner.runs).toHaveLength(1);
});

test('what a store forgot without being noticed is told again after a while', async () => {
  const world = new World();
  const [owned] = await world.owns(1);
  if (!owned) throw new Error('it owns one');
  world.units.reported(owned.unit, owned.fence, { state: 'RUNNING', attempts: 1 });
  await world.quietBeat();
  // It goes back by less than a heartbeat: no revision says so.
  world.store.unclaimed.add(owned.unit);
  world.store.reported.length = 0;
  await world.quietBeat();
  expect(world.store.reported).toEqual([]);
  await world.clock.advance(10_000);
  await world.quietBeat();
  expect(world.store.unclaimed.size).toBe(0);
  expect(world.store.reported).toContain(owned.unit);
  expect(world.runner.runs).toHaveLength(1);
  expect(world.runner.stops).toEqual([]);
});

describe('a store that lost a new fence, too little to be noticed', () => {
  async function worldThatLostAFence() {
    const world = new World();
    const [owned] = await world.owns(1);
    if (!owned) throw new Error('it owns one');
    const { unit } = owned;
    await world.units.refence([owned]);
    world.units.reported(unit, 1_001, { state: 'RUNNING', attempts: 1 });
    await world.quietBeat();
    world.store.fences.set(unit, 1);
    world.store.reported.length = 0;
    await world.beat();
    // An answer that is only old would say the same.
    expect(world.units.holding()).toMatchObject([{ unit, fence: 1_001 }]);
    expect(world.store.fences.get(unit)).toBe(1);
    const { store, runner, units, clock } = world;
    return { store, runner, units, clock, unit, review: () => afterAReview(world) };
  }

  async function afterAReview(world: World): Promise<void> {
    await world.clock.advance(reviewEveryMs(1));
    await world.quietBeat();
    await world.quietBeat();
  }

  test('is asked for it again; the unit goes on and is reported', async () => {
    const { store, runner, clock, unit, review } = await worldThatLostAFence();
    // So late that what the review tells under our fence is refused.
    store.beforeRefence = () => clock.sleep(20);
    await review();
    await clock.advance(50);
    expect(store.fences.get(unit)).toBe(1_001);
    expect(store.reported).toContain(unit);
    expect(runner.runs).toHaveLength(1);
    expect(runner.stops).toEqual([]);
  });

  test('and gives a higher one, under which the unit starts anew', async () => {
    const { store, runner, units, unit, review } = await worldThatLostAFence();
    store.refencedBy = 2_000;
    await review();
    expect(runner.stops).toEqual([unit]);
    expect(store.released).toEqual([{ unit, fence: 1_001 }]);
    expect(runner.runs.map(({ fence }) => fence)).toEqual([1, 2_001]);
    expect(units.holding()).toMatchObject([{ unit, fence: 2_001 }]);
  });

  test('and gives a lower one, until it reaches that of the unit', async () => {
    const { store, runner, unit, review } = await worldThatLostAFence();
    store.refencedBy = 500;
    await review();
    expect(store.fences.get(unit)).toBe(501);
    await review();
    expect(store.fences.get(unit)).toBe(1_001);
    expect(runner.runs).toHaveLength(1);
    expect(runner.stops).toEqual([]);
  });

  test('and refuses it: nothing changes', async () => {
    const { store, runner, units, unit, review } = await worldThatLostAFence();
    store.beforeRefence = () => {
      // Meanwhile it is known again.
      store.fences.set(unit, 1_001);
    };
    await review();
    expect(store.fences.get(unit)).toBe(1_001);
    expect(runner.stops).toEqual([]);
    expect(units.holding()).toMatchObject([{ unit, fence: 1_001 }]);
  });
});

test('a definition that took the version of one that the store lost is noticed, and what was published is not told again', async () => {
  const world = new World();
  const unit = connectorUnit('a');
  world.store.grant(unit, 1);
  await world.beat();
  world.units.taskConfigs('a', 1, 1, [{ topic: 'old' }]);
  await world.confirm();
  expect(world.runner.restarts).toEqual([]);
  expect(world.store.published).toEqual(['a']);
  world.store.config = { topic: 'new' };
  const published = world.store.published.length;
  await world.confirm();
  await world.quietBeat();
  expect(world.runner.restarts).toEqual([unit]);
  expect(world.store.published.slice(published)).toEqual([]);

  // Also where nobody noticed a loss.
  world.store.config = { topic: 'newer' };
  await world.clock.advance(reviewEveryMs(1));
  await world.quietBeat();
  expect(world.runner.restarts).toEqual([unit, unit]);
});
