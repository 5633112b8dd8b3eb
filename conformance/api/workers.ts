/** Several workers: who gets what, and what becomes of it when they come and go. */
import assert from 'node:assert/strict';
import { waitFor } from '@sluice/testkit';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorHandle } from '../connector.ts';
import type { Trial } from '../trial.ts';
import { create, probe } from './connectors.ts';
import { ask } from './request.ts';

interface Load {
  readonly connectors: number;
  readonly tasks: number;
}

interface Status {
  readonly connector: { readonly state: string; readonly worker_id: string };
  readonly tasks: readonly { readonly state: string; readonly worker_id: string }[];
}

/**
 * Of each worker that has anything; undefined while not all of these runs. All that runs is counted: what is balanced is
 * the cluster, and other cases may have left connectors that no url leads to.
 */
async function loads(
  trial: Trial,
  connectors: readonly ConnectorHandle[],
  tasks: number,
): Promise<ReadonlyMap<string, Load> | undefined> {
  const { body } = await ask(trial, 'GET /connectors?expand=status');
  const all = body as Readonly<Record<string, { readonly status: Status }>>;
  const isWhole = (status: Status | undefined): boolean =>
    status?.connector.state === 'RUNNING' &&
    status.tasks.length === tasks &&
    status.tasks.every(({ state }) => state === 'RUNNING');
  if (!connectors.every(({ name }) => isWhole(all[name]?.status))) return undefined;
  const found = new Map<string, Load>();
  const add = (worker: string, kind: keyof Load): void => {
    const before = found.get(worker) ?? { connectors: 0, tasks: 0 };
    found.set(worker, { ...before, [kind]: before[kind] + 1 });
  };
  for (const { status } of Object.values(all)) {
    add(status.connector.worker_id, 'connectors');
    for (const { worker_id: worker } of status.tasks) add(worker, 'tasks');
  }
  return found;
}

/** RebalanceSourceConnectorsIntegrationTest assertConnectorAndTasksAreUniqueAndBalanced. */
async function untilBalanced(
  trial: Trial,
  connectors: readonly ConnectorHandle[],
  { tasks, workers }: { readonly tasks: number; readonly workers: number },
): Promise<ReadonlyMap<string, Load>> {
  const found = await waitFor(() => loads(trial, connectors, tasks), {
    what: `${String(connectors.length)} connectors to be spread over ${String(workers)} workers`,
    until: (seen) => seen?.size === workers && isEven(seen, 'connectors') && isEven(seen, 'tasks'),
    timeoutMs: 60_000,
    intervalMs: 200,
  });
  assert.ok(found);
  return found;
}

function isEven(found: ReadonlyMap<string, Load>, kind: keyof Load): boolean {
  const counts = Array.from(found.values(), (load) => load[kind]);
  return Math.max(...counts) - Math.min(...counts) <= 1;
}

async function probes(trial: Trial, names: readonly string[], tasks: number) {
  const connectors: ConnectorHandle[] = [];
  for (const name of names)
    connectors.push(await create(trial, name, probe(trial, { 'tasks.max': String(tasks) })));
  return connectors;
}

const connectorStart = /^connector start$/;
const taskStart = /^task \d start$/;

export const workerCases: readonly ConformanceCase[] = [
  {
    title:
      'workers: RebalanceSourceConnectorsIntegrationTest testStartTwoConnectors, testAddingWorker, testReconfigConnector, testDeleteConnector, testRemovingWorker: unique and balanced',
    isAlone: true,
    run: async (trial) => {
      const [one, two] = await probes(trial, ['one', 'two'], 4);
      assert.ok(one && two);
      await untilBalanced(trial, [one, two], { tasks: 4, workers: 1 });
      // testAddingWorker
      const worker = await trial.target.addWorker();
      try {
        const shared = await untilBalanced(trial, [one, two], { tasks: 4, workers: 2 });
        assert.ok(shared.has(worker.workerId), worker.workerId);
        // testReconfigConnector
        for (const connector of [one, two])
          await connector.apply(probe(trial, { 'tasks.max': '3' }));
        await untilBalanced(trial, [one, two], { tasks: 3, workers: 2 });
        // testDeleteConnector
        await two.delete();
        await untilBalanced(trial, [one], { tasks: 3, workers: 2 });
      } finally {
        await worker.stop();
      }
      // testRemovingWorker
      const left = await untilBalanced(trial, [one], { tasks: 3, workers: 1 });
      assert.ok(!left.has(worker.workerId));
    },
  },
  {
    title: 'workers: RebalanceSourceConnectorsIntegrationTest testMultipleWorkersRejoining',
    isAlone: true,
    run: async (trial) => {
      const connectors = await probes(trial, ['one', 'two'], 3);
      for (let time = 1; time <= 2; time += 1) {
        const added = await Promise.all([trial.target.addWorker(), trial.target.addWorker()]);
        try {
          await untilBalanced(trial, connectors, { tasks: 3, workers: 3 });
        } finally {
          await Promise.all(added.map((worker) => worker.stop()));
        }
        await untilBalanced(trial, connectors, { tasks: 3, workers: 1 });
      }
    },
  },
  {
    title:
      'workers: ConnectorRestartApiIntegrationTest testMultiWorkerRestartOnlyConnector, testMultiWorkerRestartBothConnectorAndTasks',
    isAlone: true,
    run: async (trial) => {
      const [one] = await probes(trial, ['one'], 4);
      assert.ok(one);
      await untilBalanced(trial, [one], { tasks: 4, workers: 1 });
      const worker = await trial.target.addWorker();
      try {
        await untilBalanced(trial, [one], { tasks: 4, workers: 2 });
        const starts = (unit: RegExp): number =>
          trial.lines('events.txt').filter((call) => unit.test(call)).length;
        const before = { connector: starts(connectorStart), tasks: starts(taskStart) };
        const path = `POST /connectors/${one.name}/restart`;
        assert.equal((await ask(trial, path)).status, 204);
        await waitFor(async () => starts(connectorStart), {
          what: 'the instance to be started once more',
          until: (count) => count === before.connector + 1,
          timeoutMs: 30_000,
        });
        assert.equal(starts(taskStart), before.tasks);
        const all = `${path}?includeTasks=true&onlyFailed=false`;
        assert.equal((await ask(trial, all)).status, 202);
        await waitFor(async () => starts(taskStart), {
          what: 'all tasks to be started once more',
          until: (count) => count >= before.tasks + 4,
          timeoutMs: 30_000,
        });
        await untilBalanced(trial, [one], { tasks: 4, workers: 2 });
      } finally {
        await worker.stop();
      }
      await untilBalanced(trial, [one], { tasks: 4, workers: 1 });
    },
  },
];
