/** What passes between whoever asks for a preview and the process that runs the connector. */
import type { ProviderSettings } from '@sluice/config-providers';
import type { SourceOffset } from '@sluice/record-log';
import type { PluginIndex } from '@sluice/runtime';

export interface PreviewTask {
  /** Of the plugins that there are. Only what the definition names is imported. */
  readonly index: PluginIndex;
  /** Why there are no more. */
  readonly failures: readonly string[];
  /** What names more modules, for whoever asks for a connector that is in none: an option, a setting. */
  readonly modulesFrom: string;
  readonly config: Readonly<Record<string, string>>;
  /** Converters and their keys that the definition inherits. Default: Kafka Connect's worker defaults. */
  readonly workerConfig?: Readonly<Record<string, string>>;
  /** What references stand for; default: a definition with one is refused. With keys: not to be logged. */
  readonly providers?: ProviderSettings;
  readonly recordsMax: number;
  readonly timeoutMs: number;
  /** Of all that is told, about; default: no limit besides that of records. */
  readonly shownBytesMax?: number;
  /** What the tasks find stored; empty: they start from nothing. */
  readonly offsets: readonly SourceOffset[];
}

/** A record at one point of its way. Everything is text: JSON, cut off where it is long. */
export interface ShownState {
  readonly topic: string;
  readonly key: string;
  readonly value: string;
  readonly headers: string;
}

export interface ShownStep {
  /** Name of the transform in the definition; or key, value, header: the converter of that part. */
  readonly name: string;
  readonly kind: 'transform' | 'converter';
  readonly result: 'unchanged' | 'changed' | 'filtered' | 'failed';
  /** After a transform that changed it. */
  readonly after?: ShownState;
  /** What a converter made: text if it is UTF-8, else hexadecimal digits. */
  readonly bytes?: {
    readonly length: number;
    readonly text?: string;
    readonly hex?: string;
  } | null;
  readonly error?: string;
  /**
   * Converters with a Schema Registry: what a real run would register, told with the first record that needs it. The
   * id in its bytes is 0.
   */
  readonly registers?: readonly ShownSchema[];
}

export interface ShownSchema {
  readonly subject: string;
  readonly type: string;
  /** Cut off where it is long. */
  readonly schema: string;
}

export interface PreviewedRecord {
  readonly task: number;
  /** As polled. */
  readonly before: ShownState;
  /** JSON; undefined if it has none. */
  readonly offset: string | undefined;
  /** In their order, up to the one that dropped it or failed. */
  readonly steps: readonly ShownStep[];
}

export type PreviewEnd =
  /** `records`: as many as were asked for; `timeout`: no more came in time; `bytes`: more would be too much to show. */
  | { readonly kind: 'ended'; readonly by: 'records' | 'timeout' | 'bytes' }
  | {
      readonly kind: 'failed';
      readonly stage: 'config' | 'start' | 'poll';
      readonly message: string;
    };

export type FromPreview =
  | { readonly kind: 'started'; readonly class: string; readonly tasks: number }
  | { readonly kind: 'record'; readonly record: PreviewedRecord }
  | PreviewEnd;
