/** The port to where offsets are: the record log. */
import type { ConnectorOffset, PartitionLag } from './shapes.ts';

export interface SinkPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface OffsetsOfConnector {
  readonly name: string;
  readonly type: 'source' | 'sink' | 'unknown';
  readonly config: Readonly<Record<string, string>>;
}

/** As whom offsets are changed: the owner of that many tasks, under a fence above all former owners'. */
export interface OffsetsOwner {
  readonly fence: number;
  readonly tasks: number;
}

/** What a connector is asked before its offsets are changed; null: none. */
export interface OffsetsChange {
  readonly config: OffsetsOfConnector['config'];
  /** Of its connector: the one that workers run. */
  readonly version: string;
  readonly offsets: readonly ConnectorOffset[];
}

/**
 * Runs code of the connector, which is somebody else's to bound.
 * @returns whether the connector keeps offsets nowhere else. @throws ApiError with what it has against the change.
 */
export type AskConnector = (change: OffsetsChange) => Promise<boolean>;

/** What changes rejects with `log.fenced` once a newer owner is there; part of it may have been done. */
export interface OffsetStore {
  list(connector: OffsetsOfConnector): Promise<readonly ConnectorOffset[]>;
  /** Of a sink: all partitions that it reads, and those that its group has offsets of; what is furthest behind first. */
  lag(connector: OffsetsOfConnector): Promise<{
    readonly group: string;
    readonly partitions: readonly PartitionLag[];
  }>;
  alterSource(
    connector: OffsetsOfConnector,
    owner: OffsetsOwner,
    offsets: readonly ConnectorOffset[],
  ): Promise<void>;
  alterSink(
    connector: OffsetsOfConnector,
    owner: OffsetsOwner,
    offsets: {
      readonly set: readonly (SinkPartition & { readonly offset: number })[];
      readonly cleared: readonly SinkPartition[];
    },
  ): Promise<void>;
  reset(connector: OffsetsOfConnector, owner: OffsetsOwner): Promise<void>;
}
