/**
 * `POST /sluice/preview` on a real coordinator: what connector code does in a preview stays in its process, and that
 * process is gone when nobody waits for it any more.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cluster, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { showLogsOnFailure } from './support/cluster-facts.ts';

interface Offsets {
  readonly offsets: readonly { readonly offset: { readonly position: number } }[];
}

interface Answer {
  readonly class?: string;
  readonly records: readonly { readonly before: { readonly value: string } }[];
  readonly end: { readonly kind: string; readonly by?: string; readonly message?: string };
}

const folder = makeOwnedFolder('preview');
const pidFile = join(folder, 'pid');
let cluster: Cluster;

beforeAll(async () => {
  const plugin = fileURLToPath(new URL('./support/previewed-plugin.ts', import.meta.url));
  cluster = await startCluster({ workers: 1, env: { SLUICE_PLUGINS: plugin } });
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => {
  showLogsOnFailure(cluster);
  rmSync(pidFile, { force: true });
});

function previewed(mode: string): Record<string, string> {
  return { 'connector.class': 'PreviewedSource', mode, 'pid.file': pidFile };
}

async function pidOfPreview(): Promise<number> {
  return await waitFor(() => (existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8')) : 0), {
    what: 'the previewed source to run',
    until: (pid) => pid > 0,
    timeoutMs: 20_000,
  });
}

async function untilGone(pid: number): Promise<void> {
  await waitFor(() => !isAlive(pid), { what: `process ${pid} to be gone`, timeoutMs: 30_000 });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function preview(config: object, query = '', signal?: AbortSignal): Promise<Response> {
  const [coordinator] = cluster.coordinators;
  return fetch(`${coordinator?.url}/sluice/preview${query}`, {
    method: 'POST',
    body: JSON.stringify({ config }),
    headers: { 'content-type': 'application/json' },
    ...(signal ? { signal } : {}),
  });
}

test('a source is shown, and nothing of it is left', async () => {
  const topic = 'previewed-orders';
  const response = await preview(
    { 'connector.class': 'DatagenSource', topic, rate: '-1' },
    '?records=3',
  );
  expect(response.status).toBe(200);
  const answer = (await response.json()) as Answer;
  expect(answer).toMatchObject({ tasks: 1, end: { kind: 'ended', by: 'records' } });
  expect(answer.class).toContain('Datagen');
  expect(answer.records).toHaveLength(3);
  expect(await cluster.api.read('/connectors')).toEqual([]);
});

test('it begins where the connector got to, if it is asked to', async () => {
  const file = join(folder, 'lines');
  const config = { 'connector.class': 'FileStreamSource', file, topic: 'lines', name: 'lines' };
  writeFileSync(file, 'one\ntwo\n');
  await cluster.apply('lines', config);
  const linesOf = async (query: string): Promise<string[]> => {
    const response = await preview(config, `${query}&timeoutMs=10000`);
    const { records } = (await response.json()) as Answer;
    return records.map(({ before }) => JSON.parse(before.value) as string);
  };
  expect(await linesOf('?records=2')).toEqual(['one', 'two']);
  const stored = await waitFor(
    async () => await cluster.api.read<Offsets>('/connectors/lines/offsets'),
    {
      what: 'the offset behind both lines to be stored',
      until: ({ offsets }) => offsets.some(({ offset }) => offset.position === 8),
      timeoutMs: 30_000,
    },
  );
  await cluster.api.put('/connectors/lines/stop');
  // A third line might be read by the task that is about to stop.
  const behindFirst = stored.offsets.map((each) => ({ ...each, offset: { position: 4 } }));
  await waitFor(
    async () => await cluster.api.patch('/connectors/lines/offsets', { offsets: behindFirst }),
    {
      what: 'the offset behind the first line to be set',
      until: ({ status }) => status === 200,
      timeoutMs: 30_000,
    },
  );
  expect(await linesOf('?records=1&fromOffsets=true')).toEqual(['two']);
  await cluster.api.delete('/connectors/lines');
});

test('code that blocks is ended, and neither the API nor the next preview waits for it', {
  timeout: 60_000,
}, async () => {
  const blocked = preview(previewed('block'), '?timeoutMs=200');
  const pid = await pidOfPreview();
  const beganMs = performance.now();
  const busy = await preview({ 'connector.class': 'DatagenSource', topic: 't' });
  expect(busy.status).toBe(429);
  expect(await busy.json()).toMatchObject({ error_code: 429, code: 'preview.busy' });
  expect((await cluster.api.get('/connectors')).status).toBe(200);
  // It is ended after twelve.
  expect(performance.now() - beganMs).toBeLessThan(8_000);

  const response = await blocked;
  expect(response.status).toBe(200);
  const { end } = (await response.json()) as Answer;
  expect(end).toMatchObject({ kind: 'failed', stage: 'poll' });
  expect(end.message).toContain('it did not end in time and was killed');
  await untilGone(pid);
  const next = await preview({ 'connector.class': 'DatagenSource', topic: 't' }, '?records=1');
  expect(next.status).toBe(200);
});

test('code that ends its process is told with what it printed, which has none of our settings', async () => {
  const response = await preview(previewed('print'), '?timeoutMs=2000');
  const { end } = (await response.json()) as Answer;
  expect(end.message).toContain('its process ended with code 3');
  expect(end.message).toContain('PATH');
  expect(end.message).not.toMatch(/REDIS_URL|SLUICE_/);
});

test.each([
  [{ 'connector.class': 'Nothing' }, /there is no connector Nothing.*SLUICE_PLUGINS/s],
  [{ 'connector.class': 'FileStreamSink' }, /is a sink/],
  [{ 'connector.class': 'FileStreamSource' }, /topic/],
])('%j is refused', async (config, message) => {
  const response = await preview(config);
  expect(response.status).toBe(400);
  const body = (await response.json()) as { message: string };
  expect(body).toMatchObject({ error_code: 400, code: 'preview.invalid' });
  expect(body.message).toMatch(message);
});

test('it ends when its client hangs up, when the coordinator stops, and when it is killed', async () => {
  const client = new AbortController();
  preview(previewed('block'), '?timeoutMs=60000', client.signal).catch(() => {});
  const hungUp = await pidOfPreview();
  client.abort();
  await untilGone(hungUp);

  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    rmSync(pidFile, { force: true });
    const [coordinator] = cluster.coordinators;
    preview(previewed('idle'), '?timeoutMs=60000').catch(() => {});
    const pid = await pidOfPreview();
    await coordinator?.process.kill(signal);
    await untilGone(pid);
    cluster.coordinators.shift();
    await cluster.addCoordinator();
  }
});
