/** The same as over the log on Redis: headers of Kafka's records carry the trace. */
import { rmSync } from 'node:fs';

import { makeOwnedFolder, startCluster, startKafka } from '@sluice/testkit';
import { afterAll, expect, test } from 'vitest';

import { showLogsOnFailure } from './support/cluster-facts.ts';
import { OtlpReceiver } from './support/otlp-receiver.ts';
import { journeyIn, startPipeline } from './support/traced-pipeline.ts';

const folder = makeOwnedFolder('traces-kafka');

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a collector sees how records go from their source over Kafka to their target', async () => {
  await using receiver = await OtlpReceiver.start();
  await using kafka = await startKafka();
  await using cluster = await startCluster({
    workers: 1,
    env: {
      KAFKA_BROKERS: kafka.bootstrap,
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json',
      OTEL_BSP_SCHEDULE_DELAY: '200',
    },
  });
  showLogsOnFailure(cluster);
  await startPipeline(cluster, folder);
  const { put, steps, written } = await journeyIn(receiver);
  expect(new Set(steps(written))).toEqual(
    new Set(['poll', 'transform', 'convert', 'produce lines']),
  );
  expect(new Set(steps(put))).toEqual(new Set(['fetch lines', 'convert', 'put']));
  expect(put.attributes.get('messaging.system')).toBe('kafka');
});
