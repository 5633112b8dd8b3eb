/** Kafka Connect's keys of a worker, as docs/COMPATIBILITY.md has them, in a worker file of the standalone mode. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

import { readWorkerProperties } from '../src/standalone/worker-properties.ts';

interface Row {
  readonly keys: readonly string[];
  readonly file: string;
}

const page = readFileSync(new URL('../../../docs/COMPATIBILITY.md', import.meta.url), 'utf8');
const [, section = ''] = /^## The worker's keys$(.*?)^## /ms.exec(page) ?? [];
const rows: readonly Row[] = section
  .split('\n')
  .filter((line) => line.startsWith('| `') || line.startsWith('| other'))
  .map((line) => {
    const [, first = '', , file = ''] = line.split('|').map((cell) => cell.trim());
    const keys = [...first.matchAll(/`([^`]+)`/g)].map(([, key = '']) => key);
    return { keys: keys.map((key) => key.replace('*', 'linger.ms')), file };
  });

/** Of keys whose value is looked at. */
const values: Readonly<Record<string, string>> = {
  'admin.listeners': 'http://127.0.0.1:8085',
  'connector.client.config.override.policy': 'All',
  listeners: 'http://127.0.0.1:8083',
  'sasl.jaas.config': 'PlainLoginModule required username="a" password="b";',
  'topic.creation.enable': 'true',
};

const all = [
  'bootstrap.servers group.id key.converter value.converter header.converter key.converter.plugin.version',
  'value.converter.plugin.version header.converter.plugin.version config.storage.topic config.storage.replication.factor',
  'offset.storage.topic offset.storage.partitions offset.storage.replication.factor status.storage.topic',
  'status.storage.partitions status.storage.replication.factor session.timeout.ms heartbeat.interval.ms',
  'rebalance.timeout.ms scheduled.rebalance.max.delay.ms connect.protocol worker.sync.timeout.ms',
  'worker.unsync.backoff.ms task.shutdown.graceful.timeout.ms offset.flush.interval.ms offset.flush.timeout.ms',
  'exactly.once.source.support inter.worker.key.generation.algorithm inter.worker.key.size inter.worker.key.ttl.ms',
  'inter.worker.signature.algorithm inter.worker.verification.algorithms topic.creation.enable topic.tracking.enable',
  'topic.tracking.allow.reset connector.client.config.override.policy connector.client.config.override.allowlist',
  'plugin.path plugin.discovery config.providers listeners admin.listeners rest.advertised.host.name',
  'rest.advertised.port rest.advertised.listener rest.extension.classes access.control.allow.origin',
  'access.control.allow.methods response.http.headers.config request.timeout.ms metadata.max.age.ms',
  'connections.max.idle.ms offset.storage.file.filename',
].flatMap((line) => line.split(' '));

test('each key of Kafka Connect has a row', () => {
  const known = new Set(rows.flatMap(({ keys }) => keys));
  expect(all.filter((key) => !known.has(key))).toEqual([]);
});

test.each(rows.flatMap(({ keys, file }) => keys.map((key) => [key, file] as const)))(
  '%s in a worker file: %s',
  (key, file) => {
    const { env, notes, offsetFile, problems } = readWorkerProperties({
      [key]: values[key] ?? 'x',
    });
    switch (file) {
      case 'refused':
        expect(problems).toEqual([expect.stringContaining(key)]);
        break;
      case 'taken':
        expect(problems).toEqual([]);
        // Something has come of it.
        expect(offsetFile ?? Object.keys(env)[0]).toBeDefined();
        break;
      case 'without effect':
        expect({ env, problems }).toEqual({ env: {}, problems: [] });
        expect(notes).toEqual([expect.stringContaining(key)]);
        break;
      default: {
        // One value, the usual.
        expect(problems).toEqual([]);
        expect(file).toBe(`\`${values[key] ?? ''}\``);
        expect(readWorkerProperties({ [key]: 'other' }).problems).toHaveLength(1);
      }
    }
  },
);
