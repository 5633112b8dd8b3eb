import { assert, type Clock, type Logger, silentLogger, systemClock } from '@sluice/kernel';

export type Compression = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd';

/** As `ssl.*` of Kafka's clients; all in PEM. */
export interface KafkaTls {
  /** Who may have signed the broker's certificate; Node's own list when absent. */
  readonly ca?: string;
  /** Certificate and key of this client, for brokers with `ssl.client.auth`. */
  readonly cert?: string;
  readonly key?: string;
  readonly passphrase?: string;
  /** `false` accepts any host name in the broker's certificate, as an empty `ssl.endpoint.identification.algorithm`. */
  readonly checkHostname?: boolean;
}

export type KafkaSasl =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'OAUTHBEARER';
      /** Called for each connection; should remember the token while it is valid. */
      readonly token: () => Promise<string>;
    };

export interface KafkaLogOptions {
  /** `host:port` of some brokers of the cluster. */
  readonly brokers: readonly string[];
  /** Name of the Sluice cluster. */
  readonly cluster: string;
  /** Kafka's `client.id`; seen in the broker's logs and quotas. */
  readonly clientId: string;
  readonly tls?: KafkaTls;
  readonly sasl?: KafkaSasl;
  /** Kafka Connect's `offset.storage.topic`. Default `sluice-<cluster>-offsets`. */
  readonly offsetStorageTopic?: string;
  /** Kafka Connect's `config.storage.topic`: left out when topics are listed. Default `sluice-<cluster>-configs`. */
  readonly configStorageTopic?: string;
  /** Where owners' fences are kept. Default `sluice-<cluster>-fences`. */
  readonly fenceStorageTopic?: string;
  /** Kafka Connect's `offset.storage.partitions`, when the topic is created. Default 25. */
  readonly offsetStoragePartitions?: number;
  /** Of topics that Sluice creates. Default: the broker's own default. */
  readonly replicationFactor?: number;
  /** Of topics that a produce creates. Default: the broker's own default. */
  readonly defaultPartitions?: number;
  /** Kafka's `compression.type` of producers. Default `none`. */
  readonly compression?: Compression;
  /** Kafka's `max.request.size`: largest record, and largest batch before compression. Default 1 000 000. */
  readonly recordBytesMax?: number;
  readonly connectTimeoutMs?: number;
  /** Kafka's `request.timeout.ms`. Default 10 s. */
  readonly requestTimeoutMs?: number;
  readonly logger?: Logger;
  readonly clock?: Clock;
  readonly random?: () => number;
}

export interface CompiledKafkaLogOptions
  extends Required<
    Omit<KafkaLogOptions, 'tls' | 'sasl' | 'replicationFactor' | 'defaultPartitions'>
  > {
  readonly tls: KafkaTls | undefined;
  readonly sasl: KafkaSasl | undefined;
  /** -1: the broker's default. */
  readonly replicationFactor: number;
  /** -1: the broker's default. */
  readonly defaultPartitions: number;
  /** How long a batch is sent again before its records are given back. */
  readonly deliveryTimeoutMs: number;
  /** Of records in one batch, before compression: what a topic's default `max.message.bytes` has room for. */
  readonly batchBytesMax: number;
  /** Kafka's `transaction.timeout.ms`: how long what a dead owner left open may hold readers up. */
  readonly transactionTimeoutMs: number;
  /** The brokers, for messages. */
  readonly address: string;
}

export function compileKafkaLogOptions(options: KafkaLogOptions): CompiledKafkaLogOptions {
  assert(options.brokers.length > 0, 'brokers must name at least one host:port');
  const requestTimeoutMs = options.requestTimeoutMs ?? 10_000;
  return {
    brokers: options.brokers,
    cluster: options.cluster,
    clientId: options.clientId,
    tls: options.tls,
    sasl: options.sasl,
    offsetStorageTopic: options.offsetStorageTopic ?? `sluice-${options.cluster}-offsets`,
    configStorageTopic: options.configStorageTopic ?? `sluice-${options.cluster}-configs`,
    fenceStorageTopic: options.fenceStorageTopic ?? `sluice-${options.cluster}-fences`,
    offsetStoragePartitions: options.offsetStoragePartitions ?? 25,
    replicationFactor: options.replicationFactor ?? -1,
    defaultPartitions: options.defaultPartitions ?? -1,
    compression: options.compression ?? 'none',
    recordBytesMax: options.recordBytesMax ?? 1_000_000,
    connectTimeoutMs: options.connectTimeoutMs ?? 5_000,
    requestTimeoutMs,
    deliveryTimeoutMs: requestTimeoutMs,
    batchBytesMax: options.recordBytesMax ?? 1_000_000,
    transactionTimeoutMs: 30_000,
    logger: options.logger ?? silentLogger,
    clock: options.clock ?? systemClock,
    random: options.random ?? Math.random,
    address: options.brokers.join(','),
  };
}
