/** Vitest calls this before the first and after the last file of its project `kafka`. */
import { type KafkaHandle, startKafka } from './kafka.ts';
import { sharedKafkaVariable } from './shared-kafka.ts';

let kafka: KafkaHandle | undefined;

export async function setup(): Promise<void> {
  kafka = await startKafka();
  process.env[sharedKafkaVariable] = kafka.bootstrap;
}

export async function teardown(): Promise<void> {
  await kafka?.stop();
}
