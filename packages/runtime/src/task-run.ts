/** What source and sink runs have in common; `TaskActor` drives them. */
import type { ConnectorConfig, TaskLogger } from '@sluice/connector-api';
import type { WriterIdentity } from '@sluice/record-log';

import type { FairTurns } from './fair-turns.ts';
import type { CompiledRuntimeOptions } from './options.ts';
import type { RuntimeEvent } from './payloads.ts';
import type { RunScope } from './run-scope.ts';
import type { MutableCounters } from './task-metrics.ts';
import type { TopicCatalog } from './topic-catalog.ts';
import type { UsedTopics } from './used-topics.ts';

export interface TaskRunContext {
  readonly connector: string;
  readonly task: number;
  /** Tasks of the connector. */
  readonly taskCount: number;
  /** Resolved. */
  readonly config: ConnectorConfig;
  readonly identity: WriterIdentity;
  readonly options: CompiledRuntimeOptions;
  readonly scope: RunScope;
  readonly counters: MutableCounters;
  readonly usedTopics: UsedTopics;
  readonly logger: TaskLogger;
  /** A text that is stored or shown, with references in place of what they stand for. */
  readonly hideSecrets: (text: string) => string;
  readonly turns: FairTurns;
  readonly catalog: TopicCatalog;
  isPaused(): boolean;
  /** Nothing moves any more because of the pause. */
  reportPaused(): void;
  emit(event: RuntimeEvent): void;
}

/** One life of a plugin's task, with its own plugin instance, writer or reader. */
export interface TaskRun {
  /** Takes over the identity in the log, then starts the plugin's task. */
  start(): Promise<void>;
  /** Moves records until the scope is closing; then sends, stores and commits what it can, and returns. */
  move(): Promise<void>;
  /** The target state changed between started and paused. */
  pauseOrResume(): void;
  /** Frees the plugin and the log. Waits for a plugin call that still runs; no effect on the log. */
  close(): Promise<void>;
}
