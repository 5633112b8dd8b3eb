import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer as createHttpServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from '@sluice/testkit';
import { expect, onTestFinished, test } from 'vitest';

import { processRequests } from '../src/process-requests.ts';

/** Answers with what it was sent. */
async function listening(server: Server): Promise<string> {
  server.on('request', (request, response) => {
    response.end(`${request.url} ${request.headers.authorization ?? 'nobody'}`);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test.each([
  [{}, 'nobody'],
  [{ SLUICE_TOKEN: 'abc' }, 'Bearer abc'],
  [{ SLUICE_USER: 'ann', SLUICE_PASSWORD: 'x:y' }, `Basic ${btoa('ann:x:y')}`],
])('with %j it is asked as %s', async (env, as) => {
  const address = await listening(createHttpServer());
  const answer = await processRequests({ env }).get(address, '/metrics', { ms: 15_000 });
  expect(answer).toMatchObject({ status: 200, text: `/metrics ${as}` });
});

test('with the certificate of its authority a process is asked over TLS, and no other is trusted', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-ca-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const authority = makeCertificate(Date.now(), { name: 'authority' });
  const { certificate: cert, key } = makeCertificate(Date.now(), { name: 'worker', authority });
  const path = join(folder, 'ca.pem');
  writeFileSync(path, authority.certificate);
  const env = { SLUICE_CA_FILE: path, SLUICE_TOKEN: 'abc' };
  const address = await listening(createHttpsServer({ cert, key }));
  const limits = { ms: 15_000 };
  expect(await processRequests({ env }).get(address, '/', limits)).toMatchObject({
    text: '/ Bearer abc',
  });
  const other = await listening(createHttpsServer(makeOther()));
  await expect(processRequests({ env }).get(other, '/', limits)).rejects.toThrow('self-signed');
});

function makeOther(): { cert: string; key: string } {
  const { certificate: cert, key } = makeCertificate(Date.now(), { name: 'other' });
  return { cert, key };
}

test('who does not answer is not waited for', async () => {
  const server = createHttpServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = processRequests({ env: {} }).get(address, '/', { ms: 100 });
  await expect(asked).rejects.toThrow('aborted');
});

test.each([
  [{ SLUICE_USER: 'ann' }, 'SLUICE_USER and SLUICE_PASSWORD go together'],
  [{ SLUICE_CA_FILE: '/nothing.pem' }, 'cannot read SLUICE_CA_FILE=/nothing.pem'],
])('%j is refused', (env, says) => {
  expect(() => processRequests({ env })).toThrow(says);
});
