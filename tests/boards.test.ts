/**
 * People do things to queues and jobs by hand, on the board and with BullMQ's own tools, while sequences
 * are written. A job is only a wake-up: nothing that is done to one may touch a task. The first coordinator
 * has the board as it is by default, the second one allows writes. The tests follow on each other.
 */
import { QueueRegistry } from '@sluice/dispatch-bullmq';
import { silentLogger } from '@sluice/kernel';
import { ApiClient, type Cluster, limitMs, startCluster, waitFor } from '@sluice/testkit';
import type { Job, Queue } from 'bullmq';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import {
  allRunning,
  holdings,
  showLogsOnFailure,
  tasksOf,
  type UnitRow,
  units,
  workers,
} from './support/cluster-facts.ts';
import { SequenceObserver } from './support/sequence-observer.ts';

/** With all queues paused a task is found with the next beat, not by its job. Other tests run beside this one. */
const failoverMsMax = 10_000;
/** Nothing stops, as what is held shows; what is left is scheduling. */
const gapMsMax = 3_000;
const config = {
  'connector.class': 'VerifiableSource',
  'tasks.max': '6',
  topic: 'sequences',
  throughput: '50',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

let cluster: Cluster;
let observer: SequenceObserver;
let queues: QueueRegistry;
let readOnlyBoard: ApiClient;
let board: ApiClient;

beforeAll(async () => {
  cluster = await startCluster({ workers: 3 });
  const writable = await cluster.addCoordinator({ SLUICE_BOARDS_WRITABLE: 'true' });
  readOnlyBoard = new ApiClient(() => cluster.coordinators[0]?.url ?? '');
  board = new ApiClient(() => writable.url);
  queues = new QueueRegistry({
    redis: cluster.redisUrl,
    cluster: cluster.name,
    logger: silentLogger,
  });
  await queues.start();
  observer = await SequenceObserver.watch(cluster, 'sequences');
  await cluster.apply('in', config);
  await cluster.waitForRunning('in', 6);
  await observer.keepsWriting(['in/0', 'in/1', 'in/2', 'in/3', 'in/4', 'in/5'], 200);
});

afterAll(async () => {
  await queues?.stop();
  await observer?.stop();
  await cluster?.stop();
});

beforeEach(() => showLogsOnFailure(cluster));

interface BoardQueue {
  readonly name: string;
  readonly isPaused: boolean;
  readonly jobs: readonly { readonly id: string }[];
}

async function queuesOn(client: ApiClient): Promise<BoardQueue[]> {
  return (await client.read<{ queues: BoardQueue[] }>('/queues/api/queues')).queues;
}

async function namesOn(client: ApiClient): Promise<string[]> {
  return (await queuesOn(client)).map(({ name }) => name).sort();
}

/** All that have ever been used here. */
function allQueues(): Queue[] {
  return [queues.requestsQueue(), ...cluster.workers.map(({ name }) => queues.startQueue(name))];
}

/** Once none of them is at work or waits, as each can be started again by hand then. */
async function doneJobsOf(queue: Queue): Promise<Job[]> {
  await waitFor(async () => await queue.getJobs(['active', 'waiting', 'delayed']), {
    what: `the jobs of ${queue.name} to be done`,
    until: ({ length }) => length === 0,
  });
  return (await queue.getJobs()).filter((job) => job?.id !== undefined);
}

/** No task was touched by `work`, and none fell silent. */
async function expectNoHarm(work: () => Promise<void>): Promise<void> {
  const before = await allRunning(cluster);
  const sinceMs = Date.now();
  await work();
  await observer.keepsWriting(observer.names(), 500);
  expect(holdings(await allRunning(cluster))).toEqual(holdings(before));
  const gapsMs = observer.names().map((name) => observer.longestGapMs(name, sinceMs));
  expect(Math.max(...gapsMs)).toBeLessThan(limitMs(gapMsMax));
  expect(observer.integrity().missing).toEqual([]);
}

test('the board shows a queue for each worker, and lets nobody change anything by default', async () => {
  const names = ['requests', 'start.worker-1', 'start.worker-2', 'start.worker-3'];
  // Which workers there are is asked for a moment, and then shown without.
  await waitFor(async () => (await namesOn(readOnlyBoard)).join(), {
    what: 'a queue for each worker',
    until: (shown) => shown === names.join(),
  });
  const page = await readOnlyBoard.get<string>('/queues');
  expect(page.status).toBe(200);
  expect(page.body).toContain('Sluice queues');
  for (const path of ['queues/pause', 'queues/start.worker-1/pause', 'queues/requests/empty']) {
    const { status, body } = await readOnlyBoard.put(`/queues/api/${path}`, {});
    expect(status).toBe(405);
    expect(body).toMatchObject({ message: expect.stringContaining('read-only') });
  }
  expect(await Promise.all(allQueues().map((queue) => queue.isPaused()))).not.toContain(true);
});

test('jobs that are retried, deleted or made up on the board harm no task', async () => {
  await expectNoHarm(async () => {
    for (const queue of allQueues()) {
      const path = `/queues/api/queues/${queue.name}`;
      const jobs = await doneJobsOf(queue);
      for (const { id, name, data } of jobs) {
        const job = `${path}/${encodeURIComponent(String(id))}`;
        expect((await board.put(`${job}/retry`, {})).status).toBe(204);
        expect((await board.post(`${path}/add`, { name, data })).status).toBe(200);
      }
      expect((await board.put(`${path}/retry/failed`, {})).status).toBe(200);
      // Those that are at work again are locked: BullMQ refuses to delete them until they are done.
      for (const { id } of jobs) {
        const job = `${path}/${encodeURIComponent(String(id))}`;
        await waitFor(async () => (await board.put(`${job}/clean`, {})).status, {
          what: `job ${id} of ${queue.name} to be deleted`,
          until: (status) => status === 204 || status === 404,
        });
      }
      await board.put(`${path}/empty`, {});
    }
  });
});

test('start jobs that are doubled, out of date or forged end without effect', async () => {
  const rows = await units(cluster);
  const members = await workers(cluster);
  const jobFor = (row: UnitRow, worker: string | null, fence: number): Record<string, unknown> => ({
    unit: row.id,
    fence,
    worker,
    incarnation: members.find(({ id }) => id === worker)?.incarnation,
    reason: 'by hand',
  });
  await expectNoHarm(async () => {
    const added: [job: Job, expected: string][] = [];
    for (const row of rows) {
      const { worker, fence } = row;
      const other = members.find(({ id }) => id !== worker)?.id ?? '';
      const add = async (to: string, data: object, expected: string): Promise<void> => {
        const job = await queues.startQueue(to).add(`start ${row.id} by hand`, data);
        added.push([job, expected]);
      };
      await add(worker ?? '', jobFor(row, worker, fence), 'claimed');
      await add(worker ?? '', jobFor(row, worker, fence - 1), 'stale');
      await add(worker ?? '', jobFor(row, worker, fence + 1), 'stale');
      await add(other, jobFor(row, other, fence), 'stale');
      await add(other, jobFor(row, worker, fence), 'stale');
      await add(other, { ...jobFor(row, other, fence), incarnation: 'another' }, 'stale');
    }
    for (const [{ id, queueName }, expected] of added) {
      const queue = allQueues().find(({ name }) => name === queueName);
      const done = await waitFor(async () => await queue?.getJob(String(id)), {
        what: `the job ${id} of ${queueName} to be done`,
        until: (job) => job?.finishedOn !== undefined,
      });
      expect(done?.returnvalue).toBe(expected);
    }
  });
});

test('queues that are paused, drained and obliterated, and stay paused, harm no task', async () => {
  await expectNoHarm(async () => {
    for (const queue of allQueues()) {
      const path = `/queues/api/queues/${queue.name}`;
      expect((await board.put(`${path}/pause`, {})).status).toBe(200);
      expect((await board.put(`${path}/obliterate`, { force: true })).status).toBe(200);
      await queue.obliterate({ force: true });
      await queue.drain(true);
      await queue.clean(0, 1_000, 'completed');
    }
    expect((await board.put('/queues/api/queues/pause', {})).status).toBe(200);
  });
  expect((await queuesOn(board)).every(({ isPaused }) => isPaused)).toBe(true);
});

test('a worker that is killed while all queues are paused still fails over', async () => {
  const before = await allRunning(cluster);
  const lost = tasksOf(before, 'worker-1');
  const killedMs = Date.now();
  await cluster.worker('worker-1').process.kill('SIGKILL');
  const gapsMs = await observer.firstAfter(lost, killedMs);
  const after = await allRunning(cluster, { notOn: 'worker-1' });

  console.log(`killed while all queues are paused: silence ${gapsMs.join(', ')} ms`);
  expect(Math.max(...gapsMs)).toBeLessThan(limitMs(failoverMsMax));
  expect(holdings(after)).toMatchObject(holdings(before, { without: 'worker-1' }));
  expect(observer.integrity().missing).toEqual([]);
});

test('changes are applied while the queue of requests is paused', async () => {
  await cluster.apply('in', { ...config, 'tasks.max': '7' });
  await cluster.waitForRunning('in', 7);
  await observer.keepsWriting(['in/6'], 100);
  expect((await cluster.api.delete('/connectors/in')).status).toBe(204);
});

test('a queue that is resumed gives out jobs again, and workers come and go on the board', async () => {
  expect((await board.put('/queues/api/queues/resume', {})).status).toBe(200);
  const added = await cluster.addWorker({ name: 'worker-4' });
  await waitFor(async () => await namesOn(readOnlyBoard), {
    what: 'the queue of worker-4 to appear, and that of worker-1 to be gone',
    until: (names) => names.includes('start.worker-4') && !names.includes('start.worker-1'),
  });
  await cluster.apply('again', config);
  await cluster.waitForRunning('again', 6);
  const [done] = await waitFor(
    async () => await queues.startQueue('worker-4').getJobs('completed'),
    { what: 'a start job of worker-4', until: (jobs) => jobs.length > 0 },
  );
  expect(done).toMatchObject({ name: expect.stringMatching(/^start /), returnvalue: 'claimed' });

  await added.process.stop();
  await waitFor(async () => await namesOn(readOnlyBoard), {
    what: 'the queue of worker-4 to disappear',
    until: (names) => !names.includes('start.worker-4'),
  });
  await allRunning(cluster, { notOn: 'worker-4' });
});
