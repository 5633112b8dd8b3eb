/**
 * The whole brain in one process: real coordinators and workers on a real Redis, with runners that run
 * nothing but remember everything. Queues are played by calls, and can be made to lose them.
 */
import {
  type ClusterClient,
  type ConnectorRecord,
  createClusterClient,
  type Dispatcher,
  LeaderLoop,
  type LeaderLoopOptions,
  type LeaseDeadlines,
  type PluginInfo,
  protocolSpoken,
  type RefreshJob,
  type RequestBody,
  type RunnableUnit,
  type StartJob,
  type SubmitOutcome,
  type TimingProfile,
  timingProfiles,
  type UnitId,
  type UnitRecord,
  type UnitRunner,
  WorkerAgent,
} from '@sluice/coordination';
import { newShortId, type Service, SluiceError, silentLogger, systemClock } from '@sluice/kernel';
import { waitFor } from '@sluice/testkit';

import { RedisCoordinationStore } from '../src/index.ts';
import type { RedisUnderTest } from './redis-under-test.ts';

export const clockPlugin: PluginInfo = {
  class: 'example.Clock',
  aliases: ['Clock'],
  type: 'source',
  version: '1.0.0',
  configKeys: [],
};

/** How somebody’s commands fare: `lost` never get there; those that are `unanswered` do. */
export type Link = 'open' | 'lost' | 'unanswered';

export const settling = { quietMs: 300, maxMs: 2_000, roundShare: 0.1, penaltyHalfLifeMs: 60_000 };

export class BrainCluster {
  readonly under: RedisUnderTest;
  readonly name = newShortId();
  readonly profile: TimingProfile = timingProfiles.fast;
  readonly workers = new Map<string, TestWorker>();
  readonly coordinators: TestCoordinator[] = [];
  readonly client: ClusterClient;
  readonly watch: OwnershipWatch;
  /** Share of the jobs that the queues lose. */
  lostJobs = 0;

  constructor(under: RedisUnderTest) {
    this.under = under;
    this.watch = new OwnershipWatch(() => this.workers.values());
    this.client = createClusterClient({
      store: this.store(),
      waker: { wake: async () => this.nudge() },
      clock: systemClock,
      profile: this.profile,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.coordinators.map((each) => each.stop()));
    for (const each of this.workers.values()) each.kill();
    this.watch.stop();
  }

  store(): RedisCoordinationStore {
    return new RedisCoordinationStore({ redis: this.under.redis, cluster: this.name });
  }

  nudge(): void {
    for (const { loop } of this.coordinators) loop.nudge();
  }

  async coordinator(options: Partial<LeaderLoopOptions> = {}): Promise<TestCoordinator> {
    const added = new TestCoordinator(this, `c${this.coordinators.length + 1}`, options);
    this.coordinators.push(added);
    await added.start();
    return added;
  }

  async worker(name: string, options: WorkerOptions = {}): Promise<TestWorker> {
    const added = new TestWorker(this, name, options);
    this.workers.set(name, added);
    await added.start();
    return added;
  }

  async joinAll(count: number): Promise<TestWorker[]> {
    const joined: TestWorker[] = [];
    for (let number = 1; number <= count; number++) joined.push(await this.worker(`w${number}`));
    return joined;
  }

  async ask(body: RequestBody, timeoutMs = 20_000): Promise<SubmitOutcome> {
    return this.client.submit(body, { timeoutMs });
  }

  async apply(name: string, tasks: number, config: Record<string, string> = {}): Promise<void> {
    const definition = {
      name,
      config: { 'connector.class': 'Clock', 'tasks.max': `${tasks}`, ...config },
    };
    const outcome = await this.ask({ op: 'apply', mode: 'upsert', definitions: [definition] });
    if (outcome.kind !== 'done') throw new Error(`apply of ${name}: ${JSON.stringify(outcome)}`);
  }

  async records(): Promise<{ units: UnitRecord[]; connectors: Map<string, ConnectorRecord> }> {
    const { units, connectors } = await this.store().changes(0, undefined);
    const live = (all: ReadonlyMap<string, ConnectorRecord | undefined>) =>
      new Map([...all].flatMap(([name, record]) => (record ? [[name, record] as const] : [])));
    return {
      units: [...units.values()]
        .filter((unit) => unit !== undefined)
        .toSorted((a, b) => a.ordinal - b.ordinal),
      connectors: live(connectors),
    };
  }

  /** Tasks of a connector, or all, in the order of their creation. */
  async tasks(connector?: string): Promise<UnitRecord[]> {
    const { units } = await this.records();
    return units.filter(
      (unit) => unit.kind === 'task' && (connector === undefined || unit.connector === connector),
    );
  }

  /** Who runs each task, once exactly `count` are wanted and each is claimed and reported as running. */
  async running(
    count: number,
    until: (owners: string[]) => boolean = () => true,
  ): Promise<string[]> {
    const all = await waitFor(async () => await this.tasks(), {
      what: `${count} tasks to run`,
      until: (units) =>
        units.length === count && units.every(isRunning) && until(units.map(ownerOf)),
      timeoutMs: 30_000,
    });
    return all.map(ownerOf);
  }

  /** … and no worker has two more than another. */
  async balanced(count: number, workers: number): Promise<string[]> {
    return this.running(count, (owners) => {
      const loads = [...Map.groupBy(owners, (owner) => owner).values()].map(({ length }) => length);
      return loads.length === workers && Math.max(...loads) - Math.min(...loads) <= 1;
    });
  }

  /** Owner and fence of each unit: what must not change for those that nothing happened to. */
  async holdings(): Promise<Record<UnitId, string>> {
    const { units } = await this.records();
    return Object.fromEntries(units.map(({ unit, worker, fence }) => [unit, `${worker} ${fence}`]));
  }

  async loseData(): Promise<void> {
    const keys = await this.under.keysOf(this.name);
    if (keys.length > 0) await this.under.redis.del(...keys);
  }

  /** Returns what puts the store back, in one step, to the state that it has now. */
  async saveData(): Promise<() => Promise<void>> {
    const { redis } = this.under;
    const keys = await this.under.keysOf(this.name);
    const dumps = await Promise.all(
      keys.map(async (key) => [key, await redis.dumpBuffer(key)] as const),
    );
    return async () => {
      const transaction = redis.multi().del(...(await this.under.keysOf(this.name)));
      for (const [key, value] of dumps) if (value) transaction.restore(key, 0, value);
      await transaction.exec();
    };
  }

  async isQuarantined(): Promise<boolean> {
    return (await this.store().quarantine()) !== undefined;
  }

  async eventMessages(type: string): Promise<string[]> {
    const events = await this.client.events(1_000);
    return events.filter((event) => event.type === type).map(({ message }) => message);
  }
}

function isRunning({ state, status }: UnitRecord): boolean {
  return state === 'claimed' && status?.state === 'RUNNING';
}

export function ownerOf({ worker }: UnitRecord): string {
  return worker ?? '';
}

export class TestCoordinator implements Service {
  readonly loop: LeaderLoop;
  link: Link = 'open';
  /** Store methods whose next call fails, each once. */
  readonly failing = new Set<string>();

  constructor(cluster: BrainCluster, name: string, options: Partial<LeaderLoopOptions>) {
    this.loop = new LeaderLoop({
      coordinator: name,
      store: linked(cluster.store(), (method) =>
        this.failing.delete(method) ? 'lost' : this.link,
      ),
      dispatcher: new CallDispatcher(cluster),
      clock: systemClock,
      logger: silentLogger,
      profile: cluster.profile,
      movement: 'minimal',
      log: 'redis',
      settling,
      ...options,
    });
  }

  start(): Promise<void> {
    return this.loop.start();
  }

  stop(): Promise<void> {
    return this.loop.stop();
  }

  /** As SIGKILL: nothing is resigned. */
  async kill(): Promise<void> {
    this.link = 'lost';
    await this.loop.stop();
  }
}

class CallDispatcher implements Dispatcher {
  readonly #cluster: BrainCluster;

  constructor(cluster: BrainCluster) {
    this.#cluster = cluster;
  }

  async start(jobs: readonly StartJob[]): Promise<void> {
    for (const job of jobs) this.#deliver(job.worker, (worker) => worker.agent.jobs.start(job));
  }

  async refresh(jobs: readonly RefreshJob[]): Promise<void> {
    for (const job of jobs) this.#deliver(job.worker, (worker) => worker.agent.jobs.refresh(job));
  }

  async forget(): Promise<void> {}

  #deliver(name: string, job: (worker: TestWorker) => Promise<unknown>): void {
    const worker = this.#cluster.workers.get(name);
    if (!worker?.isAlive || Math.random() < this.#cluster.lostJobs) return;
    setImmediate(() => void job(worker).catch(() => {}));
  }
}

export interface WorkerOptions {
  readonly plugins?: readonly PluginInfo[];
  /** Default: the cluster's. */
  readonly profile?: TimingProfile;
  /** How long a unit takes to stop. */
  readonly stopMs?: number;
}

export class TestWorker {
  readonly name: string;
  readonly agent: WorkerAgent;
  readonly runner: FakeRunner;
  link: Link = 'open';
  heartbeatLink: Link = 'open';
  isAlive = true;
  /** Methods of the heartbeat's store whose next call fails, each once. */
  readonly failing = new Set<string>();
  /** Times that it was told that its name is taken. */
  joinsRefused = 0;
  /** Why it would have killed its process. */
  readonly deaths: string[] = [];

  constructor(cluster: BrainCluster, name: string, options: WorkerOptions) {
    this.name = name;
    this.runner = new FakeRunner(cluster.watch, name, options.stopMs ?? 0);
    this.agent = new WorkerAgent({
      identity: {
        worker: name,
        pid: process.pid,
        host: 'host.example',
        address: `${name}.example:8084`,
        plugins: options.plugins ?? [clockPlugin],
        protocol: protocolSpoken,
        log: 'redis',
      },
      store: linked(cluster.store(), () => this.link),
      heartbeatStore: linked(
        cluster.store(),
        (method) => (this.failing.delete(method) ? 'lost' : this.heartbeatLink),
        (answer) => this.#look(answer),
      ),
      runner: this.runner,
      waker: { wake: async () => cluster.nudge() },
      clock: systemClock,
      profile: options.profile ?? cluster.profile,
      logger: silentLogger,
      drainTimeoutMs: 5_000,
      refused: ({ message }) => this.deaths.push(message),
      mustDie: (reason) => this.deaths.push(reason),
    });
    this.runner.agent = this.agent;
  }

  #look(answer: unknown): void {
    const kind = (answer as { kind?: unknown } | undefined)?.kind;
    if (kind === 'name-taken') this.joinsRefused++;
  }

  start(): Promise<void> {
    return this.agent.start();
  }

  /** SIGTERM. */
  async stop(): Promise<void> {
    await this.agent.stop();
    this.isAlive = false;
  }

  /** SIGKILL: it neither says nor does anything more. */
  kill(): void {
    if (!this.isAlive) return;
    this.isAlive = false;
    this.link = 'lost';
    this.heartbeatLink = 'lost';
    this.runner.die();
    // Only ends its timers: nothing of it gets anywhere.
    void this.agent.stop();
  }
}

interface Run {
  readonly unit: RunnableUnit;
}

/** Connectors publish as many tasks as their definition says; everything runs at once. */
export class FakeRunner implements UnitRunner {
  readonly runs = new Map<UnitId, Run>();
  readonly starts: { readonly unit: UnitId; readonly fence: number }[] = [];
  readonly restarts: UnitId[] = [];
  agent: WorkerAgent | undefined;
  publishes = true;
  readonly worker: string;
  readonly #watch: OwnershipWatch;
  readonly #stopMs: number;
  #lease: LeaseDeadlines = { pauseAtMs: 0, quiesceAtMs: 0 };
  #isDead = false;

  constructor(watch: OwnershipWatch, worker: string, stopMs: number) {
    this.#watch = watch;
    this.worker = worker;
    this.#stopMs = stopMs;
  }

  /** Units that may have an effect now. */
  *acting(nowMs: number): Iterable<RunnableUnit> {
    if (this.#isDead || nowMs >= this.#lease.quiesceAtMs) return;
    for (const { unit } of this.runs.values()) yield unit;
  }

  run(unit: RunnableUnit): void {
    this.starts.push({ unit: unit.unit, fence: unit.fence });
    this.runs.set(unit.unit, { unit });
    this.#watch.look();
    this.#report(unit);
    this.#publish(unit);
  }

  update(unit: RunnableUnit): void {
    const run = this.runs.get(unit.unit);
    const isNew = run?.unit.definitionVersion !== unit.definitionVersion;
    const isResumed = run?.unit.targetState === 'STOPPED' && unit.targetState !== 'STOPPED';
    this.runs.set(unit.unit, { unit });
    this.#report(unit);
    if (isNew || isResumed) this.#publish(unit);
  }

  restart(unit: UnitId): void {
    this.restarts.push(unit);
  }

  async stop(id: UnitId): Promise<void> {
    const run = this.runs.get(id);
    if (this.#stopMs > 0) await systemClock.sleep(this.#stopMs);
    if (this.runs.get(id) === run) this.runs.delete(id);
  }

  setLease(deadlines: LeaseDeadlines): void {
    this.#lease = deadlines;
    this.#watch.look();
  }

  isQuiet(): boolean {
    return systemClock.monotonicMs() >= this.#lease.quiesceAtMs;
  }

  async abandonAll(): Promise<void> {
    this.runs.clear();
  }

  publishNow(): void {
    this.publishes = true;
    for (const { unit } of this.runs.values()) this.#publish(unit);
  }

  die(): void {
    this.#isDead = true;
    this.runs.clear();
  }

  #report({ unit, fence, targetState }: RunnableUnit): void {
    const state = targetState === 'STARTED' ? 'RUNNING' : 'PAUSED';
    this.agent?.runnerEvents.reported(unit, fence, { state, attempts: 1, executor: 'shared-0' });
  }

  #publish({ kind, connector, config, targetState, fence, definitionVersion }: RunnableUnit): void {
    if (kind !== 'connector' || targetState === 'STOPPED' || !this.publishes) return;
    const configs = Array.from({ length: Number(config['tasks.max'] ?? 1) }, (_, number) => ({
      number: `${number}`,
      version: `${definitionVersion}`,
      ...(config['marker'] === undefined ? {} : { marker: config['marker'] }),
    }));
    this.agent?.runnerEvents.taskConfigs(connector, fence, definitionVersion, configs);
  }
}

/** Looks all the time whether two workers may act for the same unit. */
export class OwnershipWatch {
  readonly violations: string[] = [];
  /** Tasks of two sets of a connector that ran at the same time. */
  readonly epochViolations: string[] = [];
  readonly #workers: () => Iterable<TestWorker>;
  readonly #timer: NodeJS.Timeout;

  constructor(workers: () => Iterable<TestWorker>) {
    this.#workers = workers;
    this.#timer = setInterval(() => this.look(), 2);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  look(): void {
    const nowMs = systemClock.monotonicMs();
    const actors = new Map<UnitId, string>();
    const sets = new Map<string, string>();
    for (const { runner } of this.#workers()) {
      for (const { unit, fence, kind, connector, config } of runner.acting(nowMs)) {
        const other = actors.get(unit);
        const self = `${runner.worker} (fence ${fence})`;
        if (other !== undefined) this.violations.push(`${unit}: ${other} and ${self}`);
        actors.set(unit, self);
        if (kind === 'connector') continue;
        const set = sets.get(connector);
        const own = config['version'] ?? '';
        if (set !== undefined && set !== own)
          this.epochViolations.push(`${unit}: ${set} and ${own}`);
        sets.set(connector, own);
      }
    }
  }
}

/** The same store, as seen over a link that may fail. */
function linked(
  store: RedisCoordinationStore,
  link: (method: string) => Link,
  look: (answer: unknown) => void = () => {},
): RedisCoordinationStore {
  const unreachable = (): SluiceError =>
    new SluiceError('store.unreachable', 'the link is cut', { retriable: true });
  return new Proxy(store, {
    get(target, name, receiver) {
      const method: unknown = Reflect.get(target, name, receiver);
      if (typeof method !== 'function') return method;
      return async (...args: unknown[]): Promise<unknown> => {
        const before = link(String(name));
        if (before === 'lost') throw unreachable();
        const answer: unknown = await method.apply(target, args);
        if (before !== 'open') throw unreachable();
        look(answer);
        return answer;
      };
    },
  });
}
