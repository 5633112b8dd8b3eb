/**
 * One cluster of a size that nobody has at hand, with the timings of the default profile and without faults: a cold
 * start, a time of rest, the death of a worker, a join. What is asked is how long the cluster takes, in virtual time
 * and in operations, and whether anything in the product grows faster than the cluster.
 *
 * All invariants that are checked while it happens are on (I1 to I5, I9, law 5), and at rest I6, I7, I8 and I12. Tasks
 * have an effect every minute instead of every few seconds: they are played, and not what is asked about.
 */
import { type PlannerTask, planAssignment } from '@sluice/assignment';
import { type ClusterView, settlingDefaults, timingProfiles } from '@sluice/coordination';
import { replaceIds } from '@sluice/kernel/testing';

import { SimulatedCluster } from '../world/cluster.ts';
import { makeFakeRedis } from '../world/make-fake-redis.ts';
import { Operator } from '../world/operator.ts';
import { beginProbe, endProbe } from '../world/probe.ts';
import { RequestClient } from '../world/request-client.ts';
import type { ClusterShape, Probe } from '../world/scenario.ts';
import type { Pace } from '../world/timing.ts';
import type { Violation } from '../world/violations.ts';
import type { WorkerLife } from '../world/worker-life.ts';
import { World } from '../world/world.ts';

export interface ScaleOptions {
  readonly seed: number;
  readonly workers: number;
  readonly tasks: number;
  readonly progress?: (text: string) => void;
}

export interface ScalePhase {
  readonly name: string;
  /** Until everything runs, on the cluster's clock. */
  readonly virtualMs: number;
  /** Of this process, in all of the phase. */
  readonly cpuMs: number;
  readonly heapMb: number;
  /** Planning for the state that it ends with, with one worker less. */
  readonly planCpuMs: number;
  readonly scripts: Readonly<Record<string, number>>;
  readonly scriptsPerSecond: number;
}

export interface ScaleResult {
  readonly workers: number;
  readonly tasks: number;
  readonly phases: readonly ScalePhase[];
  readonly violation: Violation | undefined;
}

const tasksPerConnector = 20;
const restMs = 5_000;
/** Between two looks at how many tasks run; the virtual times are as exact as that. */
const lookEveryMs = 100;
const phaseMsMax = 300_000;
/** Nothing goes back here. */
const history = { commandsMax: 1, ageMsMax: 1 };

const pace: Pace = {
  profile: timingProfiles.default,
  settling: settlingDefaults,
  commandTimeoutsMs: { heartbeat: timingProfiles.default.pauseAfterMs, coordination: 5_000 },
  workMs: { min: 30_000, max: 90_000 },
};

export async function simulateScale(options: ScaleOptions): Promise<ScaleResult> {
  const world = new World(options.seed);
  let ids = 0;
  const restoreIds = replaceIds({ newId: () => `id${++ids}`, newShortId: () => `s${++ids}` });
  try {
    return await new ScaleRun(world, options).run();
  } finally {
    restoreIds();
  }
}

class ScaleRun {
  readonly #world: World;
  readonly #cluster: SimulatedCluster;
  readonly #client: RequestClient;
  readonly #operator: Operator;
  readonly #tasks: number;
  readonly #progress: (text: string) => void;
  readonly #phases: ScalePhase[] = [];

  constructor(world: World, { workers, tasks, progress }: ScaleOptions) {
    const connectors = Math.ceil(tasks / tasksPerConnector);
    const shape: ClusterShape = {
      workers: Array.from({ length: workers }, (_, number) => `w${number}`),
      coordinators: ['c1', 'c2'],
      rates: {},
      movement: 'minimal',
      journal: false,
      upgrades: false,
      continueFencedMs: 0,
      connectors: Array.from({ length: connectors }, (_, number) => ({
        name: `source-${number}`,
        tasks: tasksPerConnector,
      })),
    };
    this.#world = world;
    this.#tasks = connectors * tasksPerConnector;
    this.#progress = progress ?? (() => {});
    this.#cluster = new SimulatedCluster(
      world,
      shape,
      makeFakeRedis(world, undefined, history),
      pace,
    );
    this.#client = new RequestClient(this.#cluster);
    this.#operator = new Operator(this.#cluster, this.#client);
  }

  async run(): Promise<ScaleResult> {
    const { shape } = this.#cluster;
    for (const name of [...shape.coordinators, ...shape.workers]) this.#cluster.start(name);
    await this.#pass(2_000);
    await this.#phase('cold start', async () => {
      this.#define();
      await this.#untilAllRun(shape.workers.length);
    });
    await this.#untilAtRest();
    await this.#phase('rest', () => this.#pass(restMs));
    await this.#probe('a worker died', { kind: 'kill', worker: 0 }, shape.workers.length - 1);
    await this.#probe('a worker joined', { kind: 'join', worker: 'wnew' }, shape.workers.length);
    return {
      workers: shape.workers.length,
      tasks: this.#tasks,
      phases: this.#phases,
      violation: this.#world.violation,
    };
  }

  /** In one request, as `sluice apply -f` sends it. */
  #define(): void {
    const definitions = this.#cluster.shape.connectors.map(({ name, tasks }) => ({
      name,
      config: { 'connector.class': 'source', 'tasks.max': `${tasks}`, marker: '0' },
    }));
    void this.#client.submit({ op: 'apply', mode: 'create', definitions }, false);
  }

  async #probe(name: string, probe: Probe, workersAfter: number): Promise<void> {
    if (this.#isOver) return;
    const { view } = await this.#operator.look();
    const start = await this.#phase(name, async () => {
      const begun = beginProbe(this.#cluster, view, probe);
      await this.#untilAllRun(workersAfter);
      return begun.start;
    });
    const after = await this.#untilAtRest();
    const problem = after && endProbe(this.#cluster, after, start);
    if (problem) this.#world.violated(problem.invariant, problem.message);
  }

  async #phase<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    this.#progress(name);
    const { time } = this.#world;
    const before = { atMs: time.nowMs, cpu: process.cpuUsage(), scripts: this.#scripts() };
    const result = await work();
    const virtualMs = time.nowMs - before.atMs;
    const { user, system } = process.cpuUsage(before.cpu);
    const scripts = Object.fromEntries(
      Object.entries(this.#scripts())
        .map(([script, count]) => [script, count - (before.scripts[script] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    );
    const count = Object.values(scripts).reduce((sum, each) => sum + each, 0);
    this.#phases.push({
      name,
      virtualMs,
      cpuMs: (user + system) / 1_000,
      heapMb: process.memoryUsage().heapUsed / 1024 / 1024,
      planCpuMs: planCpuMs((await this.#operator.look()).view),
      scripts,
      scriptsPerSecond: (count / virtualMs) * 1_000,
    });
    return result;
  }

  #scripts(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#cluster.watches.scripts);
  }

  /** … on that many workers, none of which has nothing to do. */
  async #untilAllRun(workers: number): Promise<void> {
    const share = Math.floor(this.#tasks / workers);
    await this.#until(`${this.#tasks} tasks to run on ${workers} workers`, () => {
      const counts = [...this.#cluster.workers.values()].map(runningTasks);
      const running = counts.reduce((sum, count) => sum + count, 0);
      this.#tell(`${running} tasks run`);
      return Promise.resolve(
        counts.length === workers &&
          running >= this.#tasks &&
          counts.every((count) => count >= share),
      );
    });
  }

  async #untilAtRest(): Promise<ClusterView | undefined> {
    let found: ClusterView | undefined;
    let missing = '';
    await this.#until(
      () => `the cluster to be at rest: ${missing}`,
      async () => {
        await this.#pass(10 * lookEveryMs);
        const { view, unrest } = await this.#operator.look();
        missing = unrest?.message ?? '';
        found = unrest ? undefined : view;
        return found !== undefined;
      },
    );
    return found;
  }

  async #until(what: string | (() => string), isSo: () => Promise<boolean>): Promise<void> {
    const { time } = this.#world;
    const deadlineMs = time.nowMs + phaseMsMax;
    while (!this.#isOver && !(await isSo())) {
      if (time.nowMs >= deadlineMs) {
        const text = typeof what === 'string' ? what : what();
        this.#world.violated('I6', `waited ${phaseMsMax} ms for ${text}`);
      }
      await this.#pass(lookEveryMs);
    }
  }

  get #isOver(): boolean {
    return this.#world.violation !== undefined;
  }

  async #pass(ms: number): Promise<void> {
    const { time } = this.#world;
    await time.runUntil(time.nowMs + ms, () => this.#isOver);
  }

  #toldMs = 0;

  #tell(text: string): void {
    if (performance.now() - this.#toldMs < 5_000) return;
    this.#toldMs = performance.now();
    this.#progress(`${(this.#world.time.nowMs / 1_000).toFixed(1)} virtual s: ${text}`);
  }
}

function runningTasks({ runner }: WorkerLife): number {
  let running = 0;
  for (const { unit, run } of runner.entries.values()) {
    if (unit.kind === 'task' && run?.phase === 'running') running++;
  }
  return running;
}

function planCpuMs(view: ClusterView): number {
  const tasks: PlannerTask[] = [];
  for (const { kind, unit, ordinal, connector, worker } of view.units.values()) {
    if (kind !== 'task') continue;
    const owner = worker === undefined ? {} : { owner: worker };
    tasks.push({ id: unit, ordinal, connector, plugin: '', ...owner });
  }
  const workers = [...view.members.values()]
    .slice(1)
    .map(({ worker, slot }) => ({ worker, slot, state: 'up' as const }));
  const before = process.cpuUsage();
  planAssignment(tasks, workers, {
    strategy: 'modulo',
    movement: 'minimal',
    balanceMovesMax: Number.POSITIVE_INFINITY,
  });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
