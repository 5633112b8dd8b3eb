/**
 * One Kafka for all test files of a run that need nothing special of it: no settings of their own, no kill.
 * `shared-kafka-setup.ts` starts it before the first file of vitest's project `kafka`, and ends it after the
 * last.
 */
import { newShortId, SluiceError } from '@sluice/kernel';

/** Where the test processes find it. */
export const sharedKafkaVariable = 'SLUICE_TEST_KAFKA';

export interface SharedKafka {
  /** `host:port` of each broker, as kafkajs takes them. */
  readonly brokers: readonly string[];
  /** The same as one string, as Kafka's tools and `KAFKA_BROKERS` take it. */
  readonly bootstrap: string;
  /** A name for a topic, group or cluster that no other test has: `orders-k3x9q`. */
  unique(prefix: string): string;
}

/**
 * @example
 * const kafka = useSharedKafka();
 * const topic = kafka.unique('orders');
 */
export function useSharedKafka(): SharedKafka {
  const bootstrap = process.env[sharedKafkaVariable];
  if (bootstrap === undefined || bootstrap === '') {
    throw new SluiceError(
      'kafka.not_shared',
      'there is no shared Kafka: only files *.kafka.test.ts have one; others call startKafka()',
    );
  }
  return {
    brokers: bootstrap.split(','),
    bootstrap,
    unique: (prefix) => `${prefix}-${newShortId()}`,
  };
}
