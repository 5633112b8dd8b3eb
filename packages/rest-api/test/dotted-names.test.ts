/** Connectors that are called `.` and `..`: no browser and no curl asks for `/connectors/..`. */
import { Authenticator, Callers, tokenProof } from '@sluice/access';
import { FakeClock } from '@sluice/kernel/testing';
import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';

test.each(['.', '..'])(
  'the connector %s has an address, for each thing that can be done',
  async (name) => {
    const { call, cluster } = apiUnderTest();
    cluster.add(name);
    const at = `/sluice/connectors/=${name}`;
    expect((await call(`GET ${at}`)).json()).toMatchObject({ name });
    expect((await call(`GET ${at}/status`)).json()).toMatchObject({ name });
    expect((await call(`GET ${at}?x=1`)).statusCode).toBe(200);
    expect((await call(`PUT ${at}/pause`)).statusCode).toBe(202);
    expect((await call(`DELETE ${at}`)).statusCode).toBe(204);
    expect(cluster.requests.map(({ op }) => op)).toEqual(['target', 'delete']);
  },
);

test.each(['=orders', '=...', 'orders', '='])('%s is no such address', async (part) => {
  const { call, cluster } = apiUnderTest();
  for (const name of ['orders', '...', '=', '=orders']) cluster.add(name);
  expect((await call(`GET /sluice/connectors/${part}`)).statusCode).toBe(404);
});

test('a connector whose own name looks like that is asked for as ever', async () => {
  const { call, cluster } = apiUnderTest();
  cluster.add('=..');
  expect((await call('GET /connectors/=..')).json()).toMatchObject({ name: '=..' });
});

test('whoever may not do it under the one address may not under the other', async () => {
  const proof = tokenProof('secret');
  const callers = new Callers([{ name: 'v', role: 'viewer', proof }]);
  const authenticator = new Authenticator({ callers, clock: new FakeClock() });
  const { call, cluster } = apiUnderTest({ authenticator });
  cluster.add('..');
  const viewer = { headers: { authorization: 'Bearer secret' } };
  const paused = await call('PUT /sluice/connectors/=../pause', undefined, viewer);
  expect(paused.statusCode).toBe(403);
  expect((await call('GET /sluice/connectors/=..')).statusCode).toBe(401);
  expect(cluster.requests).toEqual([]);
});
