/** The alert rules and the dashboard in deploy/: what they say of metrics holds, and alerts fire when they should. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { findOnPath, repositoryRoot } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';

const rulesFile = join(repositoryRoot, 'deploy/prometheus/alerts.yaml');
const rules = read('deploy/prometheus/alerts.yaml');
const dashboard = JSON.parse(read('deploy/grafana/sluice.json')) as Dashboard;
const promtool = findOnPath('promtool');

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly targets?: readonly { readonly expr: string }[];
}

interface Dashboard {
  readonly panels: readonly Panel[];
}

const folder = mkdtempSync(join(tmpdir(), 'sluice-rules-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function read(file: string): string {
  return readFileSync(join(repositoryRoot, file), 'utf8');
}

function judge(args: readonly string[]): string {
  try {
    return execFileSync(promtool ?? 'promtool', args, { encoding: 'utf8', stdio: 'pipe' });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`promtool ${args.join(' ')}:\n${stdout}\n${stderr}`, { cause: error });
  }
}

function written(name: string, content: object): string {
  const file = join(folder, name);
  // JSON is YAML.
  writeFileSync(file, JSON.stringify(content));
  return file;
}

function expressions(): string[] {
  return dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));
}

test('alert rules and the dashboard name only metrics that there are', () => {
  const listed = new Set(
    [...read('docs/reference/metrics.md').matchAll(/^\| `(sluice_\w+)` \| (\w+) \|/gm)].flatMap(
      ([, name = '', type]) =>
        type === 'histogram' ? [`${name}_bucket`, `${name}_sum`, `${name}_count`] : [name],
    ),
  );
  expect(listed.size).toBeGreaterThan(50);
  const named = [rules, ...expressions()].join('\n').match(/\bsluice_\w+/g) ?? [];
  expect(new Set(named).size).toBeGreaterThan(30);
  expect([...new Set(named)].filter((name) => !listed.has(name))).toEqual([]);
});

test('every panel of the dashboard has a number of its own, a title, and something to show', () => {
  const { panels } = dashboard;
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  for (const { title, type, targets = [] } of panels) {
    expect(title).not.toBe('');
    expect(type === 'row' || targets.length > 0, title).toBe(true);
  }
});

// Without promtool, which comes with Debian's package prometheus, nobody judges them.
test.skipIf(promtool === undefined)('promtool understands the rules and each panel', () => {
  expect(judge(['check', 'rules', rulesFile])).toContain('SUCCESS');
  const records = expressions().map((expr, index) => ({
    record: `panel_${index}`,
    expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$connector', '.*'),
  }));
  const file = written('panels.yaml', { groups: [{ name: 'panels', rules: records }] });
  expect(judge(['check', 'rules', file])).toContain(`${records.length} rules found`);
  judge(['check', 'config', join(repositoryRoot, 'deploy/prometheus/prometheus.yaml')]);
});

/** For each alert what it fires on: series, in Prometheus' notation of values at each minute. */
const firesOn: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  SluiceNoLeader: { 'sluice_coordinator_leader{instance="c"}': '0x30' },
  SluiceClusterUnreadable: { 'sluice_cluster_read_success{instance="c"}': '0x30' },
  SluiceJournalNotWritten: { 'sluice_journal_in_step{instance="c"}': '0x30' },
  SluiceWorkerLost: { 'sluice_workers{state="lost"}': '1x30' },
  SluiceWorkerDied: { 'sluice_worker_deaths_total{instance="c"}': '0x20 1x10' },
  SluiceSelfFenced: { 'sluice_worker_self_fences_total{instance="w"}': '0x20 1x10' },
  SluiceBeatsFail: {
    'sluice_worker_beats_failed_total{instance="w"}': '0+12x30',
    'sluice_worker_beats_sent_total{instance="w"}': '0+120x30',
  },
  SluiceExecutorLost: { 'sluice_executor_losses_total{instance="w",what="retired"}': '0x20 1x10' },
  SluiceExecutorLate: {
    'sluice_executor_event_loop_delay_seconds{instance="w",executor="shared-0"}': '0.7x30',
  },
  SluiceMetricsLeftOut: { 'sluice_metrics_tasks_left_out{instance="w"}': '5x30' },
  SluiceConnectorFailed: { 'sluice_connector_state{connector="a",state="FAILED"}': '1x30' },
  SluiceTasksFailed: { 'sluice_connector_tasks{connector="a",state="FAILED"}': '2x30' },
  SluiceTasksUnassigned: { 'sluice_tasks{state="UNASSIGNED"}': '3x30' },
  SluiceTasksRestartAgain: {
    'sluice_unit_automatic_restarts_total{connector="a",task="0"}': '0+1x30',
  },
  SluiceCommitsFail: { 'sluice_task_offset_commit_failures_total{connector="a"}': '0+1x30' },
  SluiceLagGrows: { 'sluice_task_lag_records{connector="a",task="0"}': '10000+500x30' },
  SluiceSourceIsLate: { 'sluice_task_source_delay_seconds{connector="a",task="0"}': '400x30' },
  SluiceDeadLetters: {
    'sluice_task_deadletterqueue_produce_requests_total{connector="a"}': '0x20 1x10',
  },
  SluiceDeadLettersRefused: {
    'sluice_task_deadletterqueue_produce_failures_total{connector="a"}': '0x20 1x10',
  },
};

/** Of a cluster that is well; what an alert fires on takes the place of what is of the same series. */
const healthy: Readonly<Record<string, string>> = {
  'sluice_coordinator_leader{instance="c"}': '1x30',
  'sluice_cluster_read_success{instance="c"}': '1x30',
  'sluice_journal_in_step{instance="c"}': '1x30',
  'sluice_workers{state="lost"}': '0x30',
  'sluice_worker_deaths_total{instance="c"}': '1x30',
  'sluice_worker_self_fences_total{instance="w"}': '2x30',
  'sluice_worker_beats_failed_total{instance="w"}': '3x30',
  'sluice_worker_beats_sent_total{instance="w"}': '0+120x30',
  'sluice_executor_losses_total{instance="w",what="retired"}': '1x30',
  'sluice_executor_event_loop_delay_seconds{instance="w",executor="shared-0"}': '0.01x30',
  'sluice_metrics_tasks_left_out{instance="w"}': '0x30',
  'sluice_connector_state{connector="a",state="RUNNING"}': '1x30',
  'sluice_connector_tasks{connector="a",state="RUNNING"}': '2x30',
  'sluice_tasks{state="UNASSIGNED"}': '0x28 1 0',
  'sluice_unit_automatic_restarts_total{connector="a",task="0"}': '7x30',
  'sluice_task_offset_commit_failures_total{connector="a"}': '9x30',
  'sluice_task_lag_records{connector="a",task="0"}': '50000-500x30',
  'sluice_task_source_delay_seconds{connector="a",task="0"}': '2x30',
  'sluice_task_deadletterqueue_produce_requests_total{connector="a"}': '5x30',
  'sluice_task_deadletterqueue_produce_failures_total{connector="a"}': '1x30',
};

test.skipIf(promtool === undefined)(
  'each alert fires on its own, and none while all is well',
  () => {
    const alerts = [...rules.matchAll(/- alert: (\w+)/g)].map(([, name]) => name);
    expect(Object.keys(firesOn)).toEqual(alerts);
    const cases = [['', {}] as const, ...Object.entries(firesOn)];
    const tests = cases.map(([alert, series]) => ({
      name: alert || 'all is well',
      interval: '1m',
      input_series: Object.entries({ ...healthy, ...series }).map(([name, values]) => ({
        series: name,
        values,
      })),
      promql_expr_test: [
        {
          expr: 'count by (alertname) (ALERTS{alertstate="firing"})',
          eval_time: '29m',
          exp_samples: alert === '' ? [] : [{ labels: `{alertname="${alert}"}`, value: 1 }],
        },
      ],
    }));
    const file = written('tests.yaml', {
      rule_files: [rulesFile],
      evaluation_interval: '1m',
      tests,
    });
    expect(judge(['test', 'rules', file])).toContain('SUCCESS');
  },
);
