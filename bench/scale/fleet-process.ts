/**
 * Many workers in one process: the product's agents and start queues, with runners that only say that units run. Each
 * has a consumer of its own, as a worker has; connections for coordination are shared, since a thousand times three
 * of them would measure the client.
 */

import { protocolSpoken, timingProfile, WorkerAgent } from '@sluice/coordination';
import {
  connectCoordinationRedis,
  RedisCoordinationStore,
  untilReady,
} from '@sluice/coordination-redis';
import { LeaderWakeQueue, QueueRegistry, StartQueueConsumer } from '@sluice/dispatch-bullmq';
import { type Clock, silentLogger, systemClock } from '@sluice/kernel';

import { answerOrders } from './child.ts';
import type { FleetSettings, FleetState, Order } from './messages.ts';
import { processUse } from './process-use.ts';
import { SayingRunner } from './saying-runner.ts';
import { ScriptCounter } from './script-counts.ts';

const sharedConnections = 8;
const startedAtOnce = 50;

const { url, cluster, workers, profile } = JSON.parse(process.argv[2] ?? '') as FleetSettings;
const scripts = new ScriptCounter();
const queues = new QueueRegistry({ redis: url, cluster, logger: silentLogger });
await queues.start();
const waker = new LeaderWakeQueue({ queues, logger: silentLogger });
const stores = await Promise.all(Array.from({ length: sharedConnections }, connectStores));
const fleet: Worker[] = [];

interface Worker {
  readonly runner: SayingRunner;
  kill(): Promise<void>;
}

async function connectStores() {
  const [coordination, heartbeat] = await Promise.all(
    (['coordination', 'heartbeat'] as const).map(async (role) => {
      const { pauseAfterMs } = timingProfile(profile);
      const limit = role === 'heartbeat' ? { commandTimeoutMs: pauseAfterMs } : {};
      const redis = scripts.watch(connectCoordinationRedis(url, { role, cluster, ...limit }));
      await untilReady(redis, 5_000);
      return new RedisCoordinationStore({ redis, cluster });
    }),
  );
  if (!coordination || !heartbeat) throw new Error('there are two roles');
  return { coordination, heartbeat };
}

async function startWorker(number: number): Promise<Worker> {
  const worker = `worker-${number}`;
  const store = stores[number % stores.length];
  if (!store) throw new Error('there are connections');
  let isAlive = true;
  const clock = mortalClock(() => isAlive);
  const runner = new SayingRunner();
  const agent = new WorkerAgent({
    identity: {
      worker,
      pid: process.pid,
      host: 'host.example',
      address: `${worker}.example:8084`,
      plugins: [
        { class: 'bench.Source', aliases: [], type: 'source', version: '1', configKeys: [] },
      ],
      protocol: protocolSpoken,
      log: 'redis',
    },
    store: store.coordination,
    heartbeatStore: store.heartbeat,
    runner,
    waker,
    clock,
    profile: timingProfile(profile),
    logger: silentLogger,
    refused: fail,
    mustDie: fail,
  });
  runner.events = agent.runnerEvents;
  await agent.start();
  const jobs = new StartQueueConsumer({
    redis: url,
    cluster,
    worker,
    incarnation: () => agent.incarnation,
    handler: agent.jobs,
    logger: silentLogger,
  });
  await jobs.start();
  return {
    runner,
    async kill() {
      isAlive = false;
      await jobs.stop();
    },
  };
}

/** After its end no timer fires, and no sleep ends. */
function mortalClock(isAlive: () => boolean): Clock {
  return {
    ...systemClock,
    after: (ms, action) => systemClock.after(ms, () => isAlive() && action()),
    sleep: async (ms, signal) => {
      await systemClock.sleep(ms, signal);
      if (!isAlive()) await new Promise<never>(() => {});
    },
  };
}

function fail(why: unknown): void {
  console.error('a worker of the fleet has to end:', why);
  process.exit(1);
}

async function add(count: number): Promise<void> {
  const next = fleet.length;
  for (let from = 0; from < count; from += startedAtOnce) {
    const numbers = Array.from(
      { length: Math.min(startedAtOnce, count - from) },
      (_, index) => next + from + index,
    );
    fleet.push(...(await Promise.all(numbers.map(startWorker))));
  }
}

function state(): FleetState {
  const counts = fleet.map(({ runner }) => runner.tasks);
  return {
    ...processUse(scripts),
    workers: fleet.length,
    runningTasks: counts.reduce((sum, count) => sum + count, 0),
    fewest: counts.reduce((least, count) => Math.min(least, count), Number.POSITIVE_INFINITY),
    most: counts.reduce((most, count) => Math.max(most, count), 0),
  };
}

await add(workers);
let started = workers;
answerOrders(async ({ order }: Order): Promise<FleetState> => {
  if (order === 'kill') await fleet.shift()?.kill();
  if (order === 'add') fleet.push(await startWorker(started++));
  return state();
});
