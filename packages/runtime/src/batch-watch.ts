/** Who looks on while a batch is processed: counters of transforms, and where it is traced, that. */
import type { StageObserver } from '@sluice/transforms';

import type { BatchTrace } from './tracing/batch-trace.ts';

export interface BatchWatch {
  readonly stages: StageObserver | undefined;
  readonly trace: BatchTrace | undefined;
}

export const unwatched: BatchWatch = { stages: undefined, trace: undefined };
