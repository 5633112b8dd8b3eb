/** The stream over real connections: when it begins, and when it ends. */
import { Authenticator, Callers, tokenProof } from '@sluice/access';
import { systemClock } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { type ApiOptions, LiveFeed, type LiveFeedOptions } from '@sluice/rest-api';
import { waitFor } from '@sluice/testkit';
import { expect, test } from 'vitest';

import { apiUnderTest, liveNames } from './api-under-test.ts';
import { FakeCluster } from './fake-cluster.ts';

/** Answers once it is told to. */
class SlowCluster extends FakeCluster {
  waiting = 0;
  answered = 0;
  answer: () => void = () => {};
  readonly #isTold = new Promise<void>((resolve) => {
    this.answer = resolve;
  });

  override async snapshot() {
    this.waiting += 1;
    await this.#isTold;
    this.answered += 1;
    return super.snapshot();
  }
}

async function listening(
  options: Partial<ApiOptions> = {},
  cluster = new FakeCluster(),
  limits: Pick<LiveFeedOptions, 'clientsOfOneMax'> = {},
) {
  cluster.add('orders');
  const feed = new LiveFeed({ client: cluster, clock: systemClock, names: liveNames, ...limits });
  const { api } = apiUnderTest({ client: cluster, live: { feed }, ...options });
  const url = await api.listen({ host: '127.0.0.1', port: 0 });
  return { api, cluster, feed, url, [Symbol.asyncDispose]: () => api.close() };
}

/** What comes until there is enough, and whether it ended then. */
async function read(
  response: Response,
  isEnough: (text: string) => boolean,
): Promise<{ text: string; hasEnded: boolean }> {
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const part = await reader?.read();
    if (part === undefined || part.done) return { text, hasEnded: true };
    text += part.value;
    if (isEnough(text)) return { text, hasEnded: false };
  }
}

test('a client is sent what it saw first, and what changes', async () => {
  await using server = await listening();
  const response = await fetch(`${server.url}/sluice/live`);
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('x-content-type-options')).toBe('nosniff');
  setTimeout(() => server.cluster.fail('orders', 0, 'Error: away'), 10);
  const { text } = await read(response, (all) => all.includes('event: change'));
  expect(text).toMatch(
    /^event: view\ndata: \{.*\}\n\nevent: change\ndata: \{.*Error: away.*\}\n\n/,
  );
});

test('whoever hangs up is forgotten', async () => {
  await using server = await listening();
  const hangUp = new AbortController();
  await fetch(`${server.url}/sluice/live`, { signal: hangUp.signal });
  expect(server.feed.clients).toBe(1);
  hangUp.abort();
  await waitFor(() => server.feed.clients === 0, { timeoutMs: 5_000, what: 'the client is gone' });
});

test('a server that stops ends its streams, and does not wait for them', async () => {
  const server = await listening();
  const response = await fetch(`${server.url}/sluice/live`);
  const closing = server.api.close();
  const { hasEnded } = await read(response, () => false);
  expect(hasEnded).toBe(true);
  await closing;
});

test('a stream ends when its time is over', async () => {
  const cluster = new FakeCluster();
  const feed = new LiveFeed({ client: cluster, clock: systemClock, names: liveNames });
  await using server = await listening({ live: { feed, lastsMs: 50 } }, cluster);
  const { text, hasEnded } = await read(await fetch(`${server.url}/sluice/live`), () => false);
  expect(hasEnded).toBe(true);
  expect(text).toContain('event: view');
  expect(feed.clients).toBe(0);
});

test('a stream that nobody reads loses its place, one that is read keeps it', {
  timeout: 30_000,
}, async () => {
  const clock = new FakeClock();
  const cluster = new FakeCluster();
  // More than what waits on a line without a reader.
  for (let n = 0; n < 60; n++) cluster.add(`${'a-long-name-'.repeat(4_000)}${n}`);
  await using server = await listening({ clock }, cluster);
  const unread = await fetch(`${server.url}/sluice/live`);
  const reading = await fetch(`${server.url}/sluice/live`);
  let hasView = false;
  const reader = (async () => {
    for await (const chunk of reading.body ?? []) {
      hasView ||= Buffer.from(chunk).subarray(-2).toString() === '\n\n';
    }
  })().catch(() => {});
  await waitFor(() => hasView, { timeoutMs: 10_000, what: 'the view has come' });
  await clock.advance(60_000);
  expect(server.feed.clients).toBe(2);
  await clock.advance(5_000);
  await waitFor(() => server.feed.clients === 1, { timeoutMs: 5_000, what: 'the line is cut' });
  await expect(unread.text()).rejects.toThrow();
  await clock.advance(120_000);
  expect(server.feed.clients).toBe(1);
  await server.api.close();
  await reader;
});

test('whoever may not see it any more sees no more of it', { timeout: 15_000 }, async () => {
  const bob = { name: 'bob', role: 'viewer' as const, proof: tokenProof('secret') };
  const authenticator = new Authenticator({ callers: new Callers([bob]), clock: systemClock });
  await using server = await listening({ authenticator });
  const headers = { authorization: 'Bearer secret' };
  expect((await fetch(`${server.url}/sluice/live`)).status).toBe(401);
  const response = await fetch(`${server.url}/sluice/live`, { headers });
  expect(response.status).toBe(200);
  authenticator.use(new Callers([]));
  const { hasEnded } = await read(response, () => false);
  expect(hasEnded).toBe(true);
  expect((await fetch(`${server.url}/sluice/live`, { headers })).status).toBe(401);
});

test('a caller with as many streams as one may have gets no more, others do', async () => {
  const [ann, bob] = ['ann', 'bob'].map((name) => ({
    name,
    role: 'viewer' as const,
    proof: tokenProof(`secret-of-${name}`),
  }));
  if (!ann || !bob) throw new Error('both are there');
  const authenticator = new Authenticator({
    callers: new Callers([ann, bob]),
    clock: systemClock,
  });
  await using server = await listening({ authenticator }, undefined, { clientsOfOneMax: 1 });
  const statusFor = async (name: string): Promise<number> => {
    const headers = { authorization: `Bearer secret-of-${name}` };
    return (await fetch(`${server.url}/sluice/live`, { headers })).status;
  };
  expect(await statusFor('ann')).toBe(200);
  expect(await statusFor('ann')).toBe(503);
  expect(await statusFor('bob')).toBe(200);
});

test('others that guess at the same address end no stream', async () => {
  const bob = { name: 'bob', role: 'viewer' as const, proof: tokenProof('secret') };
  const clock = new FakeClock();
  const authenticator = new Authenticator({ callers: new Callers([bob]), clock });
  await using server = await listening({ authenticator, clock });
  const as = (token: string) => ({ headers: { authorization: `Bearer ${token}` } });
  const response = await fetch(`${server.url}/sluice/live`, as('secret'));
  for (let guess = 0; guess < 20; guess++) {
    await fetch(`${server.url}/connectors`, as(`guess-${guess}`));
  }
  expect((await fetch(`${server.url}/connectors`, as('secret'))).status).toBe(429);
  await clock.advance(10_000);
  server.cluster.fail('orders', 0, 'Error: away');
  const { text } = await read(response, (all) => all.includes('event: change'));
  expect(text).toContain('Error: away');
});

test('whoever hangs up before there is anything to show is forgotten', async () => {
  const cluster = new SlowCluster();
  await using server = await listening({}, cluster);
  const hangUp = new AbortController();
  const asked = fetch(`${server.url}/sluice/live`, { signal: hangUp.signal });
  await waitFor(() => cluster.waiting > 0, { timeoutMs: 5_000, what: 'the cluster is looked at' });
  hangUp.abort();
  await expect(asked).rejects.toThrow();
  const { api } = server;
  const connections = async (): Promise<number> =>
    new Promise((resolve) => api.server.getConnections((_error, count) => resolve(count)));
  await waitFor(async () => (await connections()) === 0, {
    timeoutMs: 5_000,
    what: 'the connection is closed',
  });
  cluster.answer();
  await waitFor(() => cluster.answered > 0 && server.feed.clients === 0, {
    timeoutMs: 5_000,
    what: 'the client is gone',
  });
  await server.feed.ready();
  expect(server.feed.clients).toBe(0);
});

test('without a store the answer says so, and the stream does not begin', async () => {
  await using server = await listening();
  server.cluster.isReachable = false;
  const response = await fetch(`${server.url}/sluice/live`);
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error_code: 503 });
});

test('a question for the headers alone opens no stream', async () => {
  await using server = await listening();
  const response = await fetch(`${server.url}/sluice/live`, { method: 'HEAD' });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(server.feed.clients).toBe(0);
});
