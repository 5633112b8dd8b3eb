/** One member's way to Redis is slow, broken, or silent in one direction. The others' is not. */
import { systemClock } from '@sluice/kernel';
import { ApiClient, type Disturbance, type Member, TcpProxy, waitFor } from '@sluice/testkit';

import type { UnitRow } from '../../tests/support/cluster-facts.ts';
import { movesBetween } from '../judge.ts';
import { expectThat, failoverMsMax, type Scenario, type ScenarioFacts } from '../scenario.ts';
import type { ChaosWorld, LeaderAnswer } from '../world.ts';

const disturbedMs = 10_000;
const latencyMs = 50;
const dropEveryMs = 1_000;
const leadMsMax = 8_000;

/** In place of one that runs there is a worker that reaches Redis through a proxy, while `run` does. */
async function withWorkerBehind(
  world: ChaosWorld,
  server: Way,
  run: (proxy: TcpProxy, worker: Member) => Promise<ScenarioFacts>,
): Promise<ScenarioFacts> {
  await using proxy = await TcpProxy.start(server.port);
  await world.anyWorker().process.stop();
  const worker = await world.cluster.addWorker({
    env: { [server.variable]: `redis://127.0.0.1:${proxy.port}` },
  });
  try {
    await world.atRest();
    return await run(proxy, worker);
  } finally {
    proxy.disturb({});
    await worker.process.stop();
  }
}

interface Way {
  readonly port: number;
  /** Where a worker is told of it. */
  readonly variable: string;
}

function coordination({ redis: { port } }: ChaosWorld): Way {
  return { port, variable: 'REDIS_URL' };
}

function recordLog({ logRedis }: ChaosWorld): Way {
  if (logRedis === undefined) throw new Error('no Redis carries the records');
  return { port: logRedis.port, variable: 'SLUICE_LOG_REDIS_URL' };
}

/** Its tasks run elsewhere; when it is heard again, what it still had in its hands counts for nothing. */
async function cutOff(
  world: ChaosWorld,
  stalled: NonNullable<Disturbance['stalled']>,
): Promise<ScenarioFacts> {
  return await withWorkerBehind(world, coordination(world), async (proxy, worker) => {
    const lost = await world.sequencesOf(worker.name);
    const cutMs = Date.now();
    proxy.disturb({ stalled });
    await systemClock.sleep(disturbedMs);
    proxy.disturb({});
    await world.observer.keepsWriting(world.names, 1_000);
    expectThat(
      !worker.process.hasExited,
      `${worker.name} ended, though it could have joined again`,
    );
    const silencesMs = lost.map((name) => world.observer.longestGapMs(name, cutMs, 'seenMs'));
    const silenceMs = Math.max(0, ...silencesMs);
    expectThat(silenceMs < failoverMsMax, `its tasks were silent for ${silenceMs} ms`);
    return { note: `its tasks silent for ${silenceMs} ms` };
  });
}

async function nothingMoved(world: ChaosWorld, before: readonly UnitRow[]): Promise<void> {
  const moves = movesBetween(before, await world.atRest());
  expectThat(moves === 0, `${moves} tasks moved, none may`);
}

/** The coordinator that leads is the one behind the proxy; another one waits for its turn. */
async function withLeaderBehindProxy(
  world: ChaosWorld,
  run: (proxy: TcpProxy, standby: Member) => Promise<ScenarioFacts>,
): Promise<ScenarioFacts> {
  const { cluster } = world;
  await using proxy = await TcpProxy.start(world.redis.port);
  const others = cluster.coordinators.filter(({ process }) => !process.hasExited);
  const proxied = await cluster.addCoordinator({ REDIS_URL: `redis://127.0.0.1:${proxy.port}` });
  await Promise.all(others.map(async ({ process }) => await process.stop()));
  try {
    await leads(proxied);
    return await run(proxy, await cluster.addCoordinator());
  } finally {
    proxy.disturb({});
    await proxied.process.stop();
  }
}

/** Asks that coordinator itself: the others may have been cut off. */
async function leads({ name, url }: Member): Promise<void> {
  const api = new ApiClient(() => url);
  await waitFor(async () => await api.read<LeaderAnswer>('/sluice/leader'), {
    what: `${name} to lead`,
    until: ({ leader }) => leader?.coordinator === name,
    timeoutMs: leadMsMax,
  });
}

export const networkScenarios: readonly Scenario[] = [
  {
    name: 'worker-cut-off',
    does: 'a worker and Redis do not hear each other for 10 s: its tasks run elsewhere',
    logs: ['redis', 'kafka'],
    run: async (world) => await cutOff(world, 'both'),
  },
  {
    name: 'worker-hears-nothing',
    does: 'Redis hears a worker, which does not hear Redis: it is quiet, and its tasks run elsewhere',
    logs: ['redis', 'kafka'],
    run: async (world) => await cutOff(world, 'to-client'),
  },
  {
    name: 'worker-is-not-heard',
    does: 'a worker hears Redis, which does not hear the worker: its tasks run elsewhere',
    logs: ['redis'],
    run: async (world) => await cutOff(world, 'to-server'),
  },
  {
    name: 'worker-loses-its-log',
    does: 'a worker does not reach the log for 10 s: its records wait, and nothing moves',
    logs: ['redis'],
    run: async (world) =>
      await withWorkerBehind(world, recordLog(world), async (proxy, worker) => {
        const before = await world.atRest();
        proxy.disturb({ stalled: 'both' });
        await systemClock.sleep(disturbedMs);
        proxy.disturb({});
        await world.observer.keepsWriting(world.names, 1_000);
        await nothingMoved(world, before);
        return { note: `${worker.name} kept its tasks` };
      }),
  },
  {
    name: 'slow-network',
    does: '50 ms each way between a worker and Redis, and all its connections drop once a second',
    logs: ['redis', 'kafka'],
    run: async (world) =>
      await withWorkerBehind(world, coordination(world), async (proxy) => {
        proxy.disturb({ latencyMs });
        const untilMs = systemClock.monotonicMs() + disturbedMs;
        let drops = 0;
        while (systemClock.monotonicMs() < untilMs) {
          await systemClock.sleep(dropEveryMs);
          drops += proxy.dropConnections();
        }
        proxy.disturb({});
        await world.observer.keepsWriting(world.names, 1_000);
        return { note: `${drops} connections dropped` };
      }),
  },
  {
    name: 'leader-cut-off',
    does: 'the leader and Redis do not hear each other for 10 s: another one leads, no task notices',
    logs: ['redis'],
    run: async (world) =>
      await withLeaderBehindProxy(world, async (proxy, standby) => {
        const before = await world.atRest();
        proxy.disturb({ stalled: 'both' });
        const cutMs = systemClock.monotonicMs();
        await leads(standby);
        const ledMs = systemClock.monotonicMs() - cutMs;
        await systemClock.sleep(disturbedMs - ledMs);
        proxy.disturb({});
        await world.observer.keepsWriting(world.names, 1_000);
        await nothingMoved(world, before);
        return { note: `another one led after ${ledMs.toFixed(0)} ms` };
      }),
  },
];
