/** What `/metrics` of a coordinator shows, and that the document says so. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ClusterSnapshot, LeaderStats } from '@sluice/coordination';
import { repositoryRoot } from '@sluice/testkit';
import { expect, test } from 'vitest';

import { coordinatorMetrics } from '../src/metrics.ts';

const connector = (states: readonly string[]): unknown => ({
  connector: { state: 'RUNNING' },
  tasks: states.map((state) => ({ state })),
});

const snapshot = {
  leader: { coordinator: 'c-1', epoch: 7, leaseLeftMs: 3_000 },
  workers: [
    {
      member: { worker: 'w-1', cordoned: true },
      state: 'up',
      beatAgeMs: 250,
      units: ['connector/a', 'task/a/0'],
    },
    { member: { worker: 'w-2' }, state: 'dead', beatAgeMs: 9_000, units: [] },
  ],
  connectors: new Map([
    ['a', connector(['RUNNING', 'RUNNING', 'FAILED'])],
    ['b', connector(['UNASSIGNED'])],
    ['c', connector(['RUNNING'])],
  ]),
} as unknown as ClusterSnapshot;

function makeMetrics(read: () => Promise<ClusterSnapshot>): {
  stats: LeaderStats;
  lines: () => Promise<string[]>;
} {
  const stats = new LeaderStats();
  const loop = { leads: true, journalInStep: true, stats };
  const metrics = coordinatorMetrics({ loop, client: { snapshot: read }, connectorsMax: 2 });
  const lines = async (): Promise<string[]> =>
    (await metrics.render()).split('\n').filter((line) => /^(# TYPE )?sluice_/.test(line));
  return { stats, lines };
}

test('every metric is in the document with its type, and the other way around', async () => {
  const { lines } = makeMetrics(async () => snapshot);
  const types = (await lines()).flatMap((line) => {
    const [, name, type] = /^# TYPE (\w+) (\w+)$/.exec(line) ?? [];
    return name === undefined ? [] : [`${name} ${type}`];
  });
  const page = readFileSync(join(repositoryRoot, 'docs/reference/metrics.md'), 'utf8');
  const chapter = page.split(/^## /m).find((part) => part.startsWith('Coordinators')) ?? '';
  const rows = [...chapter.matchAll(/^\| `(sluice_\w+)` \| (\w+) \|/gm)];
  expect(types.toSorted()).toEqual(rows.map(([, name, type]) => `${name} ${type}`).toSorted());
  for (const type of types) expect(/_total /.test(type), type).toBe(type.endsWith(' counter'));
});

test('the cluster is shown by state, workers and connectors one by one up to a limit', async () => {
  const { stats, lines } = makeMetrics(async () => snapshot);
  stats.moves = 5;
  stats.rerunAtMs = 1_500;
  const shown = await lines();
  for (const line of [
    'sluice_assignment_moves_total 5',
    'sluice_assignment_last_rerun_timestamp_seconds 1.5',
    'sluice_leader_epoch 7',
    'sluice_workers{state="up"} 1',
    'sluice_workers{state="lost"} 0',
    'sluice_workers_cordoned 1',
    'sluice_worker_beat_age_seconds{worker="w-1"} 0.25',
    'sluice_worker_tasks{worker="w-1"} 1',
    'sluice_tasks{state="RUNNING"} 3',
    'sluice_tasks{state="UNASSIGNED"} 1',
    'sluice_connector_tasks{connector="a",state="FAILED"} 1',
    'sluice_metrics_connectors_left_out 1',
    'sluice_cluster_read_success 1',
  ]) {
    expect(shown).toContain(line);
  }
  expect(shown.filter((line) => line.startsWith('sluice_connector_state'))).toHaveLength(2);
  expect(shown.some((line) => line.includes('w-2'))).toBe(false);
});

test('a cluster that cannot be read is not shown as it was', async () => {
  let isAway = false;
  const { lines } = makeMetrics(async () => {
    if (isAway) throw new Error('Redis is away');
    return snapshot;
  });
  expect((await lines()).join('\n')).not.toContain(
    'sluice_assignment_last_rerun_timestamp_seconds 0',
  );
  isAway = true;
  const shown = await lines();
  expect(shown).toContain('sluice_cluster_read_success 0');
  expect(shown).toContain('sluice_coordinator_leader 1');
  expect(
    shown.filter((line) => /^sluice_(tasks|workers|worker_\w+|connector_\w+)\{/.test(line)),
  ).toEqual([]);
});

test('two that scrape at the same time see each task once', async () => {
  const { lines } = makeMetrics(async () => snapshot);
  const both = await Promise.all([lines(), lines()]);
  for (const shown of both) {
    expect(shown).toContain('sluice_connector_tasks{connector="a",state="RUNNING"} 2');
  }
});
