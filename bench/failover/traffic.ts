/** What flows through the connector that is measured, and how it is seen from outside. */
import type { RecordLog } from '@sluice/record-log';
import { KafkaLog } from '@sluice/record-log-kafka';
import { RedisLog } from '@sluice/record-log-redis';
import type { Cluster, KafkaHandle } from '@sluice/testkit';

import type { Observer } from './observer.ts';

export type Kind = 'source' | 'sink';

export interface Traffic {
  /** Name of the connector. */
  readonly connector: string;
  readonly config: Readonly<Record<string, string>>;
  readonly observer: Observer;
  /** Call it before the connector is applied. */
  start(): Promise<void>;
  /** Ends what flows; what the observer says then is final. */
  stop(): Promise<void>;
}

/** Of each task. */
export const recordsPerSecond = 20;

/** A client of the log that the cluster's records travel through. */
export function openClusterLog(cluster: Cluster, kafka: KafkaHandle | undefined): RecordLog {
  const names = { cluster: cluster.name, clientId: 'bench-observer' };
  return kafka === undefined
    ? new RedisLog({ url: cluster.redisUrl, ...names })
    : new KafkaLog({ brokers: kafka.brokers, ...names });
}
