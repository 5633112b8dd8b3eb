/** What fails is started again as its definition says, and everybody can see how often and when. */
import { type Cluster, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

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
  cluster = await startCluster({ workers: 1 });
});

afterAll(async () => {
  await cluster.stop();
});

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
      timeoutMs: 20_000,
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
