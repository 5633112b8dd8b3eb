import type { LogSettings } from '@sluice/log-choice';

/** What every executor of a worker is told when it starts. Structured-clonable. */
export interface ExecutorData {
  /** With passwords: not to be logged. */
  readonly log: LogSettings;
  readonly cluster: string;
  readonly worker: string;
  readonly plugins: readonly string[];
  readonly workerConfig: Readonly<Record<string, string>>;
  readonly offsetFlushIntervalMs: number;
  readonly logLevel: string;
}
