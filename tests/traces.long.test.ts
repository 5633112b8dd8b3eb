/** Traces of real workers: one goes from a source over the log on Redis to a sink, and nobody needs a collector to be up. */
import { rmSync } from 'node:fs';

import { freePort, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';

import { showLogsOnFailure } from './support/cluster-facts.ts';
import { OtlpReceiver } from './support/otlp-receiver.ts';
import { journeyIn, startPipeline } from './support/traced-pipeline.ts';

const folder = makeOwnedFolder('traces');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function metricOf(url: string, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

test('a collector sees how records go from their source to their target, and the worker counts spans', async () => {
  await using receiver = await OtlpReceiver.start();
  await using cluster = await startCluster({
    workers: 1,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_EXPORTER_OTLP_HEADERS: 'api-key=hunter2-hunter2',
      OTEL_SERVICE_NAME: 'pipeline',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    },
  });
  showLogsOnFailure(cluster);
  await startPipeline(cluster, folder);
  const { put, steps, written } = await journeyIn(receiver);
  expect(put.traceId).not.toBe(written.traceId);
  expect(new Set(steps(written))).toEqual(
    new Set(['poll', 'transform', 'convert', 'produce lines']),
  );
  expect(new Set(steps(put))).toEqual(new Set(['fetch lines', 'convert', 'put']));
  expect(written.resource.get('service.name')).toBe('pipeline');
  expect(written.resource.get('sluice.cluster')).toBe(cluster.name);
  expect(put.attributes.get('sluice.connector')).toBe('copies');
  expect(put.attributes.get('messaging.system')).toBe('redis');
  expect(receiver.headers[0]?.['api-key']).toBe('hunter2-hunter2');
  const { url } = cluster.worker('worker-1');
  expect(await metricOf(url, 'sluice_worker_spans_dropped_total')).toBe(0);
  await waitFor(() => metricOf(url, 'sluice_worker_spans_exported_total'), {
    what: 'spans to be counted',
    until: (exported) => exported > 0,
  });
  expect(cluster.logs()).not.toContain('hunter2');
});

test('what was not exported yet is when a worker stops', async () => {
  await using receiver = await OtlpReceiver.start();
  await using cluster = await startCluster({
    workers: 1,
    env: {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${receiver.url}/v1/traces`,
      OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '3600000',
    },
  });
  showLogsOnFailure(cluster);
  await startPipeline(cluster, folder);
  expect(receiver.spans).toEqual([]);
  await cluster.worker('worker-1').process.stop();
  expect(receiver.spans.map(({ name }) => name)).toContain('source lines');
});

test('a collector that is away changes nothing but a count, and one line says so', async () => {
  const port = await freePort();
  await using cluster = await startCluster({
    workers: 1,
    env: {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_TIMEOUT: '300',
      OTEL_BSP_SCHEDULE_DELAY: '100',
    },
  });
  showLogsOnFailure(cluster);
  await startPipeline(cluster, folder);
  const { url } = cluster.worker('worker-1');
  await waitFor(() => metricOf(url, 'sluice_worker_spans_dropped_total'), {
    what: 'spans to be dropped',
    until: (dropped) => dropped > 0,
    timeoutMs: 15_000,
  });
  const said = () => cluster.logs().split('spans cannot be exported').length - 1;
  await waitFor(said, { what: 'it to be said', until: (times) => times === 1 });
  const { tasks } = await cluster.status('lines');
  expect(tasks.map(({ state }) => state)).toEqual(['RUNNING']);
});

test('where traces are switched off a collector hears nothing', async () => {
  await using receiver = await OtlpReceiver.start();
  await using cluster = await startCluster({
    workers: 1,
    env: { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_SDK_DISABLED: 'true' },
  });
  showLogsOnFailure(cluster);
  await startPipeline(cluster, folder);
  await cluster.worker('worker-1').process.stop();
  expect(receiver.headers).toEqual([]);
});
