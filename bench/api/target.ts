/** Whom `bench -- api` asks: Sluice, or the real Kafka Connect; two workers each, one of which can be killed. */
import { rmSync } from 'node:fs';
import { makeOwnedFolder, startCluster, startKafka, startKafkaConnect } from '@sluice/testkit';

export interface ApiTarget {
  readonly name: 'sluice' | 'connect';
  /** Where requests go; whoever is there survives `killWorker`. */
  readonly url: () => string;
  /** SIGKILL of the worker that has its tasks and answers no request of the benchmark. */
  readonly killWorker: () => Promise<void>;
  /** A folder for the files of connectors. */
  readonly folder: string;
  readonly stop: () => Promise<void>;
}

/** One coordinator, two workers; the record log is on Redis, or on a Kafka of its own, with the journal of definitions. */
export async function startSluice({ onKafka }: { readonly onKafka: boolean }): Promise<ApiTarget> {
  const kafka = onKafka ? await startKafka({ tuning: 'server', heapMb: 512 }) : undefined;
  const cluster = await startCluster({
    workers: 2,
    profile: 'default',
    ...(kafka && { env: { KAFKA_BROKERS: kafka.bootstrap } }),
  });
  const folder = makeOwnedFolder('bench-api');
  return {
    name: 'sluice',
    url: () => cluster.coordinators[0]?.url ?? '',
    killWorker: async () => await cluster.worker('worker-2').process.kill('SIGKILL'),
    folder,
    stop: async () => {
      await cluster.stop();
      await kafka?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Two workers on one Kafka; `heapMb` of each. */
export async function startConnect(heapMb: number): Promise<ApiTarget> {
  const kafka = await startKafka({ tuning: 'server', heapMb: 512 });
  const options = { kafka, tuning: 'server', heapMb } as const;
  const first = await startKafkaConnect(options);
  const second = await startKafkaConnect({ ...options, group: first.group });
  const folder = makeOwnedFolder('bench-api');
  return {
    name: 'connect',
    url: () => first.url,
    killWorker: () => second.kill('SIGKILL'),
    folder,
    stop: async () => {
      await Promise.all([first.stop(), second.stop()]);
      await kafka.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
