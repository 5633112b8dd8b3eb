/** The real Kafka Connect, in distributed mode, with the connectors of `java/`. */
import { rmSync } from 'node:fs';
import { type KafkaHandle, makeOwnedFolder, startKafkaConnect } from '@sluice/testkit';
import { compilePlugins } from './java-plugins.ts';
import type { Target } from './target.ts';

export async function startConnectTarget(kafka: KafkaHandle): Promise<Target> {
  const folder = makeOwnedFolder('conformance-plugins');
  try {
    compilePlugins(folder);
    const connect = await startKafkaConnect({
      kafka,
      config: { 'offset.flush.interval.ms': '500', 'plugin.path': folder },
    });
    return {
      name: 'connect',
      kafka,
      api: connect.api,
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
