/** What cases run against: a runtime of connectors with Kafka Connect's REST API, on a Kafka. */
import type { ApiClient, KafkaHandle } from '@sluice/testkit';

export const targetNames = ['connect', 'sluice'] as const;
export type TargetName = (typeof targetNames)[number];

export type ConnectorSettings = Readonly<Record<string, string>>;

/** It runs with the connectors of `plugins/`, flushes offsets twice a second, and ends with `stop`. */
export interface Target {
  readonly name: TargetName;
  readonly kafka: KafkaHandle;
  readonly api: ApiClient;
  /** The topic in which it keeps the offsets of sources. */
  readonly offsetsTopic: string;
  /** Settings of a value converter that answers everything with a retriable error. */
  readonly unreachableConverter: ConnectorSettings;
  /** The end of what its processes printed. */
  logs(): string;
  stop(): Promise<void>;
}
