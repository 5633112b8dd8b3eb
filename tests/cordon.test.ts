/**
 * A worker that is cordoned keeps what it runs and gets nothing new, also when it is killed and started again, until it
 * is uncordoned. One cluster for all tests, which follow on each other.
 */
import { type Cluster, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import {
  allRunning,
  events,
  holdings,
  showLogsOnFailure,
  tasks,
  tasksOf,
  units,
  workers,
} from './support/cluster-facts.ts';
import { sluice } from './support/sluice-command.ts';

const source = {
  'connector.class': 'VerifiableSource',
  topic: 'sequences',
  throughput: '10',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ workers: 0, env: { SLUICE_PROTOCOL_QUIET_SECONDS: '1' } });
  // One after the other: all at once is much for a small machine.
  for (let worker = 0; worker < 3; worker += 1) await cluster.addWorker();
  await waitFor(async () => await cluster.api.read<{ protocol: number }>('/sluice/leader'), {
    what: 'a protocol that knows cordoned workers',
    until: ({ protocol }) => protocol === 2,
    timeoutMs: 20_000,
  });
  await cluster.apply('first', { ...source, 'tasks.max': '6' });
  await cluster.waitForRunning('first', 6);
}, 120_000);

afterAll(async () => {
  await cluster?.stop();
});

beforeEach(() => showLogsOnFailure(cluster));

/** What it runs: `<connector>/<task>`, and `<connector>` for one itself. */
async function runOn(worker: string): Promise<string[]> {
  return (await units(cluster))
    .filter((row) => row.worker === worker)
    .map(({ connector, task }) => (task === null ? connector : `${connector}/${task}`));
}

test('what is new goes to the others, and nothing that runs moves', async () => {
  const before = holdings(await allRunning(cluster));
  const cordoned = await sluice(cluster, ['cordon', 'worker-1']);
  expect(cordoned).toMatchObject({ code: 0, stdout: 'worker worker-1 is cordoned\n' });
  expect(await runOn('worker-1')).not.toEqual([]);
  await cluster.apply('second', { ...source, 'tasks.max': '6' });
  await cluster.waitForRunning('second', 6);
  const after = await allRunning(cluster);
  expect(holdings(after)).toMatchObject(before);
  expect((await runOn('worker-1')).filter((name) => name.startsWith('second'))).toEqual([]);
  const again = await sluice(cluster, ['cordon', 'worker-1']);
  expect(again).toMatchObject({ code: 0, stdout: 'worker worker-1 was cordoned already\n' });
  expect(await events(cluster, 'worker.cordon')).toHaveLength(1);
});

test('a worker that there is not is refused by name', async () => {
  const refused = await sluice(cluster, ['cordon', 'worker-9']);
  expect(refused).toMatchObject({ code: 4, stdout: '' });
  expect(refused.stderr).toMatch(/no worker "worker-9" is up; there are: worker-\d, worker-/);
});

test('killed and started again it is cordoned, and what it had stays with the others', async () => {
  await cluster.worker('worker-1').process.kill('SIGKILL');
  await allRunning(cluster, { notOn: 'worker-1' });
  await cluster.addWorker({ name: 'worker-1' });
  const rejoined = await waitFor(async () => await workers(cluster), {
    what: 'worker-1 to be back',
    until: (rows) => rows.some(({ id, state }) => id === 'worker-1' && state === 'up'),
  });
  expect(rejoined.find(({ id }) => id === 'worker-1')).toMatchObject({ cordoned: true, tasks: [] });
  // What another one had is dealt to those that are not cordoned, too.
  await cluster.worker('worker-3').process.kill('SIGKILL');
  const rows = await allRunning(cluster, { notOn: 'worker-3' });
  expect(tasksOf(rows, 'worker-2')).toHaveLength(12);
  expect(await runOn('worker-1')).toEqual([]);
});

test('with every worker cordoned what is new waits, and says for what', async () => {
  const { status, body } = await cluster.api.put('/sluice/workers/worker-2/cordon');
  expect({ status, body }).toEqual({
    status: 202,
    body: { worker: 'worker-2', state: 'cordoned' },
  });
  await cluster.apply('third', { ...source, 'tasks.max': '2' });
  const [waiting] = await waitFor(async () => await units(cluster, 'third'), {
    what: 'the connector to wait',
    until: (rows) => rows.length > 0,
  });
  expect(waiting).toMatchObject({
    state: 'UNASSIGNED',
    reason:
      'waits for a worker: every worker that is up is cordoned: sluice uncordon worker-1 worker-2',
  });
});

test('uncordoned it takes part again', async () => {
  const uncordoned = await sluice(cluster, ['uncordon', 'worker-1', '--json']);
  expect(uncordoned.code).toBe(0);
  expect(JSON.parse(uncordoned.stdout)).toEqual({
    worker: 'worker-1',
    cordoned: false,
    outcome: 'updated',
  });
  await cluster.waitForRunning('third', 2);
  expect(tasksOf(await tasks(cluster, 'third'), 'worker-1')).toHaveLength(2);
  // The other one is cordoned: what it has stays.
  expect(tasksOf(await tasks(cluster), 'worker-2')).toHaveLength(12);
  await sluice(cluster, ['uncordon', 'worker-2']);
  const rows = await waitFor(async () => await allRunning(cluster), {
    what: 'the load to be even',
    until: (all) => tasksOf(all, 'worker-1').length === 7 && tasksOf(all, 'worker-2').length === 7,
    timeoutMs: 30_000,
  });
  expect(new Set(rows.map(({ worker }) => worker))).toEqual(new Set(['worker-1', 'worker-2']));
});
