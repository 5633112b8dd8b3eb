/**
 * The standalone mode: the files of Kafka Connect's quickstart, one process, no Redis to operate. What was moved is
 * not moved again after a restart, and no process is left behind.
 */
import { once } from 'node:events';
import { appendFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { tokenProof, tokenText } from '@sluice/access';
import {
  ApiClient,
  freePort,
  isAlive,
  type KafkaHandle,
  limitMs,
  makeCertificate,
  makeOwnedFolder,
  type NodeProcess,
  spawnNode,
  startKafka,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeEach, describe, expect, test, vi } from 'vitest';

/** As they come with Kafka. */
const fileSource = {
  name: 'local-file-source',
  'connector.class': 'FileStreamSource',
  'tasks.max': '1',
  file: 'test.txt',
  topic: 'connect-test',
};
const fileSink = {
  name: 'local-file-sink',
  'connector.class': 'FileStreamSink',
  'tasks.max': '1',
  file: 'test.sink.txt',
  topics: 'connect-test',
};
const json = 'org.apache.kafka.connect.json.JsonConverter';
const worker = {
  'key.converter': json,
  'value.converter': json,
  'key.converter.schemas.enable': 'true',
  'value.converter.schemas.enable': 'true',
  'offset.flush.interval.ms': '1000',
};
const patienceMs = 60_000;
const connectOffsets =
  'rO0ABXNyABFqYXZhLnV0aWwuSGFzaE1hcAUH2sHDFmDRAwACRgAKbG9hZEZhY3RvckkACXRocmVzaG9sZHhwP0AAAAAAAAx3CAAAABAA' +
  'AAADdXIAAltCrPMX+AYIVOACAAB4cAAAABRbImdyw7bDn2UiLHsiaWQiOjJ9XXB1cQB+AAIAAAAUWyJncsO2w59lIix7ImlkIjoxfV11' +
  'cQB+AAIAAAAXeyJhdCI6OTAwNzE5OTI1NDc0MDk5M311cQB+AAIAAAAtWyJsb2NhbC1maWxlLXNvdXJjZSIseyJmaWxlbmFtZSI6InRl' +
  'c3QudHh0In1ddXEAfgACAAAAD3sicG9zaXRpb24iOjEyfXg=';

// Longer than two waits, which then tell what they saw.
vi.setConfig({ testTimeout: 180_000 });

const folder = makeOwnedFolder('standalone');
let port: number;
let api: ApiClient;
let count = 0;

beforeEach(async () => {
  port = await freePort();
  api = new ApiClient(() => `http://127.0.0.1:${port}`);
  for (const name of ['test.txt', 'test.sink.txt']) rmSync(join(folder, name), { force: true });
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string, properties: Readonly<Record<string, string>>): string {
  const lines = Object.entries(properties).map(([key, value]) => `${key}=${value}\n`);
  writeFileSync(join(folder, name), lines.join(''));
  return name;
}

function standalone(settings: Readonly<Record<string, string>>, ...files: string[]): NodeProcess {
  return standaloneWith({}, settings, ...files);
}

function standaloneWith(
  env: Readonly<Record<string, string>>,
  settings: Readonly<Record<string, string>>,
  ...files: string[]
): NodeProcess {
  const workerFile = write('connect-standalone.properties', {
    ...worker,
    listeners: `http://:${port}`,
    ...settings,
  });
  return spawnNode('apps/cli/src/main.ts', {
    name: 'sluice standalone',
    args: ['standalone', workerFile, ...files],
    cwd: folder,
    env: { REDIS_URL: undefined, KAFKA_BROKERS: undefined, ...env },
  });
}

function connectorFiles(): string[] {
  return [
    write('connect-file-source.properties', fileSource),
    write('connect-file-sink.properties', fileSink),
  ];
}

/** Appended to what the source reads. */
function moreLines(): string[] {
  const lines = Array.from({ length: 3 }, () => `line ${++count}`);
  appendFileSync(join(folder, 'test.txt'), `${lines.join('\n')}\n`);
  return lines;
}

async function untilArrived(lines: readonly string[]): Promise<void> {
  const expected = lines.map((line) => `${line}\n`).join('');
  await waitFor(() => output(), {
    what: 'the lines in the file of the sink',
    until: (seen) => seen.length >= expected.length,
    timeoutMs: patienceMs,
  });
  expect(output()).toBe(expected);
}

function output(): string {
  const file = join(folder, 'test.sink.txt');
  return existsSync(file) ? readFileSync(file, 'utf8') : '';
}

/** The redis-servers below it. */
function redisOf({ pid }: Pick<NodeProcess, 'pid'>): number[] {
  const children = textOf(`/proc/${pid}/task/${pid}/children`).match(/\d+/g) ?? [];
  return children.map(Number).flatMap((child) => {
    const isRedis = textOf(`/proc/${child}/cmdline`).includes('redis-server');
    return [...(isRedis ? [child] : []), ...redisOf({ pid: child })];
  });
}

/** Empty of a process that has ended: one that checked a definition, as an example. */
function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

async function restartsWhereItStopped(settings: Readonly<Record<string, string>>): Promise<void> {
  const files = connectorFiles();
  const first = moreLines();
  await using before = standalone(settings, ...files);
  await before.waitForLog('standalone ready', { timeoutMs: patienceMs });
  await untilArrived(first);
  const { status, body } = await api.get('/connectors');
  expect({ status, body }).toEqual({ status: 200, body: ['local-file-sink', 'local-file-source'] });
  const redis = redisOf(before);
  expect(redis).not.toEqual([]);
  await before.kill('SIGTERM');
  expect(await before.exited, before.describe()).toEqual({ code: 0, signal: null });
  expect(redis.filter(isAlive)).toEqual([]);

  const second = moreLines();
  await using after = standalone(settings, ...files);
  await untilArrived([...first, ...second]);
  await after.kill('SIGTERM');
  expect(await after.exited, after.describe()).toEqual({ code: 0, signal: null });
}

describe('on a log of its own', () => {
  test('moves the lines of the quickstart, and goes on where it stopped', async () => {
    await restartsWhereItStopped({ 'offset.storage.file.filename': join(folder, 'own.offsets') });
  });

  test('leaves no redis-server behind when it is killed, and starts again on its data', async () => {
    const settings = { 'offset.storage.file.filename': join(folder, 'killed.offsets') };
    const files = connectorFiles();
    const first = moreLines();
    await using before = standalone(settings, ...files);
    await untilArrived(first);
    const redis = redisOf(before);
    await before.kill('SIGKILL');
    await before.exited;
    await waitFor(() => !redis.some(isAlive), { what: 'its redis-server to end' });

    const second = moreLines();
    await using after = standalone(settings, ...files);
    await waitFor(() => output().includes(second.at(-1) ?? ''), {
      what: 'what was written meanwhile',
      timeoutMs: patienceMs,
    });
    // At least once: the last flush before the kill may be missing.
    expect([...new Set(output().trim().split('\n'))]).toEqual([...first, ...second]);
    await after.kill('SIGTERM');
    expect(await after.exited, after.describe()).toEqual({ code: 0, signal: null });
  });

  test('a second one on the same data is refused', async () => {
    const settings = { 'offset.storage.file.filename': join(folder, 'shared.offsets') };
    await using first = standalone(settings);
    await first.waitForLog('standalone ready', { timeoutMs: patienceMs });
    await using second = standalone({ ...settings, listeners: 'http://127.0.0.1:0' });
    expect(await second.exited).toEqual({ code: 3, signal: null });
    expect(second.stderr).toMatch(/another standalone process uses .*shared.offsets.sluice/);
  });

  test('what is wrong with its listener, or another of its settings, is said of the key in the file', async () => {
    const settings = { 'offset.storage.file.filename': join(folder, 'keys.offsets') };
    await using taken = createServer().listen(port, '127.0.0.1');
    await once(taken, 'listening');
    await using inUse = standalone(settings);
    expect((await inUse.exited).code).toBe(2);
    expect(inUse.stderr).toMatch(/in use: .* set listeners to another port/);
    await using wrong = standalone({ ...settings, 'offset.flush.interval.ms': 'soon' });
    expect((await wrong.exited).code).toBe(2);
    expect(wrong.stderr).toMatch(/offset\.flush\.interval\.ms/);
    expect(wrong.stderr).not.toMatch(/SLUICE_OFFSET/);
  });

  test('a connector that is refused ends it, and says why', async () => {
    const settings = { 'offset.storage.file.filename': join(folder, 'refused.offsets') };
    const file = write('unknown.properties', { name: 'x', 'connector.class': 'com.acme.Unknown' });
    await using process = standalone(settings, file);
    expect(await process.exited).toEqual({ code: 3, signal: null });
    expect(process.stderr).toMatch(/com\.acme\.Unknown/);
  });
});

test('callers are read again on SIGHUP, by the coordinator and the worker in it', async () => {
  const line = (secret: string): string => `ann:viewer:${tokenText(tokenProof(secret))}\n`;
  const authFile = join(folder, 'callers');
  writeFileSync(authFile, line('secret'));
  const settings = { 'offset.storage.file.filename': join(folder, 'hangup.offsets') };
  await using process = standaloneWith({ SLUICE_AUTH_FILE: authFile }, settings);
  await process.waitForLog('standalone ready', { timeoutMs: patienceMs });
  const status = async (): Promise<number> => {
    const headers = { authorization: 'Bearer secret' };
    return (await fetch(`http://127.0.0.1:${port}/connectors`, { headers })).status;
  };
  expect(await status()).toBe(200);
  writeFileSync(authFile, line('other'));
  await process.kill('SIGHUP');
  // Sooner than it would look by itself.
  await waitFor(status, {
    what: 'the token to be refused',
    until: (seen) => seen === 401,
    timeoutMs: limitMs(3_000),
  });
  const rereads = (): number => process.stdout.split('the callers were read again').length - 1;
  await waitFor(rereads, {
    what: 'the coordinator and the worker to say so',
    until: (said) => said === 2,
  });
  await process.kill('SIGTERM');
  expect(await process.exited, process.describe()).toEqual({ code: 0, signal: null });
});

test('listens with TLS and without, with a store in PEM as the file names it', async () => {
  const { certificate, key } = makeCertificate(Date.now());
  writeFileSync(join(folder, 'rest.pem'), `${key}${certificate}`);
  const encryptedPort = await freePort();
  await using process = standalone({
    'offset.storage.file.filename': join(folder, 'tls.offsets'),
    listeners: `http://:${port},https://:${encryptedPort}`,
    'listeners.https.ssl.keystore.type': 'PEM',
    'listeners.https.ssl.keystore.location': join(folder, 'rest.pem'),
  });
  await process.waitForLog('standalone ready', { timeoutMs: patienceMs });
  expect(await api.get('/connectors')).toMatchObject({ status: 200, body: [] });
  const answer = await new Promise<{ status?: number | undefined; name: string }>(
    (resolve, reject) => {
      const options = { host: '127.0.0.1', port: encryptedPort, path: '/connectors', agent: false };
      get({ ...options, ca: certificate }, (response) => {
        response.resume();
        const { subject } = (response.socket as TLSSocket).getPeerCertificate();
        resolve({ status: response.statusCode, name: String(subject.CN) });
      }).once('error', reject);
    },
  );
  expect(answer).toEqual({ status: 200, name: 'sluice test' });
  const plain = new ApiClient(() => `http://127.0.0.1:${encryptedPort}`);
  await expect(plain.get('/connectors')).rejects.toThrow();
  await process.kill('SIGTERM');
  expect(await process.exited, process.describe()).toEqual({ code: 0, signal: null });
});

test('a source goes on where Kafka Connect left it', async () => {
  const offsetFile = join(folder, 'connect.offsets');
  // As Kafka Connect writes it, after the first 12 bytes of test.txt.
  writeFileSync(offsetFile, Buffer.from(connectOffsets, 'base64'));
  writeFileSync(join(folder, 'test.txt'), '0123456789a\nnext\n');
  await using process = standalone(
    { 'offset.storage.file.filename': offsetFile },
    ...connectorFiles(),
  );
  await untilArrived(['next']);
  await process.kill('SIGTERM');
  expect(await process.exited, process.describe()).toEqual({ code: 0, signal: null });
});

describe('on Kafka', () => {
  let kafka: KafkaHandle | undefined;

  afterAll(async () => {
    await kafka?.stop();
  });

  test('moves the lines of the quickstart, and goes on where it stopped', async () => {
    kafka = await startKafka();
    await restartsWhereItStopped({
      'bootstrap.servers': kafka.bootstrap,
      'offset.storage.file.filename': join(folder, 'kafka.offsets'),
    });
    // The topic remembers; nothing is kept beside it.
    expect(existsSync(join(folder, 'kafka.offsets.sluice'))).toBe(false);
  });
});
