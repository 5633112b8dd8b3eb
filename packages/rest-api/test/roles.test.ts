/** Who may ask for what: every route, by every role. */
import { Authenticator, allows, Callers, type Role, roles, tokenProof } from '@sluice/access';
import { FakeClock } from '@sluice/kernel/testing';
import { callerOf, giveRoles, mayWrite, type RouteRole } from '@sluice/rest-api';
import type { FastifyInstance, InjectOptions } from 'fastify';
import { expect, test } from 'vitest';

import { operations } from '../src/openapi-operations.ts';
import { apiUnderTest } from './api-under-test.ts';

const authenticator = new Authenticator({
  callers: new Callers(
    roles.map((role) => ({ name: `the ${role}`, role, proof: tokenProof(`secret-of-${role}`) })),
  ),
  clock: new FakeClock(),
});

/** What the documentation says. A new route has to be put here as well. */
const needed: Readonly<Record<RouteRole, readonly string[]>> = {
  open: ['DELETE /sluice/session', 'GET /health/live', 'GET /health/ready', 'POST /sluice/session'],
  viewer: [
    'GET /',
    'GET /admin/loggers',
    'GET /admin/loggers/:logger',
    'GET /connector-plugins',
    'GET /connector-plugins/:plugin/config',
    'GET /connectors',
    'GET /connectors/:name',
    'GET /connectors/:name/config',
    'GET /connectors/:name/offsets',
    'GET /connectors/:name/status',
    'GET /connectors/:name/tasks',
    'GET /connectors/:name/tasks/:task/status',
    'GET /connectors/:name/topics',
    'GET /health',
    'GET /openapi.json',
    'GET /sluice/dead-letters',
    'GET /sluice/errors',
    'GET /sluice/events',
    'GET /sluice/lag',
    'GET /sluice/leader',
    'GET /sluice/live',
    'GET /sluice/logs',
    'GET /sluice/records',
    'GET /sluice/session',
    'GET /sluice/tasks',
    'GET /sluice/workers',
    'POST /sluice/plan',
  ],
  operator: [
    'POST /connectors/:name/restart',
    'POST /connectors/:name/tasks/:task/restart',
    'POST /sluice/dead-letters/replay',
    'POST /sluice/workers/:name/drain',
    'PUT /connectors/:name/pause',
    'PUT /connectors/:name/resume',
    'PUT /connectors/:name/stop',
    'PUT /connectors/:name/topics/reset',
    'PUT /sluice/workers/:name/cordon',
    'PUT /sluice/workers/:name/uncordon',
  ],
  admin: [
    'DELETE /connectors/:name',
    'DELETE /connectors/:name/offsets',
    'GET /sluice/audit',
    'PATCH /connectors/:name/config',
    'PATCH /connectors/:name/offsets',
    'POST /connectors',
    'POST /sluice/preview',
    'PUT /admin/loggers/:logger',
    'PUT /connector-plugins/:plugin/config/validate',
    'PUT /connectors/:name/config',
    'PUT /sluice/apply',
  ],
};

function as(role: Role): InjectOptions {
  return { headers: { authorization: `Bearer secret-of-${role}` } };
}

async function servedRoutes(): Promise<string[]> {
  const response = await apiUnderTest({ authenticator }).call(
    'GET /openapi.json',
    undefined,
    as('viewer'),
  );
  const { paths } = response.json<{ paths: Record<string, object> }>();
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.keys(methods).map(
      (method) => `${method.toUpperCase()} ${path.replaceAll(/\{(\w+)\}/g, ':$1')}`,
    ),
  );
}

test('the table of roles has every route that is served, once', async () => {
  const listed = Object.values(needed).flat();
  expect(listed.toSorted()).toEqual((await servedRoutes()).toSorted());
  for (const [role, routes] of Object.entries(needed)) {
    for (const route of routes) expect(operations[route]?.role, route).toBe(role);
  }
});

const everyRoute = Object.entries(needed).flatMap(([role, routes]) =>
  routes.map((route) => [route, role as RouteRole] as const),
);

test.each(everyRoute)('%s needs the role %s', async (route, role) => {
  const [method = '', url = ''] = route.split(' ');
  const path = url.replaceAll(/:\w+/g, 'orders');
  // HEAD is served with GET, and a slash more or a query is the same route.
  const spellings = [`${method} ${path}`, `${method} ${path}/`, `${method} ${path}?x=1`];
  if (method === 'GET') spellings.push(`HEAD ${path}`);
  const { cluster, call } = apiUnderTest({ authenticator });
  for (const spelling of spellings) {
    const nobody = await call(spelling);
    expect(nobody.statusCode === 401, `${spelling} by nobody`).toBe(role !== 'open');
    for (const caller of roles) {
      const requestsBefore = cluster.requests.length;
      const { statusCode, body } = await call(spelling, undefined, as(caller));
      const may = role === 'open' || allows(caller, role);
      // Most find nothing, or no body, and say so: but only to who may ask.
      expect([401, 403].includes(statusCode) && !body.includes('switched off'), spelling).toBe(
        !may,
      );
      if (may) continue;
      expect(cluster.requests.length).toBe(requestsBefore);
      if (spelling.startsWith('HEAD')) continue;
      expect(JSON.parse(body)).toEqual({
        error_code: 403,
        message: `Refused: the ${caller} has the role ${caller}, and this needs ${role}`,
      });
    }
  }
});

test.each(['DELETE /connectors', 'OPTIONS /connectors', 'PUT /nothing', 'GET /nothing'])(
  '%s is nothing that is served, and is told to viewers only',
  async (request) => {
    const { call } = apiUnderTest({ authenticator });
    expect((await call(request)).statusCode).toBe(401);
    const { statusCode } = await call(request, undefined, as('viewer'));
    expect(statusCode).toBe(
      request.startsWith('OPTIONS') ? 200 : request.includes('nothing') ? 404 : 405,
    );
  },
);

async function withRoutes(add: (app: FastifyInstance) => void): Promise<FastifyInstance> {
  const { api } = apiUnderTest({ authenticator });
  await api.register(async (scope) => add(scope));
  return api;
}

test('a route without a role keeps the server from starting', async () => {
  const app = await withRoutes((scope) => {
    scope.get('/added', async () => 'x');
  });
  await expect(app.ready()).rejects.toThrow('no role is declared for GET /added, HEAD /added');
});

test('routes of a plugin have the roles that it is given', async () => {
  const app = await withRoutes((scope) => {
    giveRoles(scope, { read: 'viewer', write: 'operator', action: 'x' });
    scope.get('/board', async () => 'read');
    scope.put('/board', async () => 'written');
  });
  const status = async (method: 'GET' | 'PUT' | 'HEAD', role: Role): Promise<number> =>
    (await app.inject({ method, url: '/board', ...as(role) })).statusCode;
  expect(await status('GET', 'viewer')).toBe(200);
  expect(await status('HEAD', 'viewer')).toBe(200);
  expect(await status('PUT', 'viewer')).toBe(403);
  expect(await status('PUT', 'operator')).toBe(200);
});

test.each([
  ['viewer', false],
  ['operator', false],
  ['admin', true],
] as const)('handlers can ask who it is: the %s may write: %s', async (role, may) => {
  const app = await withRoutes((scope) => {
    giveRoles(scope, { read: 'viewer', write: 'admin', action: 'x' });
    scope.get('/me', async (request) => ({ ...callerOf(request), may: mayWrite(request) }));
  });
  const response = await app.inject({ url: '/me', ...as(role) });
  expect(response.json()).toEqual({ name: `the ${role}`, role, by: 'token', may });
});

test('where nobody has to say who they are, anybody may do everything', async () => {
  const { cluster, call } = apiUnderTest();
  cluster.add('orders');
  expect((await call('DELETE /connectors/orders')).statusCode).toBe(204);
});
