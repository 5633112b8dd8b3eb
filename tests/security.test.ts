/**
 * A cluster that listens on all addresses, with TLS, and callers in a file: who may do what at
 * coordinator, boards and worker, and what follows when the files change.
 */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { tokenProof, tokenText } from '@sluice/access';
import {
  type Cluster,
  freePort,
  limitMs,
  type Member,
  makeCertificate,
  repositoryRoot,
  startCluster,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { showLogsOnFailure } from './support/cluster-facts.ts';

const authority = makeCertificate(Date.now(), { name: 'authority' });
const roles = ['viewer', 'operator', 'admin'] as const;
const callers = [
  ...roles.map((role) => `the-${role}:${role}:${tokenText(tokenProof(`secret-of-${role}`))}`),
  'deploy:operator:$subject$CN=deploy',
];

let folder: string;
let cluster: Cluster;
let coordinator: Member;
let worker: Member;
let adminPort: number;

async function write(name: string, text: string): Promise<string> {
  const path = join(folder, name);
  await writeFile(path, text);
  return path;
}

async function writeServerCertificate(): Promise<{ certificatePath: string; keyPath: string }> {
  const { certificate, key } = makeCertificate(Date.now(), { name: 'server', authority });
  return {
    certificatePath: await write('server.pem', certificate),
    keyPath: await write('server.key', key),
  };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-security-'));
  const { certificatePath, keyPath } = await writeServerCertificate();
  adminPort = await freePort();
  cluster = await startCluster({
    coordinators: 0,
    workers: 0,
    env: {
      SLUICE_HOST: '0.0.0.0',
      SLUICE_AUTH_FILE: await write('callers', callers.join('\n')),
      SLUICE_TLS_CERTIFICATE: certificatePath,
      SLUICE_TLS_KEY: keyPath,
      SLUICE_TLS_CLIENT_CA: await write('ca.pem', authority.certificate),
      SLUICE_TLS_CLIENT_AUTH: 'requested',
      SLUICE_ADMIN_LISTENERS: `https://127.0.0.1:${adminPort}`,
      SLUICE_BOARDS_WRITABLE: 'true',
    },
  });
  [coordinator, worker] = await Promise.all([cluster.addCoordinator(), cluster.addWorker()]);
});

afterAll(async () => {
  await cluster?.stop();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

interface Answer {
  readonly status: number;
  readonly text: string;
  /** Of the certificate that answered. */
  readonly serial: string;
}

async function ask(
  { port }: Pick<Member, 'port'>,
  what: string,
  { as, body, ...options }: RequestOptions & { as?: string; body?: unknown } = {},
): Promise<Answer> {
  const [method, path] = what.split(' ', 2);
  const sent = request({
    host: '127.0.0.1',
    port,
    method,
    path,
    ca: authority.certificate,
    agent: false,
    headers: as === undefined ? {} : { authorization: `Bearer secret-of-${as}` },
    ...options,
  });
  sent.end(body === undefined ? undefined : JSON.stringify(body));
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { serialNumber } = (response.socket as TLSSocket).getPeerCertificate();
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return {
    status: response.statusCode ?? 0,
    text: Buffer.concat(chunks).toString('utf8'),
    serial: serialNumber,
  };
}

async function statusesOf(member: Member, what: string): Promise<number[]> {
  const answers = [undefined, ...roles].map(async (as) =>
    ask(member, what, as === undefined ? {} : { as }),
  );
  return (await Promise.all(answers)).map(({ status }) => status);
}

test('at coordinator, boards and worker roles say who may do what, and probes are open', async () => {
  const board = `PUT /queues/api/queues/{sluice:${cluster.name}}:requests/pause`;
  const table: [Member, string, number[]][] = [
    [coordinator, 'GET /connectors', [401, 200, 200, 200]],
    [coordinator, 'GET /metrics', [401, 200, 200, 200]],
    [coordinator, 'GET /queues', [401, 200, 200, 200]],
    [coordinator, 'GET /queues/api/queues', [401, 200, 200, 200]],
    [coordinator, 'PUT /connectors/none/pause', [401, 403, 404, 404]],
    [coordinator, 'DELETE /connectors/none', [401, 403, 403, 404]],
    [coordinator, 'GET /sluice/audit', [401, 403, 403, 200]],
    [coordinator, 'GET /health/live', [200, 200, 200, 200]],
    [worker, 'GET /metrics', [401, 200, 200, 200]],
    [worker, 'GET /health', [401, 200, 200, 200]],
    [worker, 'GET /health/live', [200, 200, 200, 200]],
  ];
  for (const [member, what, statuses] of table) {
    expect(await statusesOf(member, what), what).toEqual(statuses);
  }
  for (const member of [coordinator, worker]) {
    await waitFor(async () => await statusesOf(member, 'GET /health/ready'), {
      what: `${member.name} to be ready, and to say so to everybody`,
      until: (statuses) => statuses.every((status) => status === 200),
    });
  }
  const [nobody, viewer, operator] = await statusesOf(coordinator, board);
  expect([nobody, viewer]).toEqual([401, 403]);
  // Whatever the boards make of it: they were reached.
  expect([401, 403]).not.toContain(operator);
});

test('levels of loggers have a listener of their own, with the same callers', async () => {
  expect((await ask(coordinator, 'GET /admin/loggers', { as: 'admin' })).status).toBe(404);
  const admin = { port: adminPort };
  expect((await ask(admin, 'GET /admin/loggers')).status).toBe(401);
  expect((await ask(admin, 'GET /admin/loggers', { as: 'viewer' })).status).toBe(200);
  expect((await ask(admin, 'GET /connectors', { as: 'viewer' })).status).toBe(404);
});

test('the health check of the images speaks TLS where the process does', () => {
  const check = (env: Readonly<Record<string, string>>): number | null => {
    const script = join(repositoryRoot, 'deploy/healthcheck.mjs');
    const argv = [script, 'SLUICE_PORT', '8083'];
    return spawnSync(process.execPath, argv, {
      env: { SLUICE_PORT: String(coordinator.port), ...env },
    }).status;
  };
  expect(check({ SLUICE_TLS_CERTIFICATE: join(folder, 'server.pem') })).toBe(0);
  expect(check({})).toBe(1);
});

test('a certificate of the authority stands for a caller, at both processes', async () => {
  const { certificate: cert, key } = makeCertificate(Date.now(), { name: 'deploy', authority });
  expect((await ask(worker, 'GET /metrics', { cert, key })).status).toBe(200);
  expect((await ask(coordinator, 'PUT /connectors/none/pause', { cert, key })).status).toBe(404);
  expect((await ask(coordinator, 'DELETE /connectors/none', { cert, key })).status).toBe(403);
});

test('a change is in the audit trail: who, from where, and no values', async () => {
  const config = {
    'connector.class': 'FileStreamSource',
    file: join(folder, 'input'),
    topic: 'orders',
    'my.password': 'hunter2',
  };
  const created = await ask(coordinator, 'PUT /connectors/audited/config', {
    as: 'admin',
    body: config,
  });
  expect(created.status).toBe(201);
  await ask(coordinator, 'DELETE /connectors/audited', { as: 'viewer' });
  const { text } = await waitFor(
    async () => ask(coordinator, 'GET /sluice/audit?target=audited', { as: 'admin' }),
    {
      what: 'both to be in the trail',
      until: ({ text: seen }) => (JSON.parse(seen) as { entries: unknown[] }).entries.length === 2,
    },
  );
  expect(JSON.parse(text)).toMatchObject({
    entries: [
      { who: 'the-viewer', action: 'delete', outcome: 'refused', status: 403 },
      { who: 'the-admin', by: 'token', from: '127.0.0.1', action: 'configure', status: 201 },
    ],
    next: null,
  });
  expect(text).not.toContain('hunter2');
});

test('files that change are read on SIGHUP: a token is taken away, a certificate renewed', async () => {
  const before = await ask(coordinator, 'GET /connectors', { as: 'viewer' });
  expect(before.status).toBe(200);
  await write('callers', callers.filter((line) => !line.startsWith('the-viewer')).join('\n'));
  await writeServerCertificate();
  await Promise.all([coordinator, worker].map(async (member) => member.process.kill('SIGHUP')));
  for (const member of [coordinator, worker]) {
    await waitFor(async () => ask(member, 'GET /metrics', { as: 'viewer' }), {
      what: `${member.name} to have read its files`,
      until: ({ status, serial }) => status === 401 && serial !== before.serial,
      timeoutMs: limitMs(3_000),
    });
    expect((await ask(member, 'GET /metrics', { as: 'operator' })).status).toBe(200);
  }
});

test('where there is no file to read again, SIGHUP ends a process, as when a terminal is closed', async () => {
  const plain = await cluster.addWorker({
    env: {
      SLUICE_HOST: '127.0.0.1',
      SLUICE_AUTH_FILE: '',
      SLUICE_TLS_CERTIFICATE: '',
      SLUICE_TLS_KEY: '',
      SLUICE_TLS_CLIENT_CA: '',
      SLUICE_TLS_CLIENT_AUTH: '',
    },
  });
  await plain.process.kill('SIGHUP');
  expect(await plain.process.exited).toMatchObject({ signal: 'SIGHUP' });
});
