import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

import { FakeClock } from '@sluice/kernel/testing';
import { expect, onTestFinished, test } from 'vitest';

import { tokenProvider } from '../src/oauth-token.ts';

interface Asked {
  readonly authorization: string | undefined;
  readonly body: string;
}

const secret = 'very-secret';

test('a token is asked for once, with the client credentials, and remembered', async () => {
  const endpoint = await startEndpoint(() => ({ access_token: 'abc', expires_in: 100 }));
  const token = endpoint.provider({ scope: 'kafka write' });
  expect(await Promise.all([token(), token(), token()])).toEqual(['abc', 'abc', 'abc']);
  expect(await token()).toBe('abc');
  expect(endpoint.asked).toEqual([
    {
      authorization: `Basic ${Buffer.from(`sluice:${secret}`).toString('base64')}`,
      body: 'grant_type=client_credentials&scope=kafka+write',
    },
  ]);
});

test('it is replaced before it ends', async () => {
  const endpoint = await startEndpoint((count) => ({ access_token: `t${count}`, expires_in: 100 }));
  const token = endpoint.provider();
  expect(await token()).toBe('t1');
  await endpoint.clock.advance(79_000);
  expect(await token()).toBe('t1');
  await endpoint.clock.advance(2_000);
  expect(await token()).toBe('t2');
});

test('while it cannot be replaced it is used until its end', async () => {
  const endpoint = await startEndpoint((count) =>
    count === 1 ? { access_token: 'abc', expires_in: 100 } : 500,
  );
  const token = endpoint.provider();
  await token();
  await endpoint.clock.advance(90_000);
  expect(await token()).toBe('abc');
  await endpoint.clock.advance(9_500);
  await expect(token()).rejects.toThrow(/answered with status 500/);
});

test('a refusal names the settings to check, and quotes neither secret nor description', async () => {
  const endpoint = await startEndpoint(() => 401, {
    error: 'invalid_client',
    error_description: `no ${secret}`,
  });
  const failure = await endpoint
    .provider()()
    .catch((error: unknown) => error as Error);
  expect(failure).toMatchObject({ code: 'log.token_failed', retriable: true });
  expect(failure).toHaveProperty(
    'message',
    `no token for Kafka (OAUTHBEARER): ${endpoint.url} refuses this client (status 401, invalid_client): check KAFKA_SASL_OAUTHBEARER_CLIENT_ID, _CLIENT_SECRET and _SCOPE`,
  );
});

test('an answer without a token, and an endpoint that is away', async () => {
  const endpoint = await startEndpoint(() => ({ hello: 'world' }));
  await expect(endpoint.provider()()).rejects.toThrow('without an access_token');
  await endpoint.stop();
  await expect(endpoint.provider()()).rejects.toThrow(/does not answer \(.*ECONNREFUSED/);
});

test('a file that is empty or gone is named', async () => {
  const clock = new FakeClock();
  const empty = tokenProvider({ kind: 'file', path: '/dev/null' }, { clock });
  await expect(empty()).rejects.toThrow('/dev/null, the file with the token, is empty');
  const gone = tokenProvider({ kind: 'file', path: '/nowhere/token' }, { clock });
  await expect(gone()).rejects.toThrow(/\/nowhere\/token cannot be read/);
});

interface Endpoint {
  readonly url: string;
  readonly asked: readonly Asked[];
  readonly clock: FakeClock;
  provider(options?: { scope?: string }): () => Promise<string>;
  stop(): Promise<void>;
}

async function startEndpoint(
  answer: (count: number) => object | number,
  refusal: object = {},
): Promise<Endpoint> {
  const asked: Asked[] = [];
  const clock = new FakeClock();
  const server = createServer((request, response) => {
    void textOf(request).then((body) => {
      asked.push({ authorization: request.headers.authorization, body });
      const given = answer(asked.length);
      response.statusCode = typeof given === 'number' ? given : 200;
      response.end(JSON.stringify(typeof given === 'number' ? refusal : given));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  onTestFinished(stop);
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
  const credentials = { clientId: 'sluice', clientSecret: secret };
  return {
    url,
    asked,
    clock,
    provider: (options = {}) =>
      tokenProvider({ kind: 'endpoint', url: `${url}?x=1`, ...credentials, ...options }, { clock }),
    stop,
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
