import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RedisLog } from '@sluice/record-log-redis';
import { type RedisHandle, startRedis } from '@sluice/testkit';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';

import { LiveCluster } from './live-cluster.ts';

let redis: RedisHandle;
let folder: string;

beforeAll(async () => {
  redis = await startRedis();
  folder = mkdtempSync(join(tmpdir(), 'sluice-transfer-'));
});

afterAll(async () => {
  await redis.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function started(): Promise<LiveCluster> {
  const cluster = new LiveCluster(redis.url);
  await cluster.startCoordinator();
  await cluster.startWorker('worker-1');
  return cluster;
}

const fakeSource = { 'connector.class': 'FakeSource', 'db.password': 'hunter2' };
const fakeSink = { 'connector.class': 'FakeSink', topics: 'orders' };
const offsets = '{"offsets":[{"partition":{"file":"a"},"offset":{"at":9007199254740993}}]}';

async function withTopic(cluster: LiveCluster): Promise<RedisLog> {
  const log = new RedisLog({ url: redis.url, cluster: cluster.name, clientId: 'test' });
  onTestFinished(async () => log.stop());
  await log.start();
  await log.topics.create('orders', { partitions: 1 });
  return log;
}

describe('a whole cluster', () => {
  test('is exported and imported, with target states and offsets', async () => {
    await using from = await started();
    await withTopic(from);
    const definitions = [
      { name: 'lines', config: fakeSource },
      { name: 'out', config: fakeSink },
      { name: 'new', config: fakeSource },
    ];
    await from.cli(['apply', '-f', '-', '--wait'], JSON.stringify(definitions));
    await from.cli(['stop', 'lines', 'out', '--wait']);
    await from.cli(['offsets', 'set', 'lines', '-f', '-'], offsets);
    const place = ['--topic', 'orders', '--partition', '0', '--offset', '42'];
    await from.cli(['offsets', 'set', 'out', ...place]);
    await from.cli(['resume', 'lines', '--wait']);
    await from.cli(['pause', 'lines', '--wait']);

    const file = join(folder, 'cluster.json');
    const exported = await from.cli(['export', '--output', file]);
    expect(exported).toMatchObject({ code: 0, out: '' });
    expect(exported.err).toBe(
      `3 connectors written to ${file}\noffsets of 1 connectors that are not stopped go on meanwhile`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);

    await using to = await started();
    const log = await withTopic(to);
    const dry = await to.cli(['import', file, '--dry-run']);
    expect(dry).toMatchObject({ code: 0, err: '' });
    expect(dry.out.split('\n').slice(1)).toEqual([
      'lines      movable  PAUSED        1',
      'new        movable  STARTED       0',
      'out        movable  STOPPED       1',
    ]);
    expect((await to.cli(['get', 'connectors'])).out).toMatch(/^there are no connectors/);

    const imported = await to.cli(['import', file]);
    expect(imported).toMatchObject({ code: 0, err: '' });
    expect(imported.out.split('\n')).toEqual([
      'connector lines imported, with 1 offsets, is to be PAUSED',
      'connector new imported, with 0 offsets, is to be STARTED',
      'connector out imported, with 1 offsets, is to be STOPPED',
    ]);
    expect((await to.cli(['offsets', 'get', 'lines', '--json'])).out).toBe(offsets);
    expect(await log.listGroupOffsets('connect-out')).toMatchObject([{ offset: 42 }]);

    const again = await to.cli(['export']);
    const connectorsOf = (text: string): unknown =>
      (JSON.parse(text) as { connectors: unknown }).connectors;
    expect(connectorsOf(again.out)).toEqual(connectorsOf(readFileSync(file, 'utf8')));

    const twice = await to.cli(['import', file]);
    expect(twice.code).toBe(3);
    expect(twice.out).toMatch(/a connector lines is there already, and runs/);
    expect(twice.err).toMatch(/nothing was imported/);
  });

  test('an import that was cut short goes on', async () => {
    await using to = await started();
    await withTopic(to);
    // As it is after the first of its steps.
    const config = JSON.stringify({ name: 'out', config: fakeSink, initial_state: 'STOPPED' });
    await to.cli(['apply', '-f', '-'], config);
    const file = JSON.stringify({
      sluice_export: 1,
      connectors: [
        {
          name: 'out',
          config: { ...fakeSink, name: 'out' },
          target_state: 'PAUSED',
          offsets: [
            {
              partition: { kafka_topic: 'orders', kafka_partition: 0 },
              offset: { kafka_offset: 7 },
            },
          ],
        },
      ],
    });
    expect(await to.cli(['import', '-'], file)).toMatchObject({ code: 0, err: '' });
    expect((await to.cli(['offsets', 'get', 'out'])).out).toMatch(/^orders\/0 +7\b/m);
    const { out } = await to.cli(['get', 'connectors', '--json']);
    expect(JSON.parse(out)).toMatchObject([{ name: 'out', targetState: 'PAUSED' }]);
  });

  test('offsets that do not fit leave the connector stopped', async () => {
    await using to = await started();
    const file = JSON.stringify({
      sluice_export: 1,
      connectors: [
        {
          name: 'out',
          config: { ...fakeSink, name: 'out' },
          target_state: 'STARTED',
          offsets: [
            {
              partition: { kafka_topic: 'nowhere', kafka_partition: 0 },
              offset: { kafka_offset: 7 },
            },
          ],
        },
      ],
    });
    const result = await to.cli(['import', '-'], file);
    expect(result.code).toBe(3);
    expect(result.err).toMatch(/^error: out: .*there is no topic 'nowhere'/);
    const { out } = await to.cli(['get', 'connectors', '--json']);
    expect(JSON.parse(out)).toMatchObject([{ name: 'out', targetState: 'STOPPED' }]);
  });

  test('export takes names and patterns', async () => {
    await using from = await started();
    const definitions = ['a-1', 'a-2', 'b'].map((name) => ({ name, config: fakeSource }));
    await from.cli(['apply', '-f', '-'], JSON.stringify(definitions));
    const { out } = await from.cli(['export', 'a-*', '--no-offsets']);
    expect(JSON.parse(out)).toMatchObject({
      connectors: [{ name: 'a-1' }, { name: 'a-2' }],
    });
    expect(out).not.toContain('offsets');
    expect(await from.cli(['export', 'c'])).toMatchObject({ code: 4, out: '' });
  });
});

/** Answers as Kafka Connect does, of connectors that are written here. */
async function fakeConnect(
  hasOffsets: (name: string, isStopped: boolean) => boolean = () => true,
): Promise<{ readonly url: string; readonly stopped: string[]; readonly asked: string[] }> {
  const config = {
    ...fakeSource,
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  };
  const stopped: string[] = [];
  const asked: string[] = [];
  const statusOf = (name: string, state: string): object => {
    const isStopped = stopped.includes(name);
    return {
      connector: { state: isStopped ? 'STOPPED' : state },
      tasks: isStopped || state === 'STOPPED' ? [] : [{ id: 0, state }],
    };
  };
  const connector = (name: string, own: object, state: string): [string, object] => {
    const info = { name, config: { ...config, ...own, name }, type: 'source' };
    return [name, { info, status: statusOf(name, state) }];
  };
  const server: Server = createServer((request, response) => {
    const { method, url = '', headers } = request;
    if (headers.authorization !== `Basic ${Buffer.from('me:p@ss').toString('base64')}`) {
      response.writeHead(401).end('{"error_code":401,"message":"who are you"}');
      return;
    }
    asked.push(`${method} ${url.replace('/base/', '')}`);
    const stop = /^\/base\/connectors\/(.*)\/stop$/.exec(url)?.[1];
    if (method === 'PUT' && stop !== undefined) {
      stopped.push(stop);
      response.writeHead(204).end();
      return;
    }
    const [, name = '', what] = /^\/base\/connectors\/(.*)\/(offsets|status)$/.exec(url) ?? [];
    if (what === 'status') {
      response.end(JSON.stringify({ name, ...statusOf(name, 'RUNNING') }));
      return;
    }
    if (what === 'offsets') {
      if (hasOffsets(name, stopped.includes(name))) response.end(offsets);
      else response.writeHead(500).end('{"error_code":500,"message":"no such class"}');
      return;
    }
    response.end(
      JSON.stringify(
        Object.fromEntries([
          connector('java-only', { 'connector.class': 'com.acme.JavaOnly' }, 'RUNNING'),
          connector('lines', {}, 'RUNNING'),
          connector('tuned', { 'producer.override.linger.ms': '5' }, 'STOPPED'),
        ]),
      ),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://me:p%40ss@127.0.0.1:${port}/base`, stopped, asked };
}

describe('from a running Kafka Connect', () => {
  test('a dry run tells what is movable, changed, impossible, and changes nothing', async () => {
    await using to = await started();
    const { url, stopped } = await fakeConnect();
    const dry = await to.cli(['import', '--from-connect', url, '--dry-run']);
    expect(dry.code).toBe(3);
    const [table, ...details] = dry.out.split('\n\n');
    expect(table?.split('\n')).toEqual([
      'CONNECTOR  VERDICT     TARGET STATE  OFFSETS',
      'java-only  impossible  STARTED       1',
      'lines      movable     STARTED       1',
      'tuned      changed     STOPPED       1',
    ]);
    expect(details[0]).toMatch(
      /^java-only:\n {2}impossible: connector\.class: .*com\.acme\.JavaOnly/,
    );
    expect(details[1]).toMatch(/^lines:\n {2}note: it is not stopped in Kafka Connect/);
    expect(details[2]).toMatch(/^tuned:\n {2}left out: producer\.override\.linger\.ms: it tunes/);
    expect(stopped).toEqual([]);
    expect(dry.out + dry.err).not.toMatch(/p@ss|p%40ss|hunter2/);
  });

  test('nothing is imported while one of them is impossible or runs', async () => {
    await using to = await started();
    const { url, stopped } = await fakeConnect();
    const all = await to.cli(['import', '--from-connect', url, '--stop']);
    expect(all).toMatchObject({ code: 3 });
    expect(all.err).toMatch(/nothing was imported/);
    const running = await to.cli(['import', '--from-connect', url, 'lines']);
    expect(running.code).toBe(3);
    expect(running.out).toMatch(/impossible: it is not stopped in Kafka Connect/);
    expect(stopped).toEqual([]);
  });

  test('what runs is stopped there, and runs here', async () => {
    await using to = await started();
    const { url, stopped, asked } = await fakeConnect();
    const imported = await to.cli(['import', '--from-connect', url, 'lines', 't*', '--stop']);
    expect(imported).toMatchObject({ code: 0, err: '' });
    expect(stopped).toEqual(['lines']);
    // Of one connector, not of all that there are.
    const stop = asked.indexOf('PUT connectors/lines/stop');
    expect(asked[stop + 1]).toBe('GET connectors/lines/status');
    const { out } = await to.cli(['get', 'connectors', '--json']);
    expect(JSON.parse(out)).toMatchObject([
      { name: 'lines', targetState: 'STARTED' },
      { name: 'tuned', targetState: 'STOPPED' },
    ]);
    expect((await to.cli(['offsets', 'get', 'tuned', '--json'])).out).toBe(offsets);
    const described = await to.cli(['describe', 'tuned']);
    expect(described.out).not.toContain('linger');
  });

  test('one whose offsets it does not tell is impossible, and keeps the others from nothing', async () => {
    await using to = await started();
    const { url } = await fakeConnect((name) => name !== 'java-only');
    const dry = await to.cli(['import', '--from-connect', url, '--dry-run']);
    expect(dry.out).toMatch(/^java-only +impossible +STARTED +-$/m);
    expect(dry.out).toMatch(/impossible: Kafka Connect does not tell the offsets of java-only/);
    expect(dry.out).toMatch(/^lines +movable +STARTED +1$/m);
    const imported = await to.cli(['import', '--from-connect', url, 'tuned']);
    expect(imported).toMatchObject({ code: 0, err: '' });
  });

  test('where it fails half-way it says how to start it, since it is stopped there by then', async () => {
    await using to = await started();
    let isBroken = true;
    const { url } = await fakeConnect((_name, isStopped) => !(isStopped && isBroken));
    const failed = await to.cli(['import', '--from-connect', url, 'lines', '--stop']);
    expect(failed.code).toBe(3);
    expect(failed.err).toMatch(
      /^error: lines: .*no such class.*\nlines was STARTED in Kafka Connect, .*: once it is imported, sluice resume lines$/,
    );
    isBroken = false;
    const again = await to.cli(['import', '--from-connect', url, 'lines', '--stop']);
    expect(again).toMatchObject({ code: 0, err: '' });
    expect(again.out).toBe('connector lines imported, with 1 offsets, is to be STOPPED');
  });

  test('what cannot be reached, or lets nobody in, is said', async () => {
    await using to = await started();
    const { url } = await fakeConnect();
    const denied = await to.cli(['import', '--from-connect', url.replace('me:p%40ss@', '')]);
    expect(denied).toMatchObject({ code: 5 });
    expect(denied.err).toMatch(/with 401: .*who are you/);
    const nowhere = await to.cli(['import', '--from-connect', 'http://127.0.0.1:1']);
    expect(nowhere).toMatchObject({ code: 5 });
    expect(nowhere.err).toMatch(/cannot reach Kafka Connect at http:\/\/127\.0\.0\.1:1\//);
    expect(await to.cli(['import', '--from-connect', 'connect:8083'])).toMatchObject({ code: 2 });
  });
});
