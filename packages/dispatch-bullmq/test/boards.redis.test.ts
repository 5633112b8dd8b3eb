import { appRoutes } from '@bull-board/api/dist/routes.js';
import { type BoardOptions, boardPlugin } from '@sluice/dispatch-bullmq';
import { silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { waitFor } from '@sluice/testkit';
import { type FastifyInstance, fastify } from 'fastify';
import { expect, test } from 'vitest';

import { ClaimingHandler, type Rig, startJob, startRig } from './rig.ts';

interface QueueOnBoard {
  readonly name: string;
  readonly displayName: string;
  readonly readOnlyMode: boolean;
  readonly counts: Record<string, number>;
  readonly jobs: { id: string; name: string; data: unknown; returnValue: unknown }[];
}

async function boardOf(rig: Rig, options: Partial<BoardOptions> = {}): Promise<FastifyInstance> {
  const app = fastify({ routerOptions: { ignoreTrailingSlash: true } });
  await app.register(
    boardPlugin({
      queues: rig.queues,
      workers: async () => ['worker-1'],
      allowWrites: false,
      logger: silentLogger,
      ...options,
    }),
  );
  return app;
}

async function queuesOn(app: FastifyInstance, active = ''): Promise<QueueOnBoard[]> {
  const query = new URLSearchParams({
    activeQueue: active,
    status: 'latest',
    page: '1',
    jobsPerPage: '10',
  });
  const response = await app.inject({ url: `/queues/api/queues?${query.toString()}` });
  expect(response.statusCode).toBe(200);
  return response.json<{ queues: QueueOnBoard[] }>().queues;
}

test('the page and what it loads come from here', async () => {
  await using rig = await startRig();
  const app = await boardOf(rig);
  for (const url of ['/queues', '/queues/', '/queues/queue/start.worker-1']) {
    const page = await app.inject({ url });
    expect(page.statusCode).toBe(200);
    expect(page.headers['content-type']).toContain('text/html');
    expect(page.body).toContain('<base href="/queues/"');
    expect(page.headers['content-security-policy']).toContain("default-src 'self'");
  }
  const page = await app.inject({ url: '/queues' });
  const script = /src="(static\/js\/main[^"]+)"/.exec(page.body)?.[1];
  expect((await app.inject({ url: `/queues/${script}` })).statusCode).toBe(200);
});

test('the board shows jobs with readable names and results', async () => {
  await using rig = await startRig();
  const handler = new ClaimingHandler();
  await rig.consumer({ handler });
  const job = startJob('task/orders-sink/3');
  await rig.dispatcher.start([job]);
  const app = await boardOf(rig);
  const shown = await waitFor(
    async () =>
      (await queuesOn(app, 'start.worker-1'))
        .find(({ name }) => name === 'start.worker-1')
        ?.jobs.find(({ returnValue }) => returnValue === 'claimed'),
    { what: 'the finished job on the board' },
  );
  expect(shown).toMatchObject({
    id: 'task/orders-sink/3~1700000000000001',
    name: 'start orders-sink/3',
    data: job,
  });
  const id = encodeURIComponent('task/orders-sink/3~1700000000000001');
  const single = await app.inject({ url: `/queues/api/queues/start.worker-1/${id}` });
  expect(single.json()).toMatchObject({
    status: 'completed',
    job: { name: 'start orders-sink/3' },
  });
});

test('queues of workers that come and go appear and disappear, that of requests stays', async () => {
  await using rig = await startRig();
  const clock = new FakeClock();
  let workers = ['worker-1'];
  const app = await boardOf(rig, { workers: async () => workers, clock });
  const shown = async (): Promise<string[]> =>
    (await queuesOn(app)).map(({ displayName }) => displayName).sort();
  expect(await shown()).toEqual(['requests', 'start worker-1']);
  workers = ['worker-1', 'host:8083'];
  await clock.advance(1_000);
  expect(await shown()).toEqual(['requests', 'start host:8083', 'start worker-1']);
  workers = ['host:8083'];
  await clock.advance(1_000);
  expect(await shown()).toEqual(['requests', 'start host:8083']);
});

test('a queue that was forgotten and is used again is shown with its new jobs', async () => {
  await using rig = await startRig();
  const clock = new FakeClock();
  const app = await boardOf(rig, { clock });
  await queuesOn(app);
  await rig.dispatcher.forget('worker-1');
  await rig.dispatcher.start([startJob('task/orders/0')]);
  await clock.advance(1_000);
  const queue = (await queuesOn(app)).find(({ name }) => name === 'start.worker-1');
  expect(queue?.counts.waiting).toBe(1);
});

test('while the members cannot be read the board shows the queues that it knew', async () => {
  await using rig = await startRig();
  const clock = new FakeClock();
  let isReachable = true;
  const app = await boardOf(rig, {
    clock,
    workers: async () => {
      if (!isReachable) throw new Error('the store does not answer');
      return ['worker-1'];
    },
  });
  await queuesOn(app);
  isReachable = false;
  await clock.advance(1_000);
  expect((await queuesOn(app)).map(({ name }) => name).sort()).toEqual([
    'requests',
    'start.worker-1',
  ]);
});

const writes = appRoutes.api
  .filter(({ method }) => method !== 'get')
  .map(({ method, route }) => ({
    method: String(method).toUpperCase() as 'PUT',
    route: String(route),
  }));

test('a read-only board refuses every route that writes, and nothing changes', async () => {
  await using rig = await startRig();
  await rig.dispatcher.start([startJob('task/orders/0')]);
  const app = await boardOf(rig);
  await queuesOn(app);
  const before = await dump(rig);
  expect(writes.length).toBeGreaterThan(20);
  for (const { method, route } of writes) {
    const url = `/queues${route}`
      .replace(':queueName', 'start.worker-1')
      .replace(':jobId', encodeURIComponent('task/orders/0~1700000000000001'))
      .replace(':queueStatus', 'wait')
      .replace(':schedulerId', 'any');
    const response = await app.inject({ method, url, payload: {} });
    expect(response.statusCode, `${method} ${route}`).toBe(405);
    expect(response.json(), `${method} ${route}`).toMatchObject({ error_code: 405 });
  }
  expect(await dump(rig)).toEqual(before);
});

test('a board that allows writes pauses, resumes, removes and obliterates', async () => {
  await using rig = await startRig();
  await rig.dispatcher.start([startJob('task/orders/0'), startJob('task/orders/1')]);
  const app = await boardOf(rig, { allowWrites: true });
  const queue = rig.queues.startQueue('worker-1');
  const put = async (path: string, payload: object = {}): Promise<number> => {
    const url = `/queues/api/queues/start.worker-1/${path}`;
    return (await app.inject({ method: 'PUT', url, payload })).statusCode;
  };
  await queuesOn(app);
  expect(await put('pause')).toBe(200);
  expect(await queue.isPaused()).toBe(true);
  expect(await put('resume')).toBe(200);
  expect(await queue.isPaused()).toBe(false);
  const id = encodeURIComponent('task/orders/0~1700000000000001');
  expect(await put(`${id}/clean`)).toBe(204);
  expect(await queue.getWaitingCount()).toBe(1);
  // The board obliterates only what is paused.
  expect(await put('pause')).toBe(200);
  expect(await put('obliterate', { force: true })).toBe(200);
  expect(await queue.getWaitingCount()).toBe(0);
});

/** All that is stored, so that a write that sneaks through is seen. */
async function dump({ inspect }: Rig): Promise<Record<string, string | undefined>> {
  const keys = (await inspect.keys('*')).sort();
  const values = await Promise.all(keys.map((key) => inspect.dumpBuffer(key)));
  return Object.fromEntries(keys.map((key, index) => [key, values[index]?.toString('hex')]));
}
