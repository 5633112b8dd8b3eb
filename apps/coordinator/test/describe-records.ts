/** Records of topics on a real log, read by converters in a process, while a sink reads the same partitions. */
import { noProviders } from '@sluice/config-providers';
import { newShortId } from '@sluice/kernel';
import type { LogWriter, ProduceRecord, RecordLog } from '@sluice/record-log';
import { ConnectorOffsets } from '@sluice/runtime/offsets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { RecordsOfTopics } from '../src/topic-records.ts';

export interface LogUnderTest {
  /** A client of its own connections. */
  connect(clientId: string): RecordLog;
  close(): Promise<void>;
}

const config = {
  name: 'orders-sink',
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
  // Stands for nothing here, and no converter needs it.
  'connection.password': '${env:NOBODY_HAS_THIS}',
};

function order(number: number, partition: number): ProduceRecord {
  return {
    key: Buffer.from(`key-${number}`),
    value: Buffer.from(JSON.stringify({ number })),
    headers: [['of', Buffer.from('shop')]],
    partition,
  };
}

export function describeRecords(name: string, make: () => Promise<LogUnderTest>): void {
  let under: LogUnderTest;
  let log: RecordLog;
  let writer: LogWriter;
  let records: RecordsOfTopics;

  beforeAll(async () => {
    under = await make();
    log = under.connect('coordinator/offsets');
    await log.start();
    writer = await log.openWriter({ id: `writer-${newShortId()}`, fence: 1 });
    records = new RecordsOfTopics({
      log,
      plugins: {
        environment: process.env,
        inventory: async () => ({ plugins: [], failures: [], index: [], isComplete: true }),
      },
      workerConfig: {},
      providers: noProviders,
    });
  });

  afterAll(async () => {
    records?.stop();
    log?.destroy();
    await under?.close();
  });

  async function newTopic(): Promise<string> {
    const topic = `orders-${newShortId()}`;
    await log.topics.create(topic, { partitions: 2 });
    return topic;
  }

  describe(`records on ${name}`, () => {
    test('the newest are shown as the converters read them, and a sink that reads them notices nothing', async () => {
      const topic = await newTopic();
      const group = `connect-${topic}`;
      const reader = await log.openReader({ identity: { id: `task/${topic}`, fence: 1 }, group });
      await reader.assign([0, 1].map((partition) => ({ topic, partition })));
      await writer.produce([{ topic, records: [order(1, 0), order(2, 0)] }]);
      await writer.produce([
        { topic, records: [{ key: null, value: Buffer.from('no JSON'), partition: 1 }] },
      ]);
      await reader.commit([{ topic, partition: 0, offset: 1 }]);
      const asked = { connector: 'orders-sink', config, topic };
      const page = await records.page({ ...asked, limit: 10 });
      expect(page).toMatchObject({
        topic,
        partitions: [
          { partition: 0, low: 0, high: 2 },
          { partition: 1, low: 0, high: 1 },
        ],
        next: null,
        problems: {},
      });
      const byPlace = new Map(
        page.records.map((each) => [`${each.partition}:${each.offset}`, each]),
      );
      expect(byPlace.get('0:1')).toMatchObject({
        key: { json: '"key-2"', length: 5 },
        value: { json: '{"number":2}', length: 12 },
        headers: [{ name: 'of', value: { json: '"shop"' } }],
      });
      expect(byPlace.get('1:0')).toMatchObject({
        key: null,
        value: { text: 'no JSON', error: expect.any(String) as string },
      });
      expect(page.records).toHaveLength(3);

      const offsets = new ConnectorOffsets({ log, cluster: 'test' });
      const lag = await offsets.lag({ name: topic, type: 'sink', config: { topics: topic } });
      expect(lag).toEqual({
        group,
        partitions: [
          { topic, partition: 0, committed: 1, end: 2, lag: 1 },
          { topic, partition: 1, committed: null, end: 1, lag: 1 },
        ],
      });
      // Nobody took its place, and nothing was read in its stead.
      let read = 0;
      for (let polls = 0; read < 3 && polls < 50; polls += 1)
        for (const batch of await reader.poll(200)) read += batch.records.length;
      expect(read).toBe(3);
      await reader.commit([{ topic, partition: 1, offset: 1 }]);
      await reader.close();
    });

    test('a page goes on from an offset, or from a time', async () => {
      const topic = await newTopic();
      await writer.produce([{ topic, records: [1, 2, 3].map((each) => order(each, 1)) }]);
      await new Promise((resolve) => setTimeout(resolve, 20));
      const since = Date.now();
      await new Promise((resolve) => setTimeout(resolve, 20));
      await writer.produce([{ topic, records: [order(4, 1)] }]);
      const numbers = async (query: object): Promise<(string | undefined)[]> => {
        const page = await records.page({ connector: 'x', config, topic, limit: 2, ...query });
        return [...page.records.map(({ value }) => value?.json), page.next ?? 'end'];
      };
      expect(await numbers({ from: '1:1' })).toEqual(['{"number":2}', '{"number":3}', '1:3']);
      expect(await numbers({ from: '1:3' })).toEqual(['{"number":4}', 'end']);
      expect(await numbers({ since })).toEqual(['{"number":4}', 'end']);
      expect(await numbers({})).toEqual(['{"number":4}', '{"number":3}', '1:2']);
      expect(await numbers({ before: '1:2' })).toEqual(['{"number":2}', '{"number":1}', 'end']);
    });

    test('a topic that is not there yet is empty, and a partition that it has not is refused', async () => {
      const asked = { connector: 'x', config, limit: 2 };
      expect(await records.page({ ...asked, topic: `none-${newShortId()}` })).toMatchObject({
        partitions: [],
        records: [],
        next: null,
      });
      const page = records.page({ ...asked, topic: await newTopic(), partition: 7 });
      await expect(page).rejects.toMatchObject({ status: 400 });
    });
  });
}
