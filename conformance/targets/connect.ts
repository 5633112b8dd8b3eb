/** The real Kafka Connect, in distributed mode, with the connectors of `java/`. */
import { rmSync } from 'node:fs';
import {
  type KafkaConnect,
  type KafkaHandle,
  makeOwnedFolder,
  startKafkaConnect,
} from '@sluice/testkit';
import { compilePlugins } from './java-plugins.ts';
import { type AddedWorker, corsMethods, corsOrigin, type Target } from './target.ts';

export async function startConnectTarget(kafka: KafkaHandle): Promise<Target> {
  const folder = makeOwnedFolder('conformance-plugins');
  try {
    compilePlugins(folder);
    const config = {
      'offset.flush.interval.ms': '500',
      'plugin.path': folder,
      'access.control.allow.origin': corsOrigin,
      'access.control.allow.methods': corsMethods.join(','),
      // Else what a worker that ended had is nobody's for five minutes.
      'scheduled.rebalance.max.delay.ms': '0',
    };
    const connect = await startKafkaConnect({ kafka, config });
    return {
      name: 'connect',
      kafka,
      api: connect.api,
      url: () => connect.url,
      addWorker: async () =>
        addedWorker(await startKafkaConnect({ kafka, config, group: connect.group })),
      restart: () => connect.restart(),
      offsetsTopic: connect.offsetsTopic,
      unreachableConverter: { 'value.converter': 'io.sluice.conformance.UnreachableConverter' },
      logs: () => connect.output(),
      stop: async () => {
        await connect.stop();
        rmSync(folder, { recursive: true, force: true });
      },
    };
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
}

function addedWorker(worker: KafkaConnect): AddedWorker {
  return { workerId: `127.0.0.1:${String(worker.port)}`, stop: () => worker.stop() };
}
