/** What becomes of a request when instances are away, slow, wrong or suspicious. */
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { isRetriable } from '@sluice/kernel';
import { freePort, makeCertificate } from '@sluice/testkit';
import { describe, expect, test } from 'vitest';
import { SchemaRegistryError, SchemaRegistryUnavailableError } from '../src/index.ts';
import { RestClient, type RestClientOptions } from '../src/registry/rest-client.ts';
import { failed, PlayedRegistry } from './played-registry.ts';

function clientOf(urls: readonly string[], options: Partial<RestClientOptions> = {}): RestClient {
  return new RestClient({
    urls,
    headers: {},
    tls: { checksNames: true },
    connectTimeoutMs: 15_000,
    readTimeoutMs: 15_000,
    maxRetries: 0,
    retryWaitMs: 1,
    retryMaxWaitMs: 2,
    ...options,
  });
}

const subjects = { method: 'GET', path: '/subjects' } as const;

describe('instances', () => {
  test('one that is away is followed by the next, which is asked first from then on', async () => {
    const registry = new PlayedRegistry();
    await using played = await registry.listen();
    const away = `http://127.0.0.1:${String(await freePort())}`;
    const client = clientOf([away, played.url]);
    expect(await client.send(subjects)).toEqual([]);
    expect(await client.send(subjects)).toEqual([]);
    expect(registry.requests).toHaveLength(2);
  });

  test('one that answers with 500 or cuts the answer off is followed by the next', async () => {
    const [broken, healthy] = [new PlayedRegistry(), new PlayedRegistry()];
    await using first = await broken.listen();
    await using second = await healthy.listen();
    for (const answer of [failed(500, 50001, 'Error in the backend'), 'cut'] as const) {
      broken.broken = () => answer;
      expect(await clientOf([first.url, second.url]).send(subjects)).toEqual([]);
    }
  });

  test('an error that passes is waited for, as often as max.retries says', async () => {
    const registry = new PlayedRegistry();
    await using played = await registry.listen();
    let left = 2;
    registry.broken = () => {
      left -= 1;
      return left >= 0 ? failed(503, 50003, 'Leader is not known') : undefined;
    };
    expect(await clientOf([played.url], { maxRetries: 2 }).send(subjects)).toEqual([]);
    expect(registry.requests).toHaveLength(3);
  });

  test('when none answers in all rounds, the error is retriable and names each', async () => {
    const registry = new PlayedRegistry();
    await using played = await registry.listen();
    registry.broken = () => failed(503, 50003, 'Leader is not known');
    const away = `http://127.0.0.1:${String(await freePort())}`;
    const sending = clientOf([played.url, away], { maxRetries: 1 }).send(subjects);
    const error = await sending.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SchemaRegistryUnavailableError);
    expect(isRetriable(error)).toBe(true);
    expect(String(error)).toContain(`${played.url} answers 503 Leader is not known`);
    expect(String(error)).toContain(away);
    expect(registry.requests).toHaveLength(2);
  });

  test('one that accepts a request and says nothing is given up', async () => {
    const registry = new PlayedRegistry();
    await using played = await registry.listen();
    played.server.removeAllListeners('request');
    const client = clientOf([played.url], { connectTimeoutMs: 50, readTimeoutMs: 50 });
    await expect(client.send(subjects)).rejects.toThrow('no answer within 100 ms');
  });

  test('a refusal is not asked again, and has the code and the words of the registry', async () => {
    const registry = new PlayedRegistry();
    await using played = await registry.listen();
    registry.broken = () => failed(422, 42201, 'Invalid schema');
    const sending = clientOf([played.url], { maxRetries: 5 }).send(subjects);
    const error = await sending.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(SchemaRegistryError);
    expect(error).toMatchObject({ status: 422, errorCode: 42201, isAboutSchema: true });
    expect(String(error)).toContain('Invalid schema; error code: 42201');
    expect(registry.requests).toHaveLength(1);
  });

  test('what answers something else than JSON is no registry', async () => {
    const registry = new PlayedRegistry();
    await using played = await registry.listen();
    registry.broken = () => ({ status: 200, body: '<html>' });
    await expect(clientOf([played.url]).send(subjects)).rejects.toThrow('no Schema Registry');
  });
});

describe('TLS', () => {
  const authority = makeCertificate(Date.now(), { name: 'authority' });
  const server = makeCertificate(Date.now(), { name: 'registry', authority });
  const ca = authority.certificate;

  async function listen(options: {
    readonly asksClients: boolean;
  }): Promise<{ url: string } & AsyncDisposable> {
    const listening = createServer(
      {
        cert: server.certificate,
        key: server.key,
        ca,
        requestCert: options.asksClients,
        rejectUnauthorized: options.asksClients,
      },
      (_request, response) => response.end('[]'),
    );
    await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve));
    const { port } = listening.address() as AddressInfo;
    return {
      url: `https://127.0.0.1:${String(port)}`,
      [Symbol.asyncDispose]: async () => {
        listening.closeAllConnections();
        await new Promise((resolve) => listening.close(resolve));
      },
    };
  }

  test('the authority of the truststore is trusted', async () => {
    await using registry = await listen({ asksClients: false });
    expect(
      await clientOf([registry.url], { tls: { ca, checksNames: true } }).send(subjects),
    ).toEqual([]);
  });

  test('another certificate is refused, with what to set', async () => {
    await using registry = await listen({ asksClients: false });
    await expect(clientOf([registry.url]).send(subjects)).rejects.toThrow(
      'schema.registry.ssl.truststore.location',
    );
  });

  test('a client shows the certificate of its keystore', async () => {
    await using registry = await listen({ asksClients: true });
    const own = makeCertificate(Date.now(), { name: 'client', authority });
    const tls = { ca, cert: own.certificate, key: own.key, checksNames: true };
    expect(await clientOf([registry.url], { tls }).send(subjects)).toEqual([]);
    await expect(
      clientOf([registry.url], { tls: { ca, checksNames: true } }).send(subjects),
    ).rejects.toThrow();
  });
});
