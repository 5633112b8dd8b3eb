/**
 * Before anything is measured: what we write is read back identically by stock kafkajs, by the Java console
 * consumer (which checks the CRC of each batch) and by ourselves, and what stock kafkajs writes by us.
 */
import { deepStrictEqual } from 'node:assert/strict';

import { newShortId } from '@sluice/kernel';
import type { FetchedRecord, Header, ProduceRecord } from '@sluice/record-log';
import { KafkaLog } from '@sluice/record-log-kafka';
import { kafkaTool } from '@sluice/testkit';
import { Kafka, type KafkaMessage, logLevel, type Message, Partitioners } from 'kafkajs';

const records = 2_000;

/** Resolves with what was compared, or throws with the first difference. */
export async function checkCorrectness(bootstrap: string): Promise<string> {
  const topic = `correctness-${newShortId()}`;
  const stockTopic = `${topic}-stock`;
  const stock = new Kafka({
    clientId: 'bench',
    brokers: [bootstrap],
    logLevel: logLevel.NOTHING,
  });
  const log = new KafkaLog({ brokers: [bootstrap], cluster: topic, clientId: 'bench' });
  await log.start();
  const written = makeRecords();
  for (const each of [topic, stockTopic]) await log.topics.create(each, { partitions: 1 });
  const writer = await log.openWriter({ id: topic, fence: 1 });
  for (let start = 0; start < records; start += 300) {
    await writer.produce([{ topic, records: written.slice(start, start + 300) }]);
  }
  const expected = written.map(asRead);
  deepStrictEqual((await readByUs(log, topic)).map(asRead), expected, 'read back by Sluice');
  deepStrictEqual((await readByStock(stock, topic)).map(stockAsRead), expected, 'by kafkajs');
  deepStrictEqual(await readByJava(bootstrap, topic), written.map(asPrinted).join(''), 'by Java');

  await writeByStock(stock, stockTopic, written);
  deepStrictEqual(
    (await readByUs(log, stockTopic)).map(asRead),
    // kafkajs writes no header with a null value.
    written.map(withoutNullHeaders).map(asRead),
    'written by kafkajs, read by Sluice',
  );
  for (const each of [topic, stockTopic]) await log.topics.delete(each);
  await log.stop();
  return `${records} records: Sluice → Sluice, kafkajs and the Java console consumer; kafkajs → Sluice`;
}

/** Keys, values and headers that are there, empty or null, in text, since the Java tool prints text. */
function makeRecords(): ProduceRecord[] {
  const texts = [
    null,
    '',
    'a',
    'größer',
    'x'.repeat(63),
    'y'.repeat(64),
    'z'.repeat(10_000),
    '日本語',
  ];
  const textOf = (index: number): Buffer | null => {
    const text = texts[index % texts.length] ?? null;
    return text === null ? null : Buffer.from(text);
  };
  const startMs = Date.now() - records * 1_000;
  return Array.from({ length: records }, (_, index): ProduceRecord => {
    const headers: Header[] = Array.from({ length: index % 4 }, (__, nth) => [
      `h${nth}`,
      textOf(index + nth),
    ]);
    return {
      key: textOf(index * 3 + 1),
      value: index % 7 === 0 ? null : Buffer.from(`${index} ${textOf(index)?.toString() ?? ''}`),
      headers,
      // Back and forth, as change data has it.
      timestampMs: startMs + index * 1_000 - (index % 5) * 7_777,
      partition: 0,
    };
  });
}

interface Comparable {
  readonly timestampMs: number;
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: readonly (readonly [string, string | null])[];
}

function asRead(record: ProduceRecord | FetchedRecord): Comparable {
  const { timestampMs = Number.NaN, key, value, headers = [] } = record;
  return {
    timestampMs,
    key: hex(key),
    value: hex(value),
    headers: headers.map(([name, content]) => [name, hex(content)]),
  };
}

function stockAsRead({ timestamp, key, value, headers = {} }: KafkaMessage): Comparable {
  return {
    timestampMs: Number(timestamp),
    key: hex(key),
    value: hex(value),
    headers: Object.entries(headers).map(([name, content]) => [name, hex(content)]),
  };
}

function hex(content: unknown): string | null {
  return content instanceof Uint8Array ? Buffer.from(content).toString('hex') : null;
}

function withoutNullHeaders(record: ProduceRecord): ProduceRecord {
  return { ...record, headers: record.headers?.filter(([, content]) => content !== null) ?? [] };
}

/** As the console consumer prints it, with a tab between the parts. */
function asPrinted({ timestampMs, key, value, headers = [] }: ProduceRecord): string {
  const text = (content: Uint8Array | null): string =>
    content === null ? 'null' : new TextDecoder().decode(content);
  const named = headers.map(([name, content]) => `${name}:${text(content)}`).join(',');
  const parts = [
    `CreateTime:${timestampMs}`,
    headers.length === 0 ? 'NO_HEADERS' : named,
    text(key),
    text(value),
  ];
  return `${parts.join('\t')}\n`;
}

async function readByUs(log: KafkaLog, topic: string): Promise<FetchedRecord[]> {
  const reader = await log.openReader({
    identity: { id: `read-${topic}`, fence: 1 },
    group: topic,
  });
  await reader.assign([{ topic, partition: 0 }]);
  const read: FetchedRecord[] = [];
  while (read.length < records) {
    const batches = await reader.poll(10_000);
    if (batches.length === 0) throw new Error(`only ${read.length} records came back`);
    for (const batch of batches) read.push(...batch.records);
  }
  await reader.close();
  return read;
}

async function readByStock(stock: Kafka, topic: string): Promise<KafkaMessage[]> {
  const consumer = stock.consumer({ groupId: `stock-${topic}` });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  const read: KafkaMessage[] = [];
  const all = Promise.withResolvers<void>();
  const limit = setTimeout(
    () => all.reject(new Error(`kafkajs read only ${read.length} records`)),
    30_000,
  );
  await consumer.run({
    autoCommit: false,
    eachBatch: ({ batch }) => {
      read.push(...batch.messages);
      if (read.length >= records) all.resolve();
      return Promise.resolve();
    },
  });
  await all.promise;
  clearTimeout(limit);
  await consumer.disconnect();
  return read;
}

async function readByJava(bootstrap: string, topic: string): Promise<string> {
  const properties = ['print.timestamp', 'print.headers', 'print.key', 'print.value'];
  const limits = `--from-beginning --max-messages ${records} --timeout-ms 30000`;
  return await kafkaTool({ bootstrap }, 'kafka-console-consumer', [
    '--topic',
    topic,
    ...limits.split(' '),
    ...properties.flatMap((name) => ['--formatter-property', `${name}=true`]),
  ]);
}

async function writeByStock(
  stock: Kafka,
  topic: string,
  written: readonly ProduceRecord[],
): Promise<void> {
  const producer = stock.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  const messages = written.map(withoutNullHeaders).map(asMessage);
  for (let start = 0; start < records; start += 100) {
    await producer.send({ topic, messages: messages.slice(start, start + 100) });
  }
  await producer.disconnect();
}

function asMessage({ key, value, headers = [], timestampMs }: ProduceRecord): Message {
  return {
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: Object.fromEntries(
      headers.flatMap(([name, content]) => (content ? [[name, Buffer.from(content)]] : [])),
    ),
    timestamp: String(timestampMs),
    partition: 0,
  };
}
