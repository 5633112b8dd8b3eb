/** What passes between `sluice dev` and the thread that runs the connector. */
import type { SourceOffset } from '@sluice/record-log';

export interface DevTask {
  /** Absolute path of the module. */
  readonly module: string;
  /** Which connector of a module that has several. */
  readonly connectorClass: string | undefined;
  readonly config: Readonly<Record<string, string>>;
  /** Of the run before a reload. */
  readonly offsets: readonly SourceOffset[];
}

/** A record as it is shown: everything is text, since not every value can be sent to another thread. */
export interface ShownRecord {
  readonly topic: string;
  readonly partition: number;
  readonly logOffset: number;
  /** JSON; `null` if there is none. */
  readonly key: string;
  readonly value: string;
  /** The source offset as JSON; undefined for a sink and for records without one. */
  readonly offset: string | undefined;
}

export type FailedStage = 'load' | 'config' | 'run';

export type FromThread =
  /** A file that the module consists of: a change of it calls for a reload. */
  | { readonly kind: 'file'; readonly path: string }
  | {
      readonly kind: 'started';
      readonly name: string;
      readonly version: string;
      readonly type: 'source' | 'sink';
      /** Sinks: the topic that input goes to. */
      readonly inputTopic: string | undefined;
    }
  /** `skipped`: records since the last message that came too fast to be shown. */
  | { readonly kind: 'records'; readonly records: readonly ShownRecord[]; readonly skipped: number }
  | { readonly kind: 'log'; readonly level: 'info' | 'warn' | 'error'; readonly text: string }
  | { readonly kind: 'input-stored' }
  | { readonly kind: 'failed'; readonly stage: FailedStage; readonly message: string }
  | { readonly kind: 'ended'; readonly offsets: readonly SourceOffset[] };

export type ToThread =
  | { readonly kind: 'stop' }
  | { readonly kind: 'input'; readonly lines: readonly string[] };
