/** Vitest calls this before the first and after the last file of its project `kafka`. */
import { type KafkaHandle, startKafka } from './kafka.ts';
import { sharedKafkaVariable } from './shared-kafka.ts';

let kafka: KafkaHandle | undefined;

export async function setup(): Promise<void> {
  // Nobody kills it, and so it need not be given up soon: a machine that stands still for 3 s is no reason.
  kafka = await startKafka({ config: { 'broker.session.timeout.ms': '60000' } });
  process.env[sharedKafkaVariable] = kafka.bootstrap;
}

export async function teardown(): Promise<void> {
  await kafka?.stop();
}
