/** Which requests are kept in the audit trail, and what of them. */
import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { Authenticator, Callers, roles, tokenProof } from '@sluice/access';
import { FakeClock } from '@sluice/kernel/testing';
import type { InjectOptions } from 'fastify';
import { expect, test } from 'vitest';

import { operations } from '../src/openapi-operations.ts';
import { type ApiUnderTest, apiUnderTest } from './api-under-test.ts';

const authenticator = new Authenticator({
  callers: new Callers(
    roles.map((role) => ({ name: `the ${role}`, role, proof: tokenProof(`secret-of-${role}`) })),
  ),
  clock: new FakeClock(),
});

const admin = { headers: { authorization: 'Bearer secret-of-admin' } };
const config = { 'connector.class': 'X', 'db.password': 'hunter2' };

function under(): ApiUnderTest {
  const made = apiUnderTest({ authenticator });
  made.cluster.add('orders');
  return made;
}

test('who, what, from where and what became of it', async () => {
  const { call, audit } = under();
  await call('PUT /connectors/orders/pause', undefined, { ...admin, remoteAddress: '10.0.0.1' });
  expect(audit.kept).toEqual([
    {
      who: 'the admin',
      by: 'token',
      role: 'admin',
      from: '10.0.0.1',
      action: 'pause',
      targets: ['orders'],
      detail: null,
      outcome: 'done',
      status: 202,
    },
  ]);
});

test.each([
  ['POST /connectors', { name: 'new', config }, 'create', ['new'], null],
  ['PUT /connectors/n%2Fw/config', config, 'configure', ['n/w'], null],
  ['PATCH /connectors/orders/config', config, 'patch', ['orders'], null],
  [
    'PUT /sluice/apply',
    {
      definitions: [
        { name: 'a', config },
        { name: 'b', config },
      ],
    },
    'apply',
    ['a', 'b'],
    null,
  ],
  [
    'PUT /sluice/apply',
    [{ name: ' a ', config }, { config: { ...config, name: 'b' } }],
    'apply',
    ['a', 'b'],
    null,
  ],
  ['POST /connectors', { config: { ...config, name: ' new ' } }, 'create', ['new'], null],
  ['DELETE /connectors/orders', undefined, 'delete', ['orders'], null],
  [
    'POST /connectors/orders/restart?includeTasks=true&password=hunter2',
    undefined,
    'restart',
    ['orders'],
    'includeTasks=true',
  ],
  ['PUT /admin/loggers/root', { level: 'DEBUG' }, 'set-level', ['root'], 'level=DEBUG'],
  ['POST /sluice/workers/worker-1/drain', undefined, 'drain', ['worker-1'], null],
  ['PUT /sluice/workers/worker-1/cordon', undefined, 'cordon', ['worker-1'], null],
  ['PUT /sluice/workers/worker-1/uncordon', undefined, 'uncordon', ['worker-1'], null],
  ['POST /connectors/none/tasks/0/restart', undefined, 'restart-task', ['none/0'], null],
  ['POST /sluice/preview', { name: 'p', config }, 'preview', ['p'], null],
])('%s is kept without values', async (request, body, action, targets, detail) => {
  const { call, audit } = under();
  await call(request, body, admin);
  expect(audit.kept).toEqual([expect.objectContaining({ action, targets, detail })]);
  expect(JSON.stringify(audit.kept)).not.toContain('hunter2');
});

test('every operation that may change something has a name in the trail', () => {
  const without = Object.entries(operations).flatMap(([route, operation]) =>
    operation?.action === undefined && !route.startsWith('GET ') ? [route] : [],
  );
  // A check and a plan, which change nothing.
  expect(without).toEqual(['PUT /connector-plugins/:plugin/config/validate', 'POST /sluice/plan']);
});

test.each([
  ['GET /connectors', undefined],
  ['PUT /connector-plugins/X/config/validate', config],
  ['PUT /sluice/apply?dryRun=True', { definitions: [{ name: 'a', config }] }],
  ['PUT /sluice/apply', { definitions: [{ name: 'a', config }], dryRun: true }],
  ['PUT /connectors', undefined],
  ['PUT /nothing', undefined],
])('%s changes nothing, and is not kept', async (request, body) => {
  const { call, audit } = under();
  await call(request, body, admin);
  expect(audit.kept).toEqual([]);
});

test.each([
  ['DELETE /connectors/orders?dryRun=true', undefined, 'delete', 'done'],
  ['PUT /connectors/orders/pause?dryRun=TRUE', undefined, 'pause', 'done'],
  ['PUT /connectors/new/config', { ...config, dryRun: 'true' }, 'configure', 'done'],
  [
    'PUT /sluice/apply',
    { definitions: [{ name: 'a', config }], dryRun: 'true' },
    'apply',
    'refused',
  ],
])('%s is no dry run, and is kept', async (request, body, action, outcome) => {
  const { call, audit } = under();
  await call(request, body, admin);
  expect(audit.kept).toEqual([expect.objectContaining({ action, outcome })]);
});

test('a dry run that a caller may not ask for is kept as refused', async () => {
  const { call, audit } = under();
  const viewer: InjectOptions = { headers: { authorization: 'Bearer secret-of-viewer' } };
  await call('DELETE /connectors/orders?dryRun=true', undefined, viewer);
  expect(audit.kept).toEqual([expect.objectContaining({ action: 'delete', outcome: 'refused' })]);
});

test('what a caller may not do is kept as refused, and what nobody known asked for is not', async () => {
  const { call, audit } = under();
  const viewer: InjectOptions = { headers: { authorization: 'Bearer secret-of-viewer' } };
  await call('DELETE /connectors/orders', undefined, viewer);
  await call('DELETE /connectors/orders');
  await call('DELETE /connectors/orders', undefined, { headers: { authorization: 'Bearer x' } });
  expect(audit.kept).toEqual([
    expect.objectContaining({ who: 'the viewer', outcome: 'refused', status: 403 }),
  ]);
});

test('what is refused, fails or waits for a leader is told apart', async () => {
  const { call, audit, cluster } = under();
  await call('DELETE /connectors/none', undefined, admin);
  cluster.hasLeader = false;
  await call('DELETE /connectors/orders', undefined, admin);
  await call('PUT /sluice/apply', { definitions: [{ name: 'a', config }] }, admin);
  cluster.isReachable = false;
  await call('DELETE /connectors/orders', undefined, admin);
  expect(audit.kept.map(({ outcome, status }) => [outcome, status])).toEqual([
    ['refused', 404],
    ['pending', 500],
    ['pending', 202],
    ['failed', 503],
  ]);
});

test('a change is kept also of who hangs up before the answer is there', async () => {
  const { api, audit, cluster } = under();
  const hungUp = Promise.withResolvers<void>();
  api.server.once('connection', (socket) => socket.once('close', () => hungUp.resolve()));
  const submit = cluster.submit.bind(cluster);
  cluster.submit = async (...request) => {
    await hungUp.promise;
    return submit(...request);
  };
  await api.listen({ host: '127.0.0.1', port: 0 });
  const client = connect((api.server.address() as AddressInfo).port, '127.0.0.1');
  await once(client, 'connect');
  const head = ['DELETE /connectors/orders HTTP/1.1', 'Host: localhost'];
  const request = [...head, `Authorization: ${admin.headers.authorization}`, '', ''].join('\r\n');
  client.write(request, () => client.resetAndDestroy());
  await expect
    .poll(() => audit.kept)
    .toEqual([
      expect.objectContaining({ who: 'the admin', action: 'delete', outcome: 'done', status: 204 }),
    ]);
  expect(cluster.requests).toHaveLength(1);
  await api.close();
});

test('a trail that keeps nothing keeps nobody from changing anything', async () => {
  const { call, audit } = under();
  audit.isFull = true;
  const response = await call('PUT /connectors/orders/pause', undefined, admin);
  expect(response.statusCode).toBe(202);
});

test('where nobody has to say who they are, that is what is kept', async () => {
  const { call, audit, cluster } = apiUnderTest();
  cluster.add('orders');
  await call('PUT /connectors/orders/pause');
  expect(audit.kept).toEqual([
    expect.objectContaining({ who: 'anonymous', by: 'none', from: '127.0.0.1' }),
  ]);
});

test('the trail is read in pages, and filtered', async () => {
  const { call, audit } = under();
  for (const verb of ['pause', 'resume', 'pause']) {
    await call(`PUT /connectors/orders/${verb}`, undefined, admin);
  }
  const read = async (query: string): Promise<unknown> =>
    (await call(`GET /sluice/audit${query}`, undefined, admin)).json();
  expect(await read('?limit=2')).toEqual({
    entries: [
      expect.objectContaining({ id: '3000-0', at_ms: 3_000, action: 'pause', who: 'the admin' }),
      expect.objectContaining({ id: '2000-0', action: 'resume' }),
    ],
    next: '2000-0',
  });
  expect(await read('?action=resume')).toMatchObject({ entries: [{ id: '2000-0' }], next: null });
  await read(
    '?before=2000-0&since=2026-01-01T00:00:00Z&until=1800000000000&who=ann&target=orders&outcome=done',
  );
  expect(audit.queries.at(-1)).toEqual({
    limit: 100,
    before: '2000-0',
    sinceMs: 1_767_225_600_000,
    untilMs: 1_800_000_000_000,
    who: 'ann',
    target: 'orders',
    outcome: 'done',
  });
});

test.each(['limit=0', 'limit=1001', 'before=x', 'since=yesterday', 'outcome=fine', 'until=-1'])(
  'the query %s is refused',
  async (query) => {
    const { call } = under();
    const response = await call(`GET /sluice/audit?${query}`, undefined, admin);
    expect(response.statusCode).toBe(400);
    expect(response.json<{ message: string }>().message).toContain(query.split('=')[0]);
  },
);
