/**
 * The settings of a connection to Kafka, from the environment, in the words of Kafka's own clients. They are plain
 * data, since executors get them as worker data: files and token endpoints are named here, and read where they
 * are used (see connect-options.ts).
 */
import { type SettingsReader, toError } from '@sluice/kernel';
import { assertTopicName } from '@sluice/record-log';

import type { Compression } from './options.ts';
import { type KafkaSaslSettings, readSasl } from './sasl-settings.ts';
import { type KafkaTlsSettings, readTls } from './tls-settings.ts';

export interface KafkaSettings {
  /** `host:port` of some brokers of the cluster. */
  readonly brokers: readonly string[];
  /** Present if connections are encrypted. */
  readonly tls?: KafkaTlsSettings;
  readonly sasl?: KafkaSaslSettings;
  readonly compression?: Compression;
  readonly replicationFactor?: number;
  readonly defaultPartitions?: number;
  readonly offsetStorageTopic?: string;
  readonly configStorageTopic?: string;
  readonly fenceStorageTopic?: string;
}

export const kafkaSettingsHelp = `  KAFKA_BROKERS                                         host:port, comma-separated: Kafka carries records
  KAFKA_SECURITY_PROTOCOL      PLAINTEXT                PLAINTEXT, SSL, SASL_PLAINTEXT, SASL_SSL
  KAFKA_SASL_MECHANISM                                  PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER
  KAFKA_SASL_USERNAME, KAFKA_SASL_PASSWORD
  KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL, …_CLIENT_ID, …_CLIENT_SECRET, …_SCOPE
                                                        client credentials; or
  KAFKA_SASL_OAUTHBEARER_TOKEN_FILE                     a file that somebody keeps up to date
  KAFKA_SSL_CA_LOCATION        Node's own list          who signed the brokers' certificates (PEM)
  KAFKA_SSL_CERTIFICATE_LOCATION, KAFKA_SSL_KEY_LOCATION, KAFKA_SSL_KEY_PASSWORD
                                                        certificate and key of this client (PEM)
  KAFKA_SSL_ENDPOINT_IDENTIFICATION_ALGORITHM  https    none accepts any host name in a certificate
  KAFKA_COMPRESSION_TYPE       none                     none, gzip, snappy, lz4, zstd
  KAFKA_REPLICATION_FACTOR     the brokers'             of topics that Sluice creates
  KAFKA_DEFAULT_PARTITIONS     the brokers'             of topics that a source creates
  SLUICE_OFFSET_STORAGE_TOPIC  sluice-<cluster>-offsets
  SLUICE_CONFIG_STORAGE_TOPIC  sluice-<cluster>-configs
  SLUICE_FENCE_STORAGE_TOPIC   sluice-<cluster>-fences`;

const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const;
const compressions = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
const dependentNames = [
  'KAFKA_SECURITY_PROTOCOL',
  'KAFKA_SASL_MECHANISM',
  'KAFKA_SASL_USERNAME',
  'KAFKA_SASL_PASSWORD',
  'KAFKA_SASL_OAUTHBEARER_TOKEN_ENDPOINT_URL',
  'KAFKA_SASL_OAUTHBEARER_TOKEN_FILE',
  'KAFKA_SSL_CA_LOCATION',
  'KAFKA_SSL_CERTIFICATE_LOCATION',
  'KAFKA_SSL_KEY_LOCATION',
  'KAFKA_COMPRESSION_TYPE',
  'KAFKA_REPLICATION_FACTOR',
  'KAFKA_DEFAULT_PARTITIONS',
  'SLUICE_OFFSET_STORAGE_TOPIC',
  'SLUICE_CONFIG_STORAGE_TOPIC',
  'SLUICE_FENCE_STORAGE_TOPIC',
] as const;

/** Undefined without KAFKA_BROKERS: Kafka is not the log then. Problems are told to the reader. */
export function readKafkaSettings(reader: SettingsReader): KafkaSettings | undefined {
  const brokers = reader.list('KAFKA_BROKERS');
  if (brokers.length === 0) {
    refuseDependents(reader);
    return undefined;
  }
  for (const broker of brokers) checkBroker(reader, broker);
  const protocol = reader.oneOf('KAFKA_SECURITY_PROTOCOL', protocols, 'PLAINTEXT');
  const tls = readTls(reader, protocol);
  const sasl = readSasl(reader, protocol);
  const compression = reader.oneOf('KAFKA_COMPRESSION_TYPE', compressions, 'none');
  const replicationFactor = reader.integer('KAFKA_REPLICATION_FACTOR', 0, { min: 1, max: 100 });
  const partitions = reader.integer('KAFKA_DEFAULT_PARTITIONS', 0, { min: 1, max: 10_000 });
  const offsetTopic = readTopic(reader, 'SLUICE_OFFSET_STORAGE_TOPIC');
  const configTopic = readTopic(reader, 'SLUICE_CONFIG_STORAGE_TOPIC');
  const fenceTopic = readTopic(reader, 'SLUICE_FENCE_STORAGE_TOPIC');
  const own = [offsetTopic, configTopic, fenceTopic].filter((topic) => topic !== undefined);
  if (new Set(own).size < own.length) {
    reader.problem(
      'SLUICE_OFFSET_STORAGE_TOPIC, SLUICE_CONFIG_STORAGE_TOPIC and SLUICE_FENCE_STORAGE_TOPIC must be different topics',
    );
  }
  return {
    brokers,
    compression,
    ...(tls ? { tls } : {}),
    ...(sasl ? { sasl } : {}),
    ...(replicationFactor > 0 ? { replicationFactor } : {}),
    ...(partitions > 0 ? { defaultPartitions: partitions } : {}),
    ...(offsetTopic === undefined ? {} : { offsetStorageTopic: offsetTopic }),
    ...(configTopic === undefined ? {} : { configStorageTopic: configTopic }),
    ...(fenceTopic === undefined ? {} : { fenceStorageTopic: fenceTopic }),
  };
}

/** Whoever says how to connect to Kafka means Kafka: records must not go elsewhere because of a typing error. */
function refuseDependents(reader: SettingsReader): void {
  const given = dependentNames.filter((name) => reader.optional(name) !== undefined);
  if (given.length === 0) return;
  reader.problem(
    `KAFKA_BROKERS is not set, but ${given.join(', ')}: name brokers as KAFKA_BROKERS=host:9092, or unset the rest for a log on Redis`,
  );
}

function checkBroker(reader: SettingsReader, broker: string): void {
  const example = 'write KAFKA_BROKERS=host:9092,host2:9092';
  if (broker.includes('://')) {
    reader.problem(
      `KAFKA_BROKERS: '${broker.replace(/\/\/.*@/, '//')}' is a URL: ${example}, and the protocol as KAFKA_SECURITY_PROTOCOL`,
    );
    return;
  }
  const match = /^(?:\[[0-9a-fA-F:.]+\]|[^\s:[\]@/]+):(\d{1,5})$/.exec(broker);
  if (match === null && /^[^\s:@]+$/.test(broker)) {
    reader.problem(`KAFKA_BROKERS: '${broker}' has no port: write ${broker}:9092`);
    return;
  }
  const port = Number(match?.[1]);
  if (match === null || port < 1 || port > 65_535) {
    reader.problem(`KAFKA_BROKERS: '${broker}' is not host:port: ${example}`);
  }
}

function readTopic(reader: SettingsReader, name: string): string | undefined {
  const topic = reader.optional(name);
  if (topic === undefined) return undefined;
  try {
    assertTopicName(topic);
  } catch (error) {
    reader.problem(`${name}: ${toError(error).message}`);
  }
  return topic;
}
