/**
 * `sluice import --from-connect` takes a pipeline over from the real Kafka Connect: definitions, target states and
 * offsets, which Sluice keeps in a topic of its own. No line is lost or moved twice.
 */
import { appendFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Cluster,
  type KafkaConnect,
  type KafkaHandle,
  makeOwnedFolder,
  startCluster,
  startKafka,
  startKafkaConnect,
  waitFor,
} from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { linesIn } from './support/numbered-file.ts';
import { type CommandResult, sluice } from './support/sluice-command.ts';

const strings = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};
const patienceMs = 60_000;

let folder: string;
let kafka: KafkaHandle;
let connect: KafkaConnect;
let cluster: Cluster;

beforeAll(async () => {
  folder = makeOwnedFolder('import');
  kafka = await startKafka();
  [connect, cluster] = await Promise.all([
    startKafkaConnect({ kafka, config: { 'offset.flush.interval.ms': '500' } }),
    startCluster({ workers: 1, env: { KAFKA_BROKERS: kafka.bootstrap } }),
  ]);
}, 180_000);

afterAll(async () => {
  await Promise.all([cluster?.stop(), connect?.stop()]);
  await kafka?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function append(...lines: string[]): void {
  appendFileSync(join(folder, 'in.txt'), lines.map((line) => `${line}\n`).join(''));
}

async function untilArrived(count: number): Promise<void> {
  await waitFor(() => linesIn(join(folder, 'out.txt')).length >= count, {
    what: `${count} lines`,
    timeoutMs: patienceMs,
  });
  expect(linesIn(join(folder, 'out.txt'))).toEqual(linesIn(join(folder, 'in.txt')));
}

async function define(name: string, config: Readonly<Record<string, string>>): Promise<void> {
  const { status, body } = await connect.api.put(`/connectors/${name}/config`, config);
  expect(status, JSON.stringify(body)).toBe(201);
}

async function importing(...args: string[]): Promise<CommandResult> {
  return await sluice(cluster, ['import', '--from-connect', connect.url, ...args], {
    KAFKA_BROKERS: kafka.bootstrap,
  });
}

interface Told {
  readonly name: string;
  readonly verdict: string;
  readonly targetState: string;
  readonly offsets: number;
  readonly leftOut: readonly { readonly key: string }[];
  readonly reasons: readonly string[];
  readonly notes: readonly string[];
}

test('a pipeline is taken over where it was', async () => {
  append('one', 'two');
  await define('lines', {
    'connector.class': 'org.apache.kafka.connect.file.FileStreamSourceConnector',
    file: join(folder, 'in.txt'),
    topic: 'lines',
    'producer.override.linger.ms': '5',
    ...strings,
  });
  await define('out', {
    'connector.class': 'FileStreamSink',
    file: join(folder, 'out.txt'),
    topics: 'lines',
    ...strings,
  });
  await define('rack', {
    'connector.class': 'FileStreamSink',
    file: join(folder, 'rack.txt'),
    topics: 'lines',
    'consumer.override.client.rack': 'a',
  });
  await untilArrived(2);
  expect((await connect.api.put('/connectors/rack/pause')).status).toBe(202);

  const dry = await importing('--dry-run', '--json');
  expect(dry.code, dry.stderr).toBe(3);
  const told = JSON.parse(dry.stdout) as Told[];
  expect(told.map(({ name, verdict }) => `${name} ${verdict}`)).toEqual([
    'lines changed',
    'out movable',
    'rack impossible',
  ]);
  expect(told[0]?.leftOut.map(({ key }) => key)).toEqual(['producer.override.linger.ms']);
  expect(told[2]?.reasons[0]).toMatch(/consumer\.override\.client\.rack/);
  expect(told[2]?.notes[0]).toMatch(/key\.converter and value\.converter of the worker/);

  const running = await importing('lines', 'out');
  expect(running.code).toBe(3);
  expect(running.stdout).toMatch(/it is not stopped in Kafka Connect/);

  const moved = await importing('lines', 'out', '--stop');
  expect(moved).toMatchObject({ code: 0, stderr: '' });
  expect(moved.stdout.trim().split('\n')).toEqual([
    'connector lines imported, with 1 offsets, is to be STARTED',
    'connector out imported, with 1 offsets, is to be STARTED',
  ]);
  append('three', 'four');
  await untilArrived(4);
  const { tasks } = await connect.api.read<{ tasks: unknown[] }>('/connectors/lines/status');
  expect(tasks).toEqual([]);
}, 180_000);

test('stopped and paused ones come as they are, several by a pattern, and the dry run says so in words', async () => {
  append('five');
  const sourceOf = (name: string): Readonly<Record<string, string>> => ({
    'connector.class': 'FileStreamSource',
    file: join(folder, 'in.txt'),
    topic: name,
    ...strings,
  });
  await define('many-stopped', sourceOf('many-stopped'));
  await define('many-paused', {
    'connector.class': 'FileStreamSink',
    file: join(folder, 'many.txt'),
    topics: 'many-stopped',
    ...strings,
  });
  await define('many-odd', { ...sourceOf('many-odd'), 'producer.override.acks': '1' });
  const lines = linesIn(join(folder, 'in.txt')).length;
  await waitFor(() => linesIn(join(folder, 'many.txt')).length >= lines, {
    what: 'the lines in Kafka Connect',
    timeoutMs: patienceMs,
  });
  expect((await connect.api.put('/connectors/many-stopped/stop')).status).toBe(204);
  expect((await connect.api.put('/connectors/many-paused/pause')).status).toBe(202);
  const { offsets } = await waitFor(
    async () => connect.api.read<{ offsets: unknown[] }>('/connectors/many-stopped/offsets'),
    {
      what: 'offsets of the stopped one',
      until: (seen) => seen.offsets.length === 1,
      timeoutMs: patienceMs,
    },
  );
  await waitFor(async () => connect.api.read<Status>('/connectors/many-paused/status'), {
    what: 'the sink to be paused',
    until: ({ connector, tasks }) => [connector, ...tasks].every(({ state }) => state === 'PAUSED'),
    timeoutMs: patienceMs,
  });

  const dry = await importing('many-*', '--dry-run');
  expect(dry).toMatchObject({ code: 3, stderr: '' });
  const said = dry.stdout.trimEnd().split('\n');
  expect(said.slice(0, 4).map((line) => line.replace(/ +/g, ' '))).toEqual([
    'CONNECTOR VERDICT TARGET STATE OFFSETS',
    'many-odd impossible STARTED 1',
    'many-paused movable PAUSED 1',
    'many-stopped movable STOPPED 1',
  ]);
  expect(dry.stdout).toMatch(/^many-odd:\n {2}impossible: .*producer\.override\.acks/m);
  expect(dry.stdout).toMatch(/^many-paused:\n {2}note: it is not stopped in Kafka Connect/m);
  expect(dry.stdout).not.toMatch(/^many-stopped:/m);

  const moved = await importing('many-stopped', 'many-paused', '--stop');
  expect(moved.stdout.trim().split('\n')).toEqual([
    'connector many-paused imported, with 1 offsets, is to be PAUSED',
    'connector many-stopped imported, with 1 offsets, is to be STOPPED',
  ]);
  const ours = await sluice(cluster, ['offsets', 'get', 'many-stopped', '--json'], {
    KAFKA_BROKERS: kafka.bootstrap,
  });
  expect(JSON.parse(ours.stdout)).toEqual({ offsets });

  // Each goes on from there: the paused sink has nothing twice, the stopped source only what is new.
  append('six');
  for (const name of ['many-stopped', 'many-paused']) {
    const resumed = await sluice(cluster, ['resume', name, '--wait'], {});
    expect(resumed, resumed.stderr).toMatchObject({ code: 0 });
  }
  await waitFor(() => linesIn(join(folder, 'many.txt')).length > lines, {
    what: 'the new line',
    timeoutMs: patienceMs,
  });
  expect(linesIn(join(folder, 'many.txt'))).toEqual(linesIn(join(folder, 'in.txt')));
}, 180_000);

interface Status {
  readonly connector: { readonly state: string };
  readonly tasks: readonly { readonly state: string }[];
}
