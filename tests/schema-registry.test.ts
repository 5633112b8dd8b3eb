/**
 * Converters with a Schema Registry in a whole cluster: lines of a file become Avro in a topic and lines of another
 * file again. Real processes; the registry is a played one.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startCluster, waitFor } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { PlayedRegistry } from '../packages/schema-registry/test/played-registry.ts';
import { showLogsOnFailure } from './support/cluster-facts.ts';

let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-registry-'));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("lines go through a topic as Avro, by the worker's converter and by one of the connector's own", async () => {
  const registry = new PlayedRegistry();
  await using played = await registry.listen();
  await using cluster = await startCluster({
    workers: 1,
    env: {
      SLUICE_VALUE_CONVERTER: 'io.confluent.connect.avro.AvroConverter',
      SLUICE_VALUE_CONVERTER_SCHEMA_REGISTRY_URL: played.url,
    },
  });
  showLogsOnFailure(cluster);
  const [from, to] = [join(folder, 'in'), join(folder, 'out')];
  writeFileSync(from, 'one\ntwo\n');
  const converter = {
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'value.converter.schema.registry.url': played.url,
  };
  await cluster.apply('in', {
    'connector.class': 'FileStreamSource',
    file: from,
    topic: 'lines',
  });
  await cluster.apply('out', {
    'connector.class': 'FileStreamSink',
    file: to,
    topics: 'lines',
    ...converter,
  });
  await waitFor(() => readText(to) === 'one\ntwo\n', {
    what: 'both lines in the other file',
    timeoutMs: 30_000,
  });
  expect(registry.requests).toContain('POST /subjects/lines-value/versions');
  expect(registry.requests).toContain('GET /schemas/ids/1');

  // A key that is not supported fails the task, by its name.
  await cluster.apply('refused', {
    'connector.class': 'FileStreamSource',
    file: from,
    topic: 'others',
    ...converter,
    'value.converter.use.schema.id': '5',
  });
  const failed = await waitFor(
    async () => (await cluster.status('refused')).tasks.find(({ state }) => state === 'FAILED'),
    { what: 'the task to fail', timeoutMs: 30_000 },
  );
  expect(failed.trace).toContain('use.schema.id');
});

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
