/** Sluice from its sources: a coordinator and a worker, with Kafka as the record log. */
import { fileURLToPath } from 'node:url';
import { type Cluster, freePort, type KafkaHandle, startCluster } from '@sluice/testkit';
import { corsMethods, corsOrigin, type Target } from './target.ts';

const plugins = fileURLToPath(new URL('../plugins/index.ts', import.meta.url));

export async function startSluiceTarget(kafka: KafkaHandle): Promise<Target> {
  const offsetsTopic = 'connect-offsets';
  const cluster = await startCluster({
    workers: 1,
    env: {
      KAFKA_BROKERS: kafka.bootstrap,
      SLUICE_OFFSET_STORAGE_TOPIC: offsetsTopic,
      SLUICE_OFFSET_FLUSH_INTERVAL_MS: '500',
      SLUICE_PLUGINS: plugins,
      SLUICE_ACCESS_CONTROL_ALLOW_ORIGIN: corsOrigin,
      SLUICE_ACCESS_CONTROL_ALLOW_METHODS: corsMethods.join(','),
    },
  });
  const nobody = `http://127.0.0.1:${String(await freePort())}`;
  return {
    name: 'sluice',
    kafka,
    api: cluster.api,
    url: () => urlOf(cluster),
    group: 'connect-cluster',
    addWorker: async () => {
      const { port, process: child } = await cluster.addWorker();
      return { workerId: `127.0.0.1:${String(port)}`, stop: async () => void (await child.stop()) };
    },
    addApi: async (settings) => {
      const env = Object.entries(settings).map(([key, value]) => [variableOf(key), value] as const);
      const { process: child, url } = await cluster.addCoordinator(Object.fromEntries(env));
      return { url, stop: async () => void (await child.stop()) };
    },
    restart: async () => {
      await Promise.all(cluster.workers.map((worker) => worker.process.stop()));
      await Promise.all(cluster.coordinators.map((coordinator) => coordinator.process.stop()));
      await Promise.all([cluster.addCoordinator(), cluster.addWorker({ name: 'worker-1' })]);
    },
    offsetsTopic,
    // The one of ours that asks somebody else.
    unreachableConverter: {
      'value.converter': 'io.confluent.connect.avro.AvroConverter',
      'value.converter.schema.registry.url': nobody,
      'value.converter.max.retries': '0',
    },
    logs: () =>
      [...cluster.coordinators, ...cluster.workers]
        .map(({ process: child }) => child.stdout + child.stderr)
        .join('\n'),
    stop: () => cluster.stop(),
  };
}

/** Settings have Kafka Connect's names. */
function variableOf(key: string): string {
  return `SLUICE_${key.toUpperCase().replaceAll('.', '_')}`;
}

function urlOf({ coordinators }: Cluster): string {
  const live = coordinators.find((coordinator) => !coordinator.process.hasExited);
  if (!live) throw new Error('no coordinator runs');
  return live.url;
}
