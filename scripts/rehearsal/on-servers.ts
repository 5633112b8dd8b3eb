import { startKafka, startRedis } from '@sluice/testkit';
import type { Checklist } from '../checklist.ts';
import { obtainKafka } from '../kafka.ts';
import { obtainRedisServer } from '../redis.ts';
import type { Deployment } from './deployment.ts';
import { rehearse } from './rehearse.ts';

/**
 * Rehearses with a Redis of its own that carries the records, then once more with a Kafka that does: the one that
 * `KAFKA_BROKERS` names, or one of its own if it is asked for.
 */
export async function rehearseOnServers(
  deployment: Deployment,
  checklist: Checklist,
  withKafka: boolean,
): Promise<void> {
  await obtainRedisServer();
  await using redis = await startRedis({ appendOnly: true });
  const redisUrl = redis.url;
  await rehearse(deployment, checklist, { redisUrl });
  const { KAFKA_BROKERS: given } = process.env;
  if (given) {
    await rehearse(deployment, checklist, { redisUrl, kafkaBrokers: given });
  } else if (withKafka) {
    await obtainKafka();
    await using kafka = await startKafka();
    await rehearse(deployment, checklist, { redisUrl, kafkaBrokers: kafka.bootstrap });
  }
}
