/** Prometheus metrics of a coordinator: its leadership, and the cluster as it sees it. */
import type { ClusterClient, ClusterSnapshot, LeaderLoop, LeaderStats } from '@sluice/coordination';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

const connectStates = ['RUNNING', 'PAUSED', 'FAILED', 'RESTARTING', 'UNASSIGNED'] as const;

export interface Metrics {
  readonly contentType: string;
  readonly registry: Registry;
  /** In Prometheus' text format, as of now. Never rejects. */
  render(): Promise<string>;
}

export interface CoordinatorMetricsOptions {
  readonly loop: Pick<LeaderLoop, 'leads' | 'journalInStep' | 'stats'>;
  readonly client: Pick<ClusterClient, 'snapshot'>;
  /** Connectors that are shown one by one. */
  readonly connectorsMax: number;
}

const totals = [
  ['sluice_leader_elections_total', 'Terms that this process led', 'elections'],
  ['sluice_worker_deaths_total', 'Workers that this process declared dead', 'deaths'],
  ['sluice_assignment_reruns_total', 'Reruns of the assignment by this process', 'reruns'],
  ['sluice_assignment_moves_total', 'Tasks that reruns moved', 'moves'],
  ['sluice_assignment_grants_total', 'Units granted to workers', 'grants'],
  ['sluice_requests_applied_total', 'Requests applied', 'requests'],
] as const satisfies readonly (readonly [string, string, keyof LeaderStats])[];

export function coordinatorMetrics(options: CoordinatorMetricsOptions): Metrics {
  const { loop, client } = options;
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name, help, labelNames, registers: [registry] });
  const counters = totals.map(([name, help, field]) => ({
    counter: new Counter({ name, help, registers: [registry] }),
    field,
  }));
  const leads = gauge('sluice_coordinator_leader', '1 while this coordinator leads');
  const planSeconds = gauge('sluice_assignment_plan_seconds', 'Duration of the last planning');
  const rerunAt = gauge(
    'sluice_assignment_last_rerun_timestamp_seconds',
    'When this process last ran the assignment again; absent before that',
    [],
  );
  const journal =
    loop.journalInStep === undefined
      ? undefined
      : gauge(
          'sluice_journal_in_step',
          '1 while this coordinator leads and can write definitions to their journal',
        );
  const cluster = clusterGauges(gauge);
  const readable = gauge(
    'sluice_cluster_read_success',
    '1 if the cluster could be read from Redis for this scrape',
  );

  return {
    contentType: registry.contentType,
    registry,
    async render() {
      leads.set(loop.leads ? 1 : 0);
      journal?.set(loop.journalInStep ? 1 : 0);
      for (const { counter, field } of counters) {
        counter.reset();
        counter.inc(loop.stats[field]);
      }
      planSeconds.set(loop.stats.planMs / 1_000);
      rerunAt.reset();
      if (loop.stats.rerunAtMs > 0) rerunAt.set(loop.stats.rerunAtMs / 1_000);
      else rerunAt.remove();
      const snapshot = await client.snapshot().catch(() => undefined);
      // Not before: another scrape may have shown the cluster meanwhile, and what is counted would count twice.
      for (const each of Object.values(cluster)) each.reset();
      if (snapshot) showCluster(cluster, snapshot, options.connectorsMax);
      readable.set(snapshot ? 1 : 0);
      return registry.metrics();
    },
  };
}

type ClusterGauges = ReturnType<typeof clusterGauges>;

function clusterGauges(make: (name: string, help: string, labels?: string[]) => Gauge) {
  return {
    epoch: make('sluice_leader_epoch', 'Epoch of the term of whoever leads; 0: nobody does'),
    workers: make('sluice_workers', 'Workers by state', ['state']),
    cordoned: make(
      'sluice_workers_cordoned',
      'Workers that are given nothing new, but for dead ones',
    ),
    beatAge: make('sluice_worker_beat_age_seconds', 'Since the last heartbeat', ['worker']),
    workerTasks: make('sluice_worker_tasks', 'Tasks that a worker owns', ['worker']),
    tasks: make('sluice_tasks', 'Tasks by state', ['state']),
    connectors: make('sluice_connectors', 'Connectors'),
    connectorState: make('sluice_connector_state', 'State of a connector; always 1', [
      'connector',
      'state',
    ]),
    connectorTasks: make('sluice_connector_tasks', 'Tasks of a connector by state', [
      'connector',
      'state',
    ]),
    leftOut: make(
      'sluice_metrics_connectors_left_out',
      'Connectors that are not shown one by one: there are more than SLUICE_METRICS_CONNECTORS_MAX',
    ),
  };
}

function showCluster(
  gauges: ClusterGauges,
  snapshot: ClusterSnapshot,
  connectorsMax: number,
): void {
  gauges.epoch.set(snapshot.leader?.epoch ?? 0);
  for (const state of ['up', 'draining', 'lost', 'dead']) gauges.workers.set({ state }, 0);
  gauges.cordoned.set(0);
  for (const { member, state, beatAgeMs, units } of snapshot.workers) {
    const { worker, cordoned } = member;
    gauges.workers.inc({ state });
    if (state === 'dead') continue;
    if (cordoned) gauges.cordoned.inc();
    gauges.beatAge.set({ worker }, beatAgeMs / 1_000);
    gauges.workerTasks.set({ worker }, units.filter((unit) => unit.startsWith('task/')).length);
  }
  for (const state of connectStates) gauges.tasks.set({ state }, 0);
  let shown = 0;
  for (const [connector, view] of snapshot.connectors) {
    for (const { state } of view.tasks) gauges.tasks.inc({ state });
    if (shown === connectorsMax) continue;
    shown += 1;
    gauges.connectorState.set({ connector, state: view.connector.state }, 1);
    for (const { state } of view.tasks) gauges.connectorTasks.inc({ connector, state });
  }
  gauges.connectors.set(snapshot.connectors.size);
  gauges.leftOut.set(snapshot.connectors.size - shown);
}
