/** What cases run against: a runtime of connectors with Kafka Connect's REST API, on a Kafka. */
import type { ApiClient, KafkaHandle } from '@sluice/testkit';

export const targetNames = ['connect', 'sluice'] as const;
export type TargetName = (typeof targetNames)[number];

export type ConnectorSettings = Readonly<Record<string, string>>;

/** From where browsers may call it, and what for. */
export const corsOrigin = 'http://ui.example';
export const corsMethods = ['GET', 'POST', 'PUT'] as const;

/** It runs with the connectors of `plugins/`, flushes offsets twice a second, and ends with `stop`. */
export interface Target {
  readonly name: TargetName;
  readonly kafka: KafkaHandle;
  readonly api: ApiClient;
  /** Where the REST API is now: the one that answers may change. */
  url(): string;
  /** The topic in which it keeps the offsets of sources. */
  readonly offsetsTopic: string;
  /** Settings of a value converter that answers everything with a retriable error. */
  readonly unreachableConverter: ConnectorSettings;
  /** `group.id` of its workers; a name that means nothing where they have none. */
  readonly group: string;
  /** One more worker, until it is ended in order. Only for cases that are alone. */
  addWorker(): Promise<AddedWorker>;
  /**
   * One more that answers requests, of another setting of Kafka Connect's worker, until it is ended in order. Only for
   * cases that are alone.
   */
  addApi(settings: ConnectorSettings): Promise<AddedApi>;
  /** Ends all of it in order but Kafka, and starts it again. Only for cases that are alone. */
  restart(): Promise<void>;
  /** The end of what its processes printed. */
  logs(): string;
  stop(): Promise<void>;
}

export interface AddedWorker {
  /** How status answers name it. */
  readonly workerId: string;
  stop(): Promise<void>;
}

export interface AddedApi {
  readonly url: string;
  stop(): Promise<void>;
}
