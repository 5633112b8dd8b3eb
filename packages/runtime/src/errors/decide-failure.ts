/**
 * What becomes of an operation that failed: tried again, the record skipped, or the task failed. Pure. The rules
 * are those of Kafka Connect's RetryWithToleranceOperator.
 */
import { isFenced, isRetriable } from '@sluice/kernel';

/** Where in a task a record failed; the names are in dead letters, logs and alerts. */
export type Stage =
  | 'TASK_POLL'
  | 'TASK_PUT'
  | 'TRANSFORMATION'
  | 'KEY_CONVERTER'
  | 'VALUE_CONVERTER'
  | 'HEADER_CONVERTER'
  | 'KAFKA_PRODUCE'
  | 'KAFKA_CONSUME';

export interface ErrorPolicy {
  /** `errors.tolerance` */
  readonly tolerance: 'none' | 'all';
  /** `errors.retry.timeout`: 0 not at all, -1 for ever. */
  readonly retryTimeoutMs: number;
  /** `errors.retry.delay.max.ms` */
  readonly retryDelayMaxMs: number;
}

export interface FailedAttempt {
  readonly stage: Stage;
  readonly error: unknown;
  /** 1: the first. */
  readonly attempt: number;
  /** Since the first began. */
  readonly elapsedMs: number;
}

export type FailureDecision =
  | { readonly kind: 'retry'; readonly afterMs: number }
  | { readonly kind: 'tolerate' }
  /** `intolerable`: whatever the policy says. */
  | { readonly kind: 'fail'; readonly because: 'tolerance-exceeded' | 'intolerable' };

const firstRetryDelayMs = 300;

/** What these do concerns one record, which can be left out. */
const ofOneRecord: ReadonlySet<Stage> = new Set([
  'TRANSFORMATION',
  'KEY_CONVERTER',
  'VALUE_CONVERTER',
  'HEADER_CONVERTER',
  // As Kafka Connect's worker does beside its operator: what a producer refuses, what a sink task reports.
  'KAFKA_PRODUCE',
  'TASK_PUT',
]);

/** What these wait for is a system and not a record: they are tried for as long as it takes. */
const withoutTimeLimit: ReadonlySet<Stage> = new Set([
  'TASK_POLL',
  'TASK_PUT',
  'KAFKA_PRODUCE',
  'KAFKA_CONSUME',
]);

export function decideFailure(
  failed: FailedAttempt,
  policy: ErrorPolicy,
  random: () => number,
): FailureDecision {
  const { error, stage } = failed;
  if (isFenced(error)) return { kind: 'fail', because: 'intolerable' };
  if (isRetriable(error)) {
    const leftMs = retryLeftMs(failed, policy);
    if (leftMs > 0)
      return { kind: 'retry', afterMs: Math.min(retryDelayMs(failed, policy, random), leftMs) };
  } else if (!ofOneRecord.has(stage)) return { kind: 'fail', because: 'intolerable' };
  return policy.tolerance === 'all'
    ? { kind: 'tolerate' }
    : { kind: 'fail', because: 'tolerance-exceeded' };
}

function retryLeftMs({ elapsedMs, stage }: FailedAttempt, { retryTimeoutMs }: ErrorPolicy): number {
  if (withoutTimeLimit.has(stage) || retryTimeoutMs < 0) return Number.POSITIVE_INFINITY;
  return retryTimeoutMs - elapsedMs;
}

/** Doubles from 300 ms on; what would be longer than the longest is random below it. */
function retryDelayMs(
  { attempt }: FailedAttempt,
  { retryDelayMaxMs }: ErrorPolicy,
  random: () => number,
): number {
  const delayMs = firstRetryDelayMs * 2 ** (attempt - 1);
  return delayMs > retryDelayMaxMs ? Math.floor(random() * retryDelayMaxMs) : delayMs;
}
