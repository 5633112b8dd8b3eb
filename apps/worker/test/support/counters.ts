import type { TaskCounters } from '@sluice/runtime';

/** All 0 but for those given. */
export function countersOf(
  kind: TaskCounters['kind'],
  some: Partial<TaskCounters> = {},
): TaskCounters {
  return {
    kind,
    recordsIn: 0,
    recordsOut: 0,
    bytes: 0,
    batches: 0,
    commits: 0,
    commitFailures: 0,
    lastCommitAtMs: 0,
    retries: 0,
    errors: 0,
    recordFailures: 0,
    recordErrors: 0,
    recordsSkipped: 0,
    errorsLogged: 0,
    deadLetterRequests: 0,
    deadLetterFailures: 0,
    lastErrorAtMs: 0,
    recordsActive: 0,
    partitions: 0,
    lag: 0,
    sourceDelayMs: null,
    batchRecordsMax: 0,
    batchRecords: { counts: [0, 0, 0, 0, 0, 0, 0], sum: 0 },
    callSeconds: { counts: [0, 0, 0, 0, 0, 0, 0, 0], sum: 0 },
    commitSeconds: { counts: [0, 0, 0, 0, 0, 0, 0, 0], sum: 0 },
    lags: new Map(),
    transforms: [],
    ...some,
  };
}
