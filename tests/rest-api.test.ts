/**
 * Offsets and topics of real connectors through the API, plugins and loggers, asked of either of two coordinators: a source reads a file into
 * a topic and a sink writes it into another; then their offsets are looked at, altered and reset.
 */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { ApiClient, type Cluster, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';

import { showLogsOnFailure } from './support/cluster-facts.ts';

const folder = makeOwnedFolder('offsets');
const input = join(folder, 'in.txt');
const output = join(folder, 'out.txt');
const text = { 'value.converter': 'org.apache.kafka.connect.storage.StringConverter' };
const source = { 'connector.class': 'FileStreamSource', file: input, topic: 'lines', ...text };
const sink = { 'connector.class': 'FileStreamSink', file: output, topics: 'lines', ...text };
let cluster: Cluster;
let apis: ApiClient[];

beforeAll(async () => {
  writeFileSync(input, 'one\ntwo\nthree\n');
  cluster = await startCluster({ coordinators: 2, workers: 2 });
  apis = cluster.coordinators.map(({ url }) => new ApiClient(() => url));
  await cluster.apply('in', source);
  await cluster.apply('out', sink);
  await untilLines(3);
});

afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

function lines(): string[] {
  return readFileSync(output, 'utf8').split('\n').slice(0, -1);
}

async function untilLines(count: number): Promise<string[]> {
  return await waitFor(() => lines(), {
    what: `${count} lines`,
    until: (seen) => seen.length >= count,
    timeoutMs: 30_000,
  });
}

async function offsetsOf(connector: string): Promise<unknown[]> {
  const { offsets } = await cluster.api.read<{ offsets: unknown[] }>(
    `/connectors/${connector}/offsets`,
  );
  return offsets;
}

const position = (bytes: number): object[] => [
  { partition: { filename: input }, offset: { position: bytes } },
];
const sunk = (offset: number): object[] => [
  { partition: { kafka_topic: 'lines', kafka_partition: 0 }, offset: { kafka_offset: offset } },
];

test('both coordinators tell the topics and offsets that were used', async () => {
  for (const connector of ['in', 'out']) {
    for (const api of apis) {
      await waitFor(async () => await api.read(`/connectors/${connector}/topics`), {
        what: `the topics of ${connector}`,
        until: (seen) => JSON.stringify(seen) === `{"${connector}":{"topics":["lines"]}}`,
      });
    }
  }
  await waitFor(async () => await offsetsOf('in'), {
    what: 'the offset of the source',
    until: (seen) => JSON.stringify(seen) === JSON.stringify(position(14)),
  });
  await waitFor(async () => await offsetsOf('out'), {
    what: 'the offset of the sink',
    until: (seen) => JSON.stringify(seen) === JSON.stringify(sunk(3)),
  });
});

test('offsets of what runs are not changed', async () => {
  for (const connector of ['in', 'out']) {
    const { status, body } = await cluster.api.delete(`/connectors/${connector}/offsets`);
    expect([status, body]).toMatchObject([400, { error_code: 400 }]);
  }
});

test('right after it was told to stop, a source goes on where it is put', async () => {
  const [a, b] = apis;
  expect((await a?.put('/connectors/in/stop'))?.status).toBe(204);
  const altered = await b?.patch('/connectors/in/offsets', { offsets: position(4) });
  expect(altered).toMatchObject({
    status: 200,
    body: { message: 'The offsets for this connector have been altered successfully' },
  });
  expect(await offsetsOf('in')).toEqual(position(4));
  expect((await b?.put('/connectors/in/resume'))?.status).toBe(202);
  expect((await untilLines(5)).slice(3)).toEqual(['two', 'three']);
});

test('a sink goes on where it is put, and from the start after a reset', async () => {
  const [a, b] = apis;
  await a?.put('/connectors/out/stop');
  await waitFor(async () => await b?.patch('/connectors/out/offsets', { offsets: sunk(4) }), {
    what: 'the offset of the sink to be altered',
    until: (answer) => answer?.status === 200,
    timeoutMs: 30_000,
  });
  await a?.put('/connectors/out/resume');
  expect((await untilLines(6)).slice(5)).toEqual(['three']);
  await b?.put('/connectors/out/stop');
  const reset = await a?.delete('/connectors/out/offsets');
  expect(reset).toMatchObject({
    status: 200,
    body: { message: 'The offsets for this connector have been reset successfully' },
  });
  expect(await offsetsOf('out')).toEqual([]);
  writeFileSync(output, '');
  await b?.put('/connectors/out/resume');
  // What every reader had read may be gone from a log that is kept in Redis; what it still has comes again.
  const again = await untilLines(1);
  expect(['one', 'two', 'three']).toContain(again[0]);
});

test('topics are forgotten, and noted again when they are used', async () => {
  expect((await apis[1]?.put('/connectors/in/topics/reset'))?.status).toBe(202);
  expect(await cluster.api.read('/connectors/in/topics')).toEqual({ in: { topics: [] } });
  writeFileSync(input, 'four\n', { flag: 'a' });
  await waitFor(async () => await cluster.api.read('/connectors/in/topics'), {
    what: 'the topic to be noted again',
    timeoutMs: 30_000,
    until: (seen) => JSON.stringify(seen) === '{"in":{"topics":["lines"]}}',
  });
});

test('the level of one connector is set everywhere at once', async () => {
  const logger = '/admin/loggers/sluice.connector.in';
  const [a, b] = apis;
  expect((await a?.put(`${logger}?scope=cluster`, { level: 'TRACE' }))?.status).toBe(204);
  await waitFor(async () => await b?.get(logger), {
    what: 'the other coordinator to hear of it',
    until: (answer) => answer?.status === 200,
  });
  expect((await b?.get(logger))?.body).toMatchObject({ level: 'TRACE' });
});

test('a form for a connector is made of what workers announced', async () => {
  const path = '/connector-plugins/FileStreamSource/config/validate';
  const { status, body } = await cluster.api.put(path, { ...source, name: 'x', 'tasks.max': 'y' });
  expect([status, body]).toMatchObject([200, { error_count: 1 }]);
  const plugins = await cluster.api.read<{ type: string }[]>(
    '/connector-plugins?connectorsOnly=false',
  );
  expect(new Set(plugins.map(({ type }) => type))).toEqual(
    new Set(['source', 'sink', 'converter', 'header_converter', 'transformation', 'predicate']),
  );
});

test('while the leader is being replaced, offsets are changed and a patch is applied', async () => {
  await cluster.api.put('/connectors/in/stop');
  const { leader } = await cluster.api.read<{ leader: { coordinator: string } }>('/sluice/leader');
  const killed = cluster.coordinators.find(({ name }) => name === leader.coordinator);
  const other = apis[cluster.coordinators.findIndex(({ name }) => name !== leader.coordinator)];
  await killed?.process.kill('SIGKILL');
  // It waits for the tasks, which the next leader may have to take back.
  expect((await other?.patch('/connectors/in/offsets', { offsets: position(0) }))?.status).toBe(
    200,
  );
  const patched = await other?.patch('/connectors/in/config', { 'batch.size': 7, topic: null });
  expect(patched).toMatchObject({ status: 400, body: { error_code: 400 } });
  const right = await other?.patch('/connectors/in/config', { 'batch.size': 7 });
  expect(right).toMatchObject({ status: 200, body: { config: { ...source, 'batch.size': '7' } } });
  expect((await other?.put('/connectors/in/resume'))?.status).toBe(202);
  await waitFor(async () => await other?.get('/connectors/in/offsets'), {
    what: 'the source to read the whole file again',
    until: (answer) => JSON.stringify(answer?.body) === JSON.stringify({ offsets: position(19) }),
    timeoutMs: 30_000,
  });
});
