/** What passes between whoever shows records of a topic and the process that runs the connector's converters. */
import type { ProviderSettings } from '@sluice/config-providers';
import type { ConnectorConfig } from '@sluice/connector-api';
import type { PluginIndex } from '@sluice/runtime';

/** As the log has it; base64, since it passes as JSON. */
export interface StoredRecord {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [name: string, value: string | null])[];
}

export interface RecordsTask {
  readonly index: PluginIndex;
  /** Of the connector. */
  readonly config: ConnectorConfig;
  /** Converters and their keys that the definition inherits. */
  readonly workerConfig: ConnectorConfig;
  /** What references stand for. With keys: not to be logged. */
  readonly providers: ProviderSettings;
  readonly topic: string;
  readonly records: readonly StoredRecord[];
  readonly timeoutMs: number;
}

/** One part of a record, for people; null where the log has null. */
export type ShownPart = {
  /** In the log. */
  readonly length: number;
  /** What the converter made of it: JSON, cut off where it is long. */
  readonly json?: string;
  /** As it is stored, where no converter could read it: text, or else hexadecimal digits. */
  readonly text?: string;
  readonly hex?: string;
  /** Why not. */
  readonly error?: string;
} | null;

export interface ShownRecord {
  readonly key: ShownPart;
  readonly value: ShownPart;
  readonly headers: readonly { readonly name: string; readonly value: ShownPart }[];
}

export interface ShownRecords {
  /** Index by index with those of the task. */
  readonly records: readonly ShownRecord[];
  /** By role, where no converter is: why. */
  readonly problems: Readonly<Partial<Record<'key' | 'value' | 'header', string>>>;
}

export type FromRecords =
  /** What follows is code of converters. */
  { readonly kind: 'loaded' } | { readonly kind: 'shown'; readonly shown: ShownRecords };
