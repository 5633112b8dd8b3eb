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

/** Of each worker that has anything; undefined while not all runs. */
async function loads(
  connectors: readonly ConnectorHandle[],
  tasks: number,
): Promise<ReadonlyMap<string, Load> | undefined> {
  const found = new Map<string, Load>();
  const add = (worker: string, connectorCount: number, taskCount: number): void => {
    const before = found.get(worker) ?? { connectors: 0, tasks: 0 };
    found.set(worker, {
      connectors: before.connectors + connectorCount,
      tasks: before.tasks + taskCount,
    });
  };
  for (const connector of connectors) {
    const status = await connector.status();
    const units = [status.connector, ...status.tasks];
    if (status.tasks.length !== tasks || units.some(({ state }) => state !== 'RUNNING'))
      return undefined;
    add(status.connector.worker_id, 1, 0);
    for (const { worker_id: worker } of status.tasks) add(worker, 0, 1);
  }
  return found;
}

/** RebalanceSourceConnectorsIntegrationTest assertConnectorAndTasksAreUniqueAndBalanced. */
async function untilBalanced(
  connectors: readonly ConnectorHandle[],
  { tasks, workers }: { readonly tasks: number; readonly workers: number },
): Promise<ReadonlyMap<string, Load>> {
  const found = await waitFor(() => loads(connectors, tasks), {
    what: `${String(connectors.length)} connectors to be spread over ${String(workers)} workers`,
    until: (seen) => {
      if (seen?.size !== workers) return false;
      const counts = [...seen.values()].map(({ tasks: count }) => count);
      return Math.max(...counts) - Math.min(...counts) <= 1;
    },
    timeoutMs: 60_000,
    intervalMs: 200,
  });
  assert.ok(found);
  return found;
}

async function probes(trial: Trial, names: readonly string[], tasks: number) {
  const connectors: ConnectorHandle[] = [];
  for (const name of names)
    connectors.push(await create(trial, name, probe(trial, { 'tasks.max': String(tasks) })));
  return connectors;
}

export const workerCases: readonly ConformanceCase[] = [
  {
    title:
      'workers: RebalanceSourceConnectorsIntegrationTest: unique and balanced as workers, connectors and tasks come and go',
    isAlone: true,
    run: async (trial) => {
      const [one, two] = await probes(trial, ['one', 'two'], 4);
      assert.ok(one && two);
      await untilBalanced([one, two], { tasks: 4, workers: 1 });
      // testAddingWorker
      const worker = await trial.target.addWorker();
      try {
        const shared = await untilBalanced([one, two], { tasks: 4, workers: 2 });
        assert.ok(shared.has(worker.workerId), worker.workerId);
        // testReconfigConnector
        for (const connector of [one, two])
          await connector.apply(probe(trial, { 'tasks.max': '3' }));
        await untilBalanced([one, two], { tasks: 3, workers: 2 });
        // testDeleteConnector
        await two.delete();
        await untilBalanced([one], { tasks: 3, workers: 2 });
      } finally {
        await worker.stop();
      }
      // testRemovingWorker
      const left = await untilBalanced([one], { tasks: 3, workers: 1 });
      assert.ok(!left.has(worker.workerId));
    },
  },
  {
    title:
      'workers: ConnectorRestartApiIntegrationTest testMultiWorkerRestartBothConnectorAndTasks, whoever is asked',
    isAlone: true,
    run: async (trial) => {
      const [one] = await probes(trial, ['one'], 4);
      assert.ok(one);
      await untilBalanced([one], { tasks: 4, workers: 1 });
      const worker = await trial.target.addWorker();
      try {
        await untilBalanced([one], { tasks: 4, workers: 2 });
        const starts = (): number =>
          trial.lines('events.txt').filter((call) => /^task \d start$/.test(call)).length;
        const before = starts();
        const path = `POST /connectors/${one.name}/restart?includeTasks=true&onlyFailed=false`;
        assert.equal((await ask(trial, path)).status, 202);
        await waitFor(async () => starts(), {
          what: 'all tasks to be started once more',
          until: (count) => count >= before + 4,
          timeoutMs: 30_000,
        });
        await untilBalanced([one], { tasks: 4, workers: 2 });
      } finally {
        await worker.stop();
      }
      await untilBalanced([one], { tasks: 4, workers: 1 });
    },
  },
];
