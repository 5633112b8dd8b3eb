import type { ProduceRecord } from '@sluice/record-log';

import type { OwnerSession } from './owner-session.ts';
import type { ProducePipeline } from './produce-pipeline.ts';
import { recordSizeUpperBound } from './wire/record-batch.ts';

export interface AppendTo {
  readonly session: OwnerSession;
  readonly topic: string;
  readonly partition: number;
  readonly isTransactional: boolean;
  /** By the register, while the session is being opened. */
  readonly isOpening?: boolean;
}

/** Appends a few records of Sluice's own; resolves when they are acknowledged. */
export function append(
  pipeline: ProducePipeline,
  to: AppendTo,
  records: readonly ProduceRecord[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    pipeline.submit({
      ...to,
      records,
      bytes: records.reduce((bytes, record) => bytes + recordSizeUpperBound(record), 0),
      settle: (problem, outcome) => {
        const error = problem ?? outcome.find(({ refusal }) => refusal)?.refusal;
        if (error) reject(error);
        else resolve();
      },
    });
  });
}
