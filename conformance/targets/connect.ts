/** The real Kafka Connect, in distributed mode, with the connectors of `java/`. */
import { rmSync } from 'node:fs';
import {
  type KafkaConnect,
  type KafkaHandle,
  makeOwnedFolder,
  startKafkaConnect,
} from '@sluice/testkit';
import { compilePlugins } from './java-plugins.ts';
import {
  type AddedWorker,
  type ConnectorSettings,
  corsMethods,
  corsOrigin,
  type Target,
} from './target.ts';

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
    const { group } = connect;
    const add = async (settings: ConnectorSettings = {}): Promise<KafkaConnect> =>
      await startKafkaConnect({ kafka, config: { ...config, ...settings }, group });
    return {
      name: 'connect',
      kafka,
      group,
      api: connect.api,
      url: () => connect.url,
      addWorker: async () => addedWorker(await add()),
      addApi: async (settings) => {
        const worker = await add(settings);
        return { url: worker.url, stop: () => worker.stop() };
      },
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
