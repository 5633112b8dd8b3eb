/**
 * A cluster that lives: the product's leader and many of its workers, on a real Redis with real queues. Cold start, a
 * time of rest, the death of a worker, a join.
 */
import { createClusterClient, type TimingProfileName, timingProfile } from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisCoordinationStore,
  untilReady,
} from '@sluice/coordination-redis';
import { systemClock } from '@sluice/kernel';
import { startRedis, waitFor } from '@sluice/testkit';
import { Redis } from 'ioredis';

import { startChild } from './child.ts';
import { type Size, someConfig, tasksPerConnector } from './data-set.ts';
import type { Child, FleetState, LeaderUse } from './messages.ts';
import { difference, type ScriptCounts, sumOf } from './script-counts.ts';
import { ServerMeter, type ServerWork } from './server-meter.ts';

export interface Phase {
  readonly name: string;
  readonly seconds: number;
  readonly server: ServerWork;
  readonly scripts: ScriptCounts;
  readonly leaderCpuMs: number;
  /** The longest that the leader's thread was kept by one thing. */
  readonly leaderBlockedMs: number;
  readonly planMs: number;
  readonly leaderHeapMb: number;
  readonly leaderRssMb: number;
}

export interface LiveReport extends Size {
  readonly memoryMb: number;
  readonly phases: readonly Phase[];
}

export interface LiveOptions extends Size {
  readonly restSeconds: number;
  readonly profile: TimingProfileName;
  readonly progress: (text: string) => void;
}

const cluster = 'bench';
const phaseMsMax = 600_000;

export async function measureLive(options: LiveOptions): Promise<LiveReport> {
  const { workers, tasks, restSeconds, profile, progress } = options;
  await using server = await startRedis({ config: ['--maxclients', '19000'] });
  const settings = { url: server.url, cluster, workers, profile };
  progress('starting the leader and the workers');
  await using leader = await startChild<LeaderUse>('./leader-process.ts', settings);
  await using fleet = await startChild<FleetState>('./fleet-process.ts', settings);
  using stack = new DisposableStack();
  const outside = stack.adopt(new Redis(server.url), (redis) => redis.disconnect());
  const live = new LiveCluster(leader, fleet, new ServerMeter(outside), progress);
  const connectors = Math.ceil(tasks / tasksPerConnector);
  const all = connectors * tasksPerConnector;
  const phases: Phase[] = [];

  phases.push(
    await live.phase('cold start', async () => {
      await apply(server.url, connectors);
      await live.until(({ runningTasks }) => runningTasks >= all, `${all} tasks to run`);
    }),
  );
  // What was still under way when the last task ran is not rest.
  await systemClock.sleep(Math.min(3, restSeconds) * 1_000);
  phases.push(await live.phase('rest', () => systemClock.sleep(restSeconds * 1_000)));
  if (workers > 1) {
    phases.push(
      await live.phase('a worker died', async () => {
        await fleet.ask({ order: 'kill' });
        await live.until(({ runningTasks }) => runningTasks >= all, 'its tasks to run elsewhere');
      }),
    );
  }
  phases.push(
    await live.phase('a worker joined', async () => {
      await fleet.ask({ order: 'add' });
      const share = Math.floor(all / Math.max(1, workers > 1 ? workers : 2));
      await live.until(
        ({ runningTasks, fewest }) => runningTasks >= all && fewest >= share,
        `it to have ${share} tasks`,
      );
    }),
  );
  return { workers, tasks: all, memoryMb: await live.meter.memoryMb(), phases };
}

class LiveCluster {
  readonly meter: ServerMeter;
  readonly #leader: Child<LeaderUse>;
  readonly #fleet: Child<FleetState>;
  readonly #progress: (text: string) => void;

  constructor(
    leader: Child<LeaderUse>,
    fleet: Child<FleetState>,
    meter: ServerMeter,
    progress: (text: string) => void,
  ) {
    this.#leader = leader;
    this.#fleet = fleet;
    this.meter = meter;
    this.#progress = progress;
  }

  async phase(name: string, work: () => Promise<void>): Promise<Phase> {
    this.#progress(name);
    const [leaderBefore, fleetBefore] = await this.#ask();
    const { server } = await this.meter.during(work);
    const [leaderAfter, fleetAfter] = await this.#ask();
    const before = sumOf(leaderBefore.scripts, fleetBefore.scripts);
    return {
      name,
      seconds: server.seconds,
      server,
      scripts: difference(sumOf(leaderAfter.scripts, fleetAfter.scripts), before),
      leaderCpuMs: leaderAfter.cpuMs - leaderBefore.cpuMs,
      leaderBlockedMs: leaderAfter.blockedMs,
      planMs: leaderAfter.planMs,
      leaderHeapMb: leaderAfter.heapMb,
      leaderRssMb: leaderAfter.rssMb,
    };
  }

  async until(isSo: (state: FleetState) => boolean, what: string): Promise<void> {
    let toldMs = performance.now();
    await waitFor(() => this.#fleet.ask({ order: 'state' }), {
      what,
      until: (state) => {
        if (performance.now() - toldMs > 5_000) {
          toldMs = performance.now();
          this.#progress(`${state.runningTasks} tasks run, ${state.fewest} to ${state.most} each`);
        }
        return isSo(state);
      },
      timeoutMs: phaseMsMax,
      intervalMs: 50,
    });
  }

  async #ask(): Promise<[LeaderUse, FleetState]> {
    return await Promise.all([
      this.#leader.ask({ order: 'state' }),
      this.#fleet.ask({ order: 'state' }),
    ]);
  }
}

/** As a user does with `sluice apply -f`: all in one request. */
async function apply(url: string, connectors: number): Promise<void> {
  const redis = connectCoordinationRedis(url, { role: 'coordination', commandTimeoutMs: 60_000 });
  try {
    await untilReady(redis, 5_000);
    const client = createClusterClient({
      store: new RedisCoordinationStore({ redis, cluster }),
      waker: { wake: async () => {} },
      clock: systemClock,
      profile: timingProfile('default'),
    });
    const definitions = Array.from({ length: connectors }, (_, number) => ({
      name: `connector-${number}`,
      config: someConfig({ 'tasks.max': String(tasksPerConnector) }),
    }));
    const outcome = await client.submit(
      { op: 'apply', definitions, mode: 'create' },
      { timeoutMs: 60_000 },
    );
    if (outcome.kind !== 'done') throw new Error(`apply: ${JSON.stringify(outcome)}`);
  } finally {
    redis.disconnect();
  }
}
