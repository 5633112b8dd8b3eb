import type { ProviderSettings } from '@sluice/config-providers';
import type { LoggerLevel } from '@sluice/coordination';
import type { LogSettings } from '@sluice/log-choice';
import type { PluginIndex } from '@sluice/runtime';

import type { TraceSettings } from './traces/settings.ts';

/** What every executor of a worker is told when it starts. Structured-clonable. */
export interface ExecutorData {
  /** With passwords: not to be logged. */
  readonly log: LogSettings;
  readonly cluster: string;
  readonly worker: string;
  /** Read when an executor starts; what comes later is told it. */
  plugins: PluginIndex;
  readonly workerConfig: Readonly<Record<string, string>>;
  /** With keys: not to be logged. */
  readonly providers: ProviderSettings;
  readonly offsetFlushIntervalMs: number;
  /** How long tasks that the log fences go on without Redis; 0: not at all. */
  readonly continueFencedMs: number;
  readonly trackTopics: boolean;
  readonly exactlyOnce: boolean;
  readonly logLevel: string;
  /** With keys: not to be logged. Undefined: no traces. */
  readonly traces: TraceSettings | undefined;
}

/** What every executor is told while it runs. */
export type ExecutorMessage =
  /** As they were set for the whole cluster. */
  | { readonly type: 'levels'; readonly settings: ReadonlyMap<string, LoggerLevel> }
  | { readonly type: 'plugins'; readonly index: PluginIndex }
  /** It is about to end. */
  | { readonly type: 'flush-traces' };
