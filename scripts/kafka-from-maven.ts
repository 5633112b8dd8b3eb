/** Kafka's jars by Maven, of exact versions, into the cache. */
import { join } from 'node:path';
import { type KafkaVersion, kafkaCacheFolder } from '@sluice/testkit';
import { downloadJars, type MavenArtifact } from './jars-by-maven.ts';
import type { Note } from './progress.ts';

const artifacts: Readonly<Record<KafkaVersion, readonly MavenArtifact[]>> = {
  '4.3.1': [
    ['org.apache.kafka', 'kafka_2.13', '4.3.1'],
    ['org.apache.kafka', 'kafka-tools', '4.3.1'],
    ['org.apache.kafka', 'connect-runtime', '4.3.1'],
    ['org.apache.kafka', 'connect-file', '4.3.1'],
    ['org.apache.kafka', 'connect-json', '4.3.1'],
    ['org.apache.kafka', 'connect-transforms', '4.3.1'],
    // Without it nothing is logged. Of the version of Log4j that Kafka brings.
    ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.4'],
  ],
  // Brokers and tools only.
  '3.9.2': [
    ['org.apache.kafka', 'kafka_2.13', '3.9.2'],
    ['org.apache.kafka', 'kafka-tools', '3.9.2'],
  ],
};

/** Returns why it failed; undefined if the jars are in the cache. */
export async function downloadKafka(options: {
  readonly version: KafkaVersion;
  readonly java: string;
  readonly tell: Note;
}): Promise<string | undefined> {
  const { version, java, tell } = options;
  return await downloadJars({
    name: `Kafka ${version}`,
    size: '55 MB',
    artifacts: artifacts[version],
    target: join(kafkaCacheFolder(), version),
    java,
    tell,
  });
}
