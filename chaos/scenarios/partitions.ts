/**
 * A worker on a machine of its own, as far as the network goes, which loses packets: the system knows nothing of it,
 * resends, and gives up at last, as with a broken switch. Kafka names addresses of its own to its clients, which are
 * not those of another machine here: the records go through Redis.
 */
import { systemClock } from '@sluice/kernel';
import { NetworkNamespace, namespaceObstacle, TcpProxy } from '@sluice/testkit';

import { expectThat, failoverMsMax, type Scenario, type ScenarioFacts } from '../scenario.ts';
import type { ChaosWorld } from '../world.ts';

const partedMs = 10_000;

/** Its tasks run elsewhere; when it is back, what it still had in its hands counts for nothing. */
async function withRemoteWorker(
  world: ChaosWorld,
  part: (namespace: NetworkNamespace) => void,
): Promise<ScenarioFacts> {
  if (world.logRedis === undefined) throw new Error('no Redis carries the records');
  using namespace = new NetworkNamespace();
  // The servers listen on the loopback interface alone; these hand on what comes over the link.
  await using coordination = await TcpProxy.start(world.redis.port, namespace.hostAddress);
  await using records = await TcpProxy.start(world.logRedis.port, namespace.hostAddress);
  await world.anyWorker().process.stop();
  const worker = await world.cluster.addWorker({
    within: namespace.command,
    env: {
      REDIS_URL: `redis://${namespace.hostAddress}:${coordination.port}`,
      SLUICE_LOG_REDIS_URL: `redis://${namespace.hostAddress}:${records.port}`,
    },
  });
  try {
    await world.atRest();
    const lost = await world.sequencesOf(worker.name);
    const partedAtMs = Date.now();
    part(namespace);
    await systemClock.sleep(partedMs);
    namespace.heal();
    await world.observer.keepsWriting(world.names, 1_000);
    expectThat(
      !worker.process.hasExited,
      `${worker.name} ended, though it could have joined again`,
    );
    const silencesMs = lost.map((name) => world.observer.longestGapMs(name, partedAtMs, 'seenMs'));
    const silenceMs = Math.max(0, ...silencesMs);
    expectThat(silenceMs < failoverMsMax, `its tasks were silent for ${silenceMs} ms`);
    return { note: `its tasks silent for ${silenceMs} ms` };
  } finally {
    namespace.heal();
    await worker.process.stop();
  }
}

export const partitionScenarios: readonly Scenario[] = [
  {
    name: 'partition',
    does: 'a worker loses its network for 10 s: its tasks run elsewhere',
    logs: ['redis'],
    obstacle: namespaceObstacle,
    run: async (world) => await withRemoteWorker(world, (namespace) => namespace.cutOff()),
  },
  {
    name: 'partition-outgoing',
    does: 'nothing that a worker sends arrives for 10 s, while it would hear the others',
    logs: ['redis'],
    obstacle: namespaceObstacle,
    run: async (world) => await withRemoteWorker(world, (namespace) => namespace.loseOutgoing()),
  },
  {
    name: 'partition-incoming',
    does: 'nothing that is sent to a worker arrives for 10 s, while the others would hear it',
    logs: ['redis'],
    obstacle: namespaceObstacle,
    run: async (world) => await withRemoteWorker(world, (namespace) => namespace.loseIncoming()),
  },
];
