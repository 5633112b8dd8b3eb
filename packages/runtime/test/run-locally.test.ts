import { ConfigError, defineSink, defineSource, int, string } from '@sluice/connector-api';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { type LocalRecord, runConnectorLocally } from '@sluice/runtime';
import { expect, test } from 'vitest';

const counter = defineSource({
  name: 'counter',
  version: '1.0.0',
  config: { topic: string().default('numbers'), end: int().default(3) },
  async *run({ config, offset }) {
    for (let n = Number(offset?.['n'] ?? 0) + 1; n <= config.end; n += 1)
      yield { topic: config.topic, value: { n }, offset: { n } };
  },
});

test('shows what a source writes as soon as it is written, and goes on there in the next run', async () => {
  const log = new MemoryLog(new MemoryLogStore());
  for (const [end, expected] of [
    ['3', [1, 2, 3]],
    ['5', [4, 5]],
  ] as const) {
    const stop = new AbortController();
    const seen: LocalRecord[] = [];
    await runConnectorLocally({
      plugin: counter,
      config: { end },
      log,
      signal: stop.signal,
      onRecords: (records) => {
        seen.push(...records);
        if (seen.length === expected.length) stop.abort();
      },
    });
    expect(seen.map(({ value }) => value)).toEqual(expected.map((n) => ({ n })));
    expect(seen.map(({ offset }) => offset)).toEqual(expected.map((n) => n - 1));
  }
});

test('shows what a sink has put', async () => {
  const store = new MemoryLogStore();
  store.createTopic('numbers', 1);
  store.append('numbers', 0, {
    key: null,
    value: Buffer.from('{"n":1}'),
    headers: [],
    timestampMs: 1,
  });
  const put: unknown[] = [];
  const sink = defineSink({
    name: 'collect',
    version: '1.0.0',
    config: {},
    put: (records) => void put.push(...records.map(({ value }) => value)),
  });
  const stop = new AbortController();
  const seen: LocalRecord[] = [];
  await runConnectorLocally({
    plugin: sink,
    config: { topics: 'numbers' },
    log: new MemoryLog(store),
    signal: stop.signal,
    onRecords: (records) => {
      seen.push(...records);
      stop.abort();
    },
  });
  expect(put).toEqual([{ n: 1 }]);
  expect(seen).toHaveLength(1);
  expect(store.groupOffsets('connect-local')).toMatchObject([{ offset: 1 }]);
});

test('refuses a wrong configuration before anything starts, naming every key', async () => {
  const run = runConnectorLocally({
    plugin: counter,
    config: { end: 'many' },
    log: new MemoryLog(new MemoryLogStore()),
    signal: new AbortController().signal,
    onRecords: () => {},
  });
  await expect(run).rejects.toThrow(ConfigError);
  await expect(run).rejects.toThrow('end');
});

test('rejects with the first failure, after everything has stopped', async () => {
  let isStopped = false;
  const failing = defineSource({
    name: 'failing',
    version: '1.0.0',
    config: {},
    // oxlint-disable-next-line require-yield -- it fails before
    async *run() {
      try {
        throw new Error('upstream is gone');
      } finally {
        isStopped = true;
      }
    },
  });
  await expect(
    runConnectorLocally({
      plugin: failing,
      config: {},
      log: new MemoryLog(new MemoryLogStore()),
      signal: new AbortController().signal,
      onRecords: () => {},
    }),
  ).rejects.toThrow('upstream is gone');
  expect(isStopped).toBe(true);
});
