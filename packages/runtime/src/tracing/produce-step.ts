/** One produce call, or transaction, carries several batches: each that is looked at has it as a step of its own. */
import type { ProcessedBatch } from '../process-source-batch.ts';
import { type BatchTrace, during } from './batch-trace.ts';

/** A batch on its way to the log. */
export interface TracedBatch extends Pick<ProcessedBatch, 'topics'> {
  readonly trace?: BatchTrace | undefined;
}

export async function producing<Result>(
  batches: readonly TracedBatch[],
  work: () => Promise<Result>,
): Promise<Result> {
  const steps = batches.flatMap(({ topics, trace }) =>
    trace && topics.length > 0
      ? trace.open('produce', {
          topics: topics.map(({ topic }) => topic),
          records: topics.reduce((sum, { records }) => sum + records.length, 0),
        })
      : [],
  );
  return steps.length === 0 ? work() : during(steps, work);
}
