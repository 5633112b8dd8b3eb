/** Listeners with TLS: who is who by certificate, and certificates that change while the server runs. */
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type RequestOptions, request } from 'node:https';
import { type AddressInfo, connect as connectInTheClear } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { Access, type AccessSettings, type ListenerTls } from '@sluice/access';
import { silentLogger, systemClock } from '@sluice/kernel';
import { callerOf, createHttpServer, giveRoles, keepCertificates, secure } from '@sluice/rest-api';
import { type Certificate, makeCertificate } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';

const authority = makeCertificate(Date.now(), { name: 'authority' });
const server = makeCertificate(Date.now(), { name: 'server', authority });
const ops = makeCertificate(Date.now(), { name: 'ops', authority });
const stranger = makeCertificate(Date.now(), { name: 'stranger', authority });
/** Says of itself that it is ops. */
const forged = makeCertificate(Date.now(), { name: 'ops' });

interface Listener {
  readonly port: number;
  readonly access: Access;
  readonly write: (
    files: Partial<Record<'server.pem' | 'server.key' | 'callers', string>>,
  ) => Promise<void>;
  readonly whoAmI: (options?: RequestOptions) => Promise<{ status: number; body: unknown }>;
}

async function listenerWith(clientAuth: ListenerTls['clientAuth']): Promise<Listener> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-tls-'));
  const at = (name: string): string => join(folder, name);
  const write: Listener['write'] = async (files) => {
    for (const [name, text] of Object.entries(files)) await writeFile(at(name), text);
  };
  await write({
    'server.pem': server.certificate,
    'server.key': server.key,
    callers: 'operations:operator:$subject$CN=ops\n',
  });
  await writeFile(at('ca.pem'), authority.certificate);
  const settings: AccessSettings = {
    callers: [],
    callersPath: at('callers'),
    jwt: undefined,
    tls: {
      certificatePath: at('server.pem'),
      keyPath: at('server.key'),
      clientAuthorityPath: at('ca.pem'),
      clientAuth,
    },
  };
  const access = new Access(settings, { clock: systemClock, logger: silentLogger });
  await access.start();
  const app = createHttpServer({ tls: access.tlsOptions });
  keepCertificates(app, access);
  secure(app, { authenticator: access.authenticator }, silentLogger);
  giveRoles(app, { read: 'viewer', write: 'admin', action: 'x' });
  app.get('/me', async (incoming) => callerOf(incoming));
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(async () => {
    await access.stop();
    await app.close();
    await rm(folder, { recursive: true });
  });
  const { port } = app.server.address() as AddressInfo;
  return { port, access, write, whoAmI: (options) => get(port, options) };
}

async function get(
  port: number,
  options: RequestOptions = {},
): Promise<{ status: number; body: unknown }> {
  const sent = request({
    host: '127.0.0.1',
    port,
    path: '/me',
    ca: authority.certificate,
    agent: false,
    ...options,
  });
  sent.end();
  const [response] = (await once(sent, 'response')) as [import('node:http').IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: response.statusCode ?? 0, body: JSON.parse(text) as unknown };
}

function showing({ certificate, key }: Certificate): RequestOptions {
  return { cert: certificate, key };
}

test('a certificate of the authority makes a caller known by its subject', async () => {
  const { whoAmI } = await listenerWith('requested');
  expect(await whoAmI(showing(ops))).toEqual({
    status: 200,
    body: { name: 'operations', role: 'operator', by: 'certificate' },
  });
  for (const options of [{}, showing(stranger), showing(forged)]) {
    expect((await whoAmI(options)).status).toBe(401);
  }
});

test('where certificates are required, nobody speaks without one of the authority', async () => {
  const { whoAmI } = await listenerWith('required');
  expect((await whoAmI(showing(ops))).status).toBe(200);
  expect((await whoAmI(showing(stranger))).status).toBe(401);
  await expect(whoAmI()).rejects.toThrow();
  await expect(whoAmI(showing(forged))).rejects.toThrow();
});

test('versions of TLS before 1.2 are refused', async () => {
  const { port } = await listenerWith('none');
  const versions = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' } as const;
  // The client would refuse them by itself.
  const socket = connect({
    port,
    ca: authority.certificate,
    ciphers: 'ALL@SECLEVEL=0',
    ...versions,
  });
  await expect(once(socket, 'secureConnect')).rejects.toThrow(/protocol version/i);
});

test.each([
  ['nothing', ''],
  ['HTTP in the clear', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
])('a line on which comes %s instead of TLS is closed', async (_what, sent) => {
  const { api } = apiUnderTest({
    tls: { cert: server.certificate, key: server.key },
    headersTimeoutMs: 300,
  });
  await api.listen({ host: '127.0.0.1', port: 0 });
  const { port } = api.server.address() as AddressInfo;
  const socket = connectInTheClear({ port, host: '127.0.0.1' }).resume();
  onTestFinished(async () => {
    socket.destroy();
    await api.close();
  });
  socket.write(sent);
  await once(socket, 'close', { signal: AbortSignal.timeout(20_000) });
});

test('callers and certificates are those of the files, and stay while those cannot be used', async () => {
  const { whoAmI, access, write, port } = await listenerWith('requested');
  const serial = async (): Promise<string> => {
    const socket = connect({ port, host: '127.0.0.1', ca: authority.certificate });
    await once(socket, 'secureConnect');
    const { serialNumber } = socket.getPeerCertificate();
    socket.destroy();
    return serialNumber;
  };
  const before = await serial();
  await write({ 'server.pem': 'half of a certif', callers: 'operations:root:x' });
  await access.reload();
  expect(await serial()).toBe(before);
  expect((await whoAmI(showing(ops))).status).toBe(200);
  const renewed = makeCertificate(Date.now(), { name: 'server', authority });
  await write({
    'server.pem': renewed.certificate,
    'server.key': renewed.key,
    callers: 'operations:viewer:$subject$CN=ops',
  });
  await access.reload();
  expect(await serial()).not.toBe(before);
  expect((await whoAmI(showing(ops))).body).toMatchObject({ role: 'viewer' });
  await write({ callers: '' });
  await access.reload();
  expect((await whoAmI(showing(ops))).status).toBe(401);
});

test.each([
  ['a certificate that is none', { 'server.pem': 'x' }],
  ['another key', { 'server.key': ops.key }],
] as const)(
  '%s keeps a process from starting, with the names of the files',
  async (_what, wrong) => {
    const { access, write } = await listenerWith('none');
    await write(wrong);
    await expect(access.start()).rejects.toThrow(/server\.pem.*server\.key/);
  },
);
