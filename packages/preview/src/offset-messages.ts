/** What passes between whoever wants to change offsets and the process that asks the connector's code. */
import type { ProviderSettings } from '@sluice/config-providers';
import type { ConnectorConfig } from '@sluice/connector-api';
import type { PluginIndex } from '@sluice/runtime';

export interface OffsetsTask {
  readonly index: PluginIndex;
  readonly config: ConnectorConfig;
  /** Of the connector: the one that workers run. */
  readonly version: string;
  /** JSON of a list of `{ partition, offset }`, a sink's as Kafka Connect has it; with numbers of 64 bits. */
  readonly offsets: string;
  /** What references stand for; default: a definition with one is refused. With keys: not to be logged. */
  readonly providers?: ProviderSettings;
  readonly timeoutMs: number;
}

export type OffsetsAnswer =
  /** `isAll`: offsets are kept nowhere else. */
  | { readonly kind: 'taken'; readonly isAll: boolean }
  /** No module has the connector in that version. */
  | { readonly kind: 'unknown' }
  /** The code refuses, throws, did not end in time, or ended its process. */
  | { readonly kind: 'refused'; readonly isLate: boolean; readonly message: string };

export type FromOffsets =
  /** What follows is the connector's code. */
  { readonly kind: 'loaded' } | { readonly kind: 'answer'; readonly answer: OffsetsAnswer };
