/**
 * Runs a scenario from an empty Redis to an empty cluster:
 *
 *     start → (wave of faults → calm until converged → probe → converged again)… → delete and stop everything
 *
 * Ends at the first violation. The same scenario gives the same trace, to the letter.
 */
import type { ClusterView } from '@sluice/coordination';
import { replaceIds } from '@sluice/kernel/testing';
import type { ReplacedFiles } from '../redis/script-book.ts';
import { SimulatedCluster } from './cluster.ts';
import { whatIsLeft } from './invariants/leftovers.ts';
import { makeFakeRedis } from './make-fake-redis.ts';
import { Operations } from './operations.ts';
import { Operator } from './operator.ts';
import { beginProbe, endProbe } from './probe.ts';
import { RequestClient } from './request-client.ts';
import type { Scenario, Wave } from './scenario.ts';
import { aftermathMs, convergenceMs } from './timing.ts';
import type { Violation } from './violations.ts';
import { World } from './world.ts';

export interface SimulationOptions {
  /** No wave begins after that much virtual time. */
  readonly forMs: number;
  /** Lua files with another text, to see whether a broken one is noticed. */
  readonly scripts?: ReplacedFiles;
  /** All of the trace is wanted, and not only its end. */
  readonly keepsTrace?: boolean;
}

export interface SimulationResult {
  readonly violation: Violation | undefined;
  /** Of everything that happened. */
  readonly hash: string;
  readonly virtualMs: number;
  readonly steps: number;
  readonly effects: number;
  readonly coverage: ReadonlyMap<string, number>;
  /** Of each script, how often it gave which reply. */
  readonly replies: ReadonlyMap<string, number>;
  /** Its last lines, unless all were asked for. */
  readonly trace: readonly string[];
}

const traceLinesMax = 400;
/** Between two looks at a cluster that is coming to rest. */
const lookEveryMs = 1_000;

export async function simulate(
  scenario: Scenario,
  options: SimulationOptions,
): Promise<SimulationResult> {
  const world = new World(scenario.seed);
  const restoreIds = replaceIds(countedIds());
  const allowChance = forbidChance();
  try {
    const simulation = new Simulation(world, scenario, options);
    await simulation.run(options.forMs);
    const { cluster } = simulation;
    return {
      violation: world.violation,
      hash: world.trace.hash,
      virtualMs: world.time.nowMs,
      steps: world.time.steps,
      effects: cluster.sink.effects,
      coverage: world.coverage.counts,
      replies: cluster.fake.replies,
      trace: world.trace.last(options.keepsTrace ? Number.POSITIVE_INFINITY : traceLinesMax),
    };
  } finally {
    restoreIds();
    allowChance();
  }
}

/** What asks for chance that no seed decides would not come again. */
function forbidChance(): () => void {
  const { random } = Math;
  Math.random = () => {
    throw new Error('a simulation draws from the streams of its seed, not from Math.random');
  };
  return () => {
    Math.random = random;
  };
}

/** Ids that are the same in each run. */
function countedIds(): { newId: () => string; newShortId: () => string } {
  let ids = 0;
  return { newId: () => `id${++ids}`, newShortId: () => `s${++ids}` };
}

class Simulation {
  readonly cluster: SimulatedCluster;
  readonly #world: World;
  readonly #scenario: Scenario;
  readonly #client: RequestClient;
  readonly #operations: Operations;
  readonly #operator: Operator;

  constructor(world: World, scenario: Scenario, { scripts }: SimulationOptions) {
    this.#world = world;
    this.#scenario = scenario;
    this.cluster = new SimulatedCluster(world, scenario.shape, makeFakeRedis(world, scripts));
    this.#client = new RequestClient(this.cluster);
    this.#operations = new Operations(this.cluster, this.#client);
    this.#operator = new Operator(this.cluster, this.#client);
  }

  async run(forMs: number): Promise<void> {
    const { shape, waves } = this.#scenario;
    for (const name of [...shape.coordinators, ...shape.workers]) this.cluster.start(name);
    this.#client.startReading();
    this.#operator.define();
    await this.#converge();
    for (const wave of waves) {
      if (this.#isOver || this.#world.time.nowMs >= forMs) break;
      await this.#wave(wave);
    }
    if (!this.#isOver) await this.#end();
  }

  get #isOver(): boolean {
    return this.#world.violation !== undefined;
  }

  async #wave({ forMs, operations, probe }: Wave): Promise<void> {
    const { time, trace } = this.#world;
    trace.note('wave', `of ${forMs} ms with ${operations.length} operations`);
    this.#operator.defineLost();
    this.#operations.newWave();
    for (const { afterMs, ...operation } of operations) {
      time.after(Math.min(afterMs, forMs), () => this.#operations.run(operation));
    }
    await this.#pass(forMs);
    if (this.#isOver) return;
    trace.note('calm', 'begins');
    this.#operations.newWave();
    this.cluster.heal();
    await this.#pass(this.cluster.server.stalledForMs + aftermathMs);
    const before = await this.#converge();
    if (!before) return;
    this.#world.isRecovering = false;
    const { start, waitMs } = beginProbe(this.cluster, before, probe);
    await this.#pass(waitMs);
    const after = await this.#converge();
    this.#world.isRecovering = false;
    const problem = after && endProbe(this.cluster, after, start);
    if (problem) this.#world.violated(problem.invariant, problem.message);
  }

  /** Until the cluster is at rest, within the bound. Returns undefined if something was violated. */
  async #converge(): Promise<ClusterView | undefined> {
    const { time } = this.#world;
    const deadlineMs = time.nowMs + convergenceMs;
    for (;;) {
      await this.#pass(lookEveryMs);
      if (this.#isOver) return undefined;
      const { view, unrest } = await this.#operator.look();
      if (!unrest) {
        this.#world.trace.note(
          'calm',
          `at rest: ${view.units.size} units on ${view.members.size} workers`,
        );
        return view;
      }
      if (time.nowMs >= deadlineMs) {
        this.#world.violated(
          unrest.invariant,
          `${convergenceMs} ms after the last fault ${unrest.message}`,
        );
        return undefined;
      }
      this.#operator.act(view);
    }
  }

  /** Everything is deleted, and everybody stops: nothing may be left. */
  async #end(): Promise<void> {
    this.#world.trace.note('end', 'everything is deleted and stopped');
    const { view } = await this.#operator.look();
    for (const connector of view.connectors.keys()) {
      void this.#client.submit({ op: 'delete', connector }, false);
    }
    if (!(await this.#converge())) return;
    for (const name of this.cluster.workers.keys()) this.cluster.terminate(name, undefined, false);
    await this.#pass(2 * lookEveryMs);
    for (const name of this.cluster.coordinators.keys()) {
      this.cluster.terminate(name, undefined, false);
    }
    await this.#pass(20 * lookEveryMs);
    const left = whatIsLeft(this.cluster);
    if (left !== undefined) this.#world.violated('I11', left);
  }

  async #pass(ms: number): Promise<void> {
    const { time } = this.#world;
    await time.runUntil(time.nowMs + ms, () => this.#isOver);
  }
}
