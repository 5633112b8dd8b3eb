import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isRetriable } from '@sluice/kernel';
import type { LogReader, LogWriter } from '@sluice/record-log';
import { newIdentity, newTopicName } from '@sluice/record-log/conformance';
import { type KafkaHandle, type KafkaNode, kafkaTool, startKafka, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { KafkaLog } from '../src/index.ts';
import { metadataRequest, type PartitionMetadata } from '../src/wire/metadata.ts';
import { askBroker } from './support/ask-broker.ts';
import { startStream } from './support/sequence.ts';

const folder = mkdtempSync(join(tmpdir(), 'sluice-three-brokers-'));
let kafka: KafkaHandle;
let log: KafkaLog;

beforeAll(async () => {
  kafka = await startKafka({ brokers: 3 });
  log = new KafkaLog({ brokers: kafka.brokers, cluster: 'three', clientId: 'three-brokers' });
  await log.start();
});
afterAll(async () => {
  log?.destroy();
  await kafka?.stop();
  rmSync(folder, { recursive: true });
});

/** By its number, as a broker that is well says. */
async function partitionsOf(topic: string, unwell?: KafkaNode): Promise<PartitionMetadata[]> {
  const node = kafka.nodes.find((each) => each !== unwell && !each.hasEnded);
  const answer = await askBroker(node?.address ?? '', metadataRequest([topic]));
  return (answer.topics[0]?.partitions ?? []).toSorted((x, y) => x.partition - y.partition);
}

async function leaderOf(topic: string): Promise<KafkaNode> {
  const [first] = await partitionsOf(topic);
  return kafka.node(first?.leader ?? -1);
}

async function untilOthersLead(topic: string, lost: KafkaNode): Promise<void> {
  await waitFor(() => partitionsOf(topic, lost), {
    what: 'other leaders',
    until: (states) => states.every(({ leader }) => leader >= 0 && leader !== lost.id),
    timeoutMs: 30_000,
    intervalMs: 50,
  });
}

async function untilInSync(topic: string): Promise<PartitionMetadata[]> {
  return await waitFor(() => partitionsOf(topic), {
    what: 'all replicas to be in sync',
    until: (states) => states.every(({ inSyncReplicas }) => inSyncReplicas.length === 3),
    timeoutMs: 40_000,
    intervalMs: 100,
  });
}

/** Commits to a group and of a source, on and on, as tasks do: what fails retriably is done again. */
class Commits {
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  done = 0;
  failures = 0;
  longestMs = 0;

  constructor(reader: LogReader, writer: LogWriter, topic: string) {
    this.#running = this.#run(reader, writer, topic);
    this.#running.catch(() => {});
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #run(reader: LogReader, writer: LogWriter, topic: string): Promise<void> {
    while (!this.#stop.signal.aborted) {
      const offset = this.done + 1;
      const beganMs = performance.now();
      await this.#until(() => reader.commit([{ topic, partition: 0, offset }]));
      await this.#until(() =>
        writer.commitSourceOffsets(topic, [{ partition: { topic }, offset: { offset } }]),
      );
      this.longestMs = Math.max(this.longestMs, performance.now() - beganMs);
      this.done = offset;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  async #until(commit: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        return await commit();
      } catch (error) {
        if (!isRetriable(error)) throw error;
        this.failures += 1;
      }
    }
  }
}

/** A stream and commits beside it, while `happening` happens. Tells how long each stood still. */
async function during(
  what: string,
  happening: (topic: string) => Promise<void>,
): Promise<{ gapMs: number; commitMs: number }> {
  const stream = await startStream(log, 3);
  const topic = newTopicName();
  await log.topics.create(topic, { partitions: 1 });
  const identity = newIdentity();
  const group = `connect-${topic}`;
  const reader = await log.openReader({ identity, group });
  await reader.assign([{ topic, partition: 0 }]);
  const commits = new Commits(reader, await log.openWriter(identity), topic);
  await waitFor(() => commits.done > 2, { what: 'commits' });
  stream.reader.measureGap();

  await happening(stream.topic);
  await stream.untilMore(1_000);
  const { done } = commits;
  await waitFor(() => commits.done > done + 2, { what: 'commits to go on', timeoutMs: 30_000 });
  await commits.stop();
  await stream.assertWhole();
  expect(await reader.committed([{ topic, partition: 0 }])).toEqual([commits.done]);
  expect(await log.readSourceOffsets(topic, [{ topic }])).toEqual([{ offset: commits.done }]);
  const { longestGapMs, duplicates } = stream.reader;
  process.stdout.write(
    `${what}: records stood still for ${Math.round(longestGapMs)} ms, a commit for ${Math.round(commits.longestMs)} ms; ` +
      `${duplicates} duplicates of ${stream.reader.count}, ${stream.writer.failures} calls and ${commits.failures} commits failed\n`,
  );
  return { gapMs: longestGapMs, commitMs: commits.longestMs };
}

test('records and commits go on when the leader of a partition is killed', async () => {
  const { gapMs, commitMs } = await during('kill -9 of a leader', async (topic) => {
    const node = await leaderOf(topic);
    await node.kill('SIGKILL');
    await untilOthersLead(topic, node);
    await node.restart();
  });
  // Three seconds until the cluster has noticed (in these tests), by default nine.
  expect(gapMs).toBeLessThan(12_000);
  expect(commitMs).toBeLessThan(15_000);
}, 120_000);

test('records and commits go on when leaders are elected and replicas reassigned', async () => {
  const { gapMs, commitMs } = await during('reassignment and election', async (topic) => {
    const states = await untilInSync(topic);
    const partitions = states.map(({ replicas }, partition) => ({
      topic,
      partition,
      replicas: [...replicas.slice(1), ...replicas.slice(0, 1)],
    }));
    const file = join(folder, 'reassign.json');
    writeFileSync(file, JSON.stringify({ version: 1, partitions }));
    const reassign = ['--reassignment-json-file', file, '--execute'];
    await kafkaTool(kafka, 'kafka-reassign-partitions', reassign);
    const elect = ['--election-type', 'preferred', '--all-topic-partitions'];
    await kafkaTool(kafka, 'kafka-leader-election', elect);
    const after = await partitionsOf(topic);
    expect(after.map(({ leader }) => leader)).toEqual(
      partitions.map(({ replicas }) => replicas[0]),
    );
    expect(after.map(({ leader }) => leader)).not.toEqual(states.map(({ leader }) => leader));
  });
  expect(gapMs).toBeLessThan(4_000);
  expect(commitMs).toBeLessThan(4_000);
}, 120_000);

test('records and commits go on while all brokers are restarted one after the other', async () => {
  const { gapMs, commitMs } = await during('rolling restart', async (topic) => {
    for (const node of kafka.nodes) {
      await node.restart();
      await untilInSync(topic);
    }
  });
  expect(gapMs).toBeLessThan(8_000);
  expect(commitMs).toBeLessThan(10_000);
}, 180_000);

test('records and commits go on when a leader falls silent without closing its connections', async () => {
  const { gapMs, commitMs } = await during('silence of a leader', async (topic) => {
    const node = await leaderOf(topic);
    await node.kill('SIGSTOP');
    await untilOthersLead(topic, node);
  });
  await kafka.kill('SIGCONT');
  expect(gapMs).toBeLessThan(20_000);
  expect(commitMs).toBeLessThan(25_000);
}, 120_000);
