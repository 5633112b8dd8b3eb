/** Prometheus metrics of a coordinator: its leadership, and the cluster as it sees it. */
import type { ClusterClient, LeaderLoop } from '@sluice/coordination';
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';

const connectStates = ['RUNNING', 'PAUSED', 'FAILED', 'RESTARTING', 'UNASSIGNED'] as const;

export interface Metrics {
  readonly contentType: string;
  /** In Prometheus' text format, as of now. Never rejects. */
  render(): Promise<string>;
}

export function coordinatorMetrics(loop: LeaderLoop, client: ClusterClient): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const gauge = (name: string, help: string, labelNames: string[] = []): Gauge =>
    new Gauge({ name, help, labelNames, registers: [registry] });

  const leads = gauge('sluice_coordinator_leader', '1 while this coordinator leads');
  const counters = {
    elections: gauge('sluice_leader_elections_total', 'Terms that this process led'),
    deaths: gauge('sluice_worker_deaths_total', 'Workers that this process declared dead'),
    reruns: gauge('sluice_assignment_reruns_total', 'Reruns of the assignment by this process'),
    moves: gauge('sluice_assignment_moves_total', 'Tasks that reruns moved'),
    grants: gauge('sluice_assignment_grants_total', 'Units granted to workers'),
    requests: gauge('sluice_requests_applied_total', 'Requests applied'),
  };
  const planSeconds = gauge('sluice_assignment_plan_seconds', 'Duration of the last planning');
  const journal =
    loop.journalInStep === undefined
      ? undefined
      : gauge(
          'sluice_journal_in_step',
          '1 while this coordinator leads and can write definitions to their journal',
        );
  const workers = gauge('sluice_workers', 'Workers by state', ['state']);
  const tasks = gauge('sluice_tasks', 'Tasks by state', ['state']);
  const connectors = gauge('sluice_connectors', 'Connectors');

  const readable = gauge(
    'sluice_cluster_read_success',
    '1 if the cluster could be read from Redis for this scrape',
  );

  const showCluster = async (): Promise<void> => {
    workers.reset();
    tasks.reset();
    try {
      const snapshot = await client.snapshot();
      for (const state of ['up', 'draining', 'lost', 'dead']) workers.set({ state }, 0);
      for (const { state } of snapshot.workers) workers.inc({ state });
      for (const state of connectStates) tasks.set({ state }, 0);
      for (const connector of snapshot.connectors.values()) {
        for (const { state } of connector.tasks) tasks.inc({ state });
      }
      connectors.set(snapshot.connectors.size);
      readable.set(1);
    } catch {
      readable.set(0);
    }
  };

  return {
    contentType: registry.contentType,
    async render() {
      leads.set(loop.leads ? 1 : 0);
      journal?.set(loop.journalInStep ? 1 : 0);
      counters.elections.set(loop.stats.elections);
      counters.deaths.set(loop.stats.deaths);
      counters.reruns.set(loop.stats.reruns);
      counters.moves.set(loop.stats.moves);
      counters.grants.set(loop.stats.grants);
      counters.requests.set(loop.stats.requests);
      planSeconds.set(loop.stats.planMs / 1000);
      await showCluster();
      return registry.metrics();
    },
  };
}
