/** What passes between `sluice preview` and the process that runs the connector. */
import type { SourceOffset } from '@sluice/record-log';

export interface PreviewTask {
  /** Modules that connectors are looked for in: file URLs. */
  readonly modules: readonly string[];
  readonly config: Readonly<Record<string, string>>;
  readonly recordsMax: number;
  readonly timeoutMs: number;
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
  /** `records`: as many as were asked for; `timeout`: no more came in time. */
  | { readonly kind: 'ended'; readonly by: 'records' | 'timeout' }
  | {
      readonly kind: 'failed';
      readonly stage: 'config' | 'start' | 'poll';
      readonly message: string;
    };

export type FromPreview =
  | { readonly kind: 'started'; readonly class: string; readonly tasks: number }
  | { readonly kind: 'record'; readonly record: PreviewedRecord }
  | PreviewEnd;
