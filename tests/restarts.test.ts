/** What fails is started again as its definition says, and everybody can see how often and when. */
import { type Cluster, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { showLogsOnFailure } from './support/cluster-facts.ts';

interface Unit {
  readonly id: string;
  readonly state: string;
  readonly attempts: number;
  readonly attempts_max: number | null;
  readonly next_retry_at_ms: number | null;
  readonly trace: string | null;
}

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ workers: 1, profile: 'default' });
});

afterAll(async () => {
  await cluster?.stop();
});

beforeEach(() => showLogsOnFailure(cluster));

async function untilTask(
  connector: string,
  what: string,
  until: (unit: Unit) => boolean,
): Promise<Unit> {
  const units = await waitFor(
    () => cluster.api.read<Unit[]>(`/sluice/tasks?connector=${connector}`),
    {
      what: `the task of ${connector} to be ${what}`,
      until: (all) => all.some((unit) => unit.id.startsWith('task/') && until(unit)),
      timeoutMs: 30_000,
      intervalMs: 20,
    },
  );
  const found = units.find(({ id }) => id.startsWith('task/'));
  if (!found) throw new Error('the task is gone');
  return found;
}

async function metrics(): Promise<string> {
  const response = await fetch(`${cluster.worker('worker-1').url}/metrics`);
  return await response.text();
}

const failing = { 'connector.class': 'MockSource', mock_mode: 'task-failure', delay_ms: '0' };

test('a task that fails is FAILED after as many restarts as its definition allows', async () => {
  await cluster.apply('twice', {
    ...failing,
    'restart.max.attempts': '2',
    'restart.backoff.initial.ms': '50',
    'restart.backoff.max.ms': '60',
  });
  const failed = await untilTask('twice', 'FAILED', ({ state }) => state === 'FAILED');
  expect(failed).toMatchObject({ attempts: 3, attempts_max: 3, next_retry_at_ms: null });
  expect(failed.trace).toContain('mock task failure');
  const labels = 'connector="twice",unit="task",task="0"';
  expect(await metrics()).toContain(`sluice_unit_automatic_restarts_total{${labels}} 2`);

  await cluster.apply('twice', { ...failing, 'restart.max.attempts': '0' });
  const again = await untilTask('twice', 'FAILED at once', ({ attempts }) => attempts === 1);
  expect(again).toMatchObject({ attempts_max: 1 });
});

test('while a task waits for its next start, the time of it is told', async () => {
  await cluster.apply('waiting', {
    ...failing,
    'restart.max.attempts': '-1',
    'restart.backoff.initial.ms': '30000',
  });
  const waiting = await untilTask('waiting', 'waiting', ({ next_retry_at_ms: at }) => at !== null);
  expect(waiting).toMatchObject({ state: 'RESTARTING', attempts: 1, attempts_max: null });
  const inMs = Number(waiting.next_retry_at_ms) - Date.now();
  expect(inMs).toBeGreaterThan(5_000);
  expect(inMs).toBeLessThanOrEqual(30_000);
  const [, seconds] =
    /sluice_unit_next_start_timestamp_seconds\{connector="waiting",unit="task",task="0"\} ([\d.]+)/.exec(
      await metrics(),
    ) ?? [];
  expect(Number(seconds) * 1_000).toBeCloseTo(Number(waiting.next_retry_at_ms), -1);
});

async function automaticRestarts(connector: string, unit: 'task' | 'connector'): Promise<number> {
  const labels = `connector="${connector}",unit="${unit}"`;
  const pattern = new RegExp(`sluice_unit_automatic_restarts_total\\{${labels}[^}]*\\} (\\d+)`);
  return Number(pattern.exec(await metrics())?.[1] ?? 0);
}

test('what ran for long enough is well again: its failures are not counted as in a row', async () => {
  const definition = {
    ...failing,
    delay_ms: '400',
    'restart.max.attempts': '1',
    'restart.backoff.initial.ms': '10',
  };
  await cluster.apply('well-again', { ...definition, 'restart.reset.after.ms': '100' });
  await waitFor(() => automaticRestarts('well-again', 'task'), {
    what: 'more restarts than are allowed in a row',
    until: (count) => count >= 4,
    timeoutMs: 30_000,
  });
  await cluster.apply('never-well', { ...definition, 'restart.reset.after.ms': '60000' });
  const failed = await untilTask('never-well', 'FAILED', ({ state }) => state === 'FAILED');
  expect(failed).toMatchObject({ attempts: 2, attempts_max: 2 });
  const [task] = (await cluster.status('well-again')).tasks;
  expect(task?.state).not.toBe('FAILED');
});

test('delays grow up to the longest', async () => {
  await cluster.apply('slower', {
    ...failing,
    'restart.max.attempts': '-1',
    'restart.backoff.initial.ms': '100',
    'restart.backoff.max.ms': '700',
  });
  const delays = new Map<number, number>();
  // A random part of up to half is taken off; what was seen late is shorter.
  const late = (): number[] =>
    [...delays].filter(([attempts]) => attempts >= 4).map(([, delayMs]) => delayMs);
  await waitFor(
    async () => {
      const units = await cluster.api.read<Unit[]>('/sluice/tasks?connector=slower');
      for (const { id, attempts, next_retry_at_ms: at } of units)
        if (id.startsWith('task/') && at !== null && !delays.has(attempts))
          delays.set(attempts, at - Date.now());
      return delays;
    },
    {
      what: 'the seventh delay to be seen, and one as long as the first cannot be',
      until: (seen) =>
        [...seen.keys()].some((attempts) => attempts >= 7) && Math.max(...late()) > 100,
      timeoutMs: 30_000,
      intervalMs: 20,
    },
  );
  for (const [attempts, delayMs] of delays) {
    expect(delayMs, `delay ${attempts}`).toBeLessThanOrEqual(
      Math.min(100 * 2 ** (attempts - 1), 700),
    );
  }
});

test('a connector that fails is started again as its tasks are, and then FAILED', async () => {
  await cluster.apply('instance', {
    'connector.class': 'MockSource',
    mock_mode: 'connector-failure',
    delay_ms: '0',
    'restart.max.attempts': '1',
    'restart.backoff.initial.ms': '10',
  });
  await waitFor(() => cluster.status('instance'), {
    what: 'the connector to be FAILED',
    until: ({ connector }) => connector.state === 'FAILED',
    timeoutMs: 30_000,
  });
  expect(await automaticRestarts('instance', 'connector')).toBe(1);
});
