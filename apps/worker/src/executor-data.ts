/** What every executor of a worker is told when it starts. Structured-clonable. */
export interface ExecutorData {
  readonly logRedisUrl: string;
  readonly logPartitionBytesMax: number;
  readonly logRetention: 'block' | 'delete';
  readonly logGroupRetentionMs: number;
  readonly cluster: string;
  readonly worker: string;
  readonly plugins: readonly string[];
  readonly workerConfig: Readonly<Record<string, string>>;
  readonly offsetFlushIntervalMs: number;
  readonly logLevel: string;
}
