/** Sluice from its sources: a coordinator and a worker, with Kafka as the record log. */
import { fileURLToPath } from 'node:url';
import { freePort, type KafkaHandle, spawnNode, startCluster } from '@sluice/testkit';
import type { CommandResult, Target } from './target.ts';

const plugins = fileURLToPath(new URL('../plugins/index.ts', import.meta.url));

export async function startSluiceTarget(kafka: KafkaHandle): Promise<Target> {
  const offsetsTopic = 'connect-offsets';
  const env = { KAFKA_BROKERS: kafka.bootstrap, SLUICE_OFFSET_STORAGE_TOPIC: offsetsTopic };
  const cluster = await startCluster({
    workers: 1,
    env: { ...env, SLUICE_PLUGINS: plugins, SLUICE_OFFSET_FLUSH_INTERVAL_MS: '500' },
  });
  const nobody = `http://127.0.0.1:${String(await freePort())}`;
  return {
    name: 'sluice',
    kafka,
    api: cluster.api,
    offsetsTopic,
    // The one of ours that asks somebody else.
    unreachableConverter: {
      'value.converter': 'io.confluent.connect.avro.AvroConverter',
      'value.converter.schema.registry.url': nobody,
      'value.converter.max.retries': '0',
    },
    command: async (args): Promise<CommandResult> => {
      await using command = spawnNode('apps/cli/src/main.ts', {
        name: `sluice ${args.join(' ')}`,
        args,
        env: {
          ...env,
          REDIS_URL: cluster.redisUrl,
          SLUICE_CLUSTER: cluster.name,
          SLUICE_PROFILE: 'fast',
          NO_COLOR: '1',
        },
      });
      const { code } = await command.exited;
      return { code, stdout: command.stdout, stderr: command.stderr };
    },
    logs: () =>
      [...cluster.coordinators, ...cluster.workers]
        .map(({ process: child }) => child.stdout + child.stderr)
        .join('\n'),
    stop: () => cluster.stop(),
  };
}
