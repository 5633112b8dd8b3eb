import { LogLevels, silentLogger } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { buildAdminApi } from '@sluice/rest-api';
import { expect, test } from 'vitest';

import { type ApiUnderTest, apiUnderTest } from './api-under-test.ts';

function under(): ApiUnderTest & { levels: LogLevels } {
  const levels = new LogLevels('info', ['sluice.coordinator']);
  return { levels, ...apiUnderTest({ levels, clock: new FakeClock() }) };
}

test('loggers are listed with their levels', async () => {
  const { levels, call } = under();
  levels.set('sluice', 'DEBUG', 17);
  expect((await call('GET /admin/loggers/')).json()).toEqual({
    root: { level: 'INFO', last_modified: null },
    sluice: { level: 'DEBUG', last_modified: 17 },
    'sluice.coordinator': { level: 'DEBUG', last_modified: 17 },
  });
  expect((await call('GET /admin/loggers/ROOT')).json()).toEqual({
    level: 'INFO',
    last_modified: null,
  });
  const none = await call('GET /admin/loggers/none');
  expect(none.json()).toEqual({ error_code: 404, message: 'Logger none not found.' });
});

test.each(['', '?scope=worker', '?scope=nonsense', '?scope='])(
  'with %j, a level is set in this process alone',
  async (query) => {
    const { cluster, levels, call } = under();
    const response = await call(`PUT /admin/loggers/sluice${query}`, { level: 'debug' });
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual(['sluice', 'sluice.coordinator']);
    expect(levels.get('sluice.coordinator')?.level).toBe('DEBUG');
    expect(cluster.loggers.size).toBe(0);
  },
);

test.each(['cluster', 'CLUSTER'])('with scope=%s a level is set everywhere', async (scope) => {
  const { cluster, levels, call } = under();
  const response = await call(`PUT /admin/loggers/sluice?scope=${scope}`, { level: 'WARN' });
  expect([response.statusCode, response.body]).toEqual([204, '']);
  expect([...cluster.loggers]).toEqual([['sluice', 'WARN']]);
  // This process hears of it as all others do.
  expect(levels.get('sluice')).toBeUndefined();
});

test.each([
  [undefined, 400, "Desired 'level' parameter was not specified in request."],
  [{}, 400, "Desired 'level' parameter was not specified in request."],
  [{ level: null }, 400, "Desired 'level' parameter was not specified in request."],
  [{ level: 'loud' }, 404, "invalid log level 'loud'."],
  [{ level: 7 }, 400, 'Invalid logger level: level: must be a text'],
  [[], 400, 'Invalid logger level: must be an object'],
])('a level given as %j is refused', async (body, status, message) => {
  const { cluster, call } = under();
  for (const scope of ['worker', 'cluster']) {
    const response = await call(`PUT /admin/loggers/sluice?scope=${scope}`, body);
    expect(response.statusCode).toBe(status);
    expect(response.json()).toEqual({ error_code: status, message });
  }
  expect(cluster.loggers.size).toBe(0);
});

test('on a listener of its own there is nothing else, and nothing of it on the first one', async () => {
  const { call, cluster, audit, offsets } = apiUnderTest({ hasAdmin: false });
  expect((await call('GET /admin/loggers')).statusCode).toBe(404);
  expect((await call('GET /connectors')).statusCode).toBe(200);
  const admin = buildAdminApi({
    client: cluster,
    info: { version: '4.1.0', commit: 'abc123', clusterId: 'test-cluster' },
    logger: silentLogger,
    offsets,
    audit,
  });
  expect((await admin.inject({ url: '/admin/loggers' })).json()).toHaveProperty('root');
  const set = { method: 'PUT', url: '/admin/loggers/root', payload: { level: 'DEBUG' } } as const;
  expect((await admin.inject(set)).statusCode).toBe(200);
  expect(audit.kept).toMatchObject([{ action: 'set-level', targets: ['root'] }]);
  const other = await admin.inject({ url: '/connectors' });
  expect(other.statusCode).toBe(404);
  expect(other.json()).toMatchObject({ error_code: 404 });
});
