import { type Clock, systemClock } from '@sluice/kernel';
import { newIdentity, newTopicName, readRecords, records } from '@sluice/record-log/conformance';
import { useSharedKafka } from '@sluice/testkit';
import { expect, test } from 'vitest';

import { KafkaLog } from '../src/index.ts';

const kafka = useSharedKafka();
const idleMs = 3_000;

/** How often a timer was set. */
class CountingClock implements Clock {
  timers = 0;

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  wallMs(): number {
    return systemClock.wallMs();
  }

  after(ms: number, action: () => void) {
    this.timers += 1;
    return systemClock.after(ms, action);
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    this.timers += 1;
    return systemClock.sleep(ms, signal);
  }
}

test('a log that is idle sets a few timers a second, however many readers and writers it has', async () => {
  const clock = new CountingClock();
  const options = { brokers: kafka.brokers, cluster: kafka.unique('idle'), clientId: 'idle' };
  const log = new KafkaLog({ ...options, clock });
  await log.start();
  const topic = newTopicName();
  await log.topics.create(topic, { partitions: 10 });
  const readers = await Promise.all(
    Array.from({ length: 10 }, async (_, partition) => {
      const reader = await log.openReader({ identity: newIdentity(), group: kafka.unique('g') });
      await reader.assign([{ topic, partition }]);
      const writer = await log.openWriter(newIdentity());
      await writer.produce([{ topic, records: records(1, { partition }) }]);
      await writer.commitSourceOffsets(topic, [{ partition: { partition }, offset: { at: 1 } }]);
      await readRecords(reader, 1);
      return reader;
    }),
  );
  const polls = readers.map((reader) => reader.poll(60_000));
  // What is still under way from before ends.
  await systemClock.sleep(500);

  const timersBefore = clock.timers;
  const cpuBefore = process.cpuUsage();
  await systemClock.sleep(idleMs);
  const { user, system } = process.cpuUsage(cpuBefore);
  const timers = clock.timers - timersBefore;
  const cpuShare = (user + system) / 1_000 / idleMs;
  process.stdout.write(
    `idle with 10 readers and 10 writers: ${(timers / idleMs) * 1_000} timers a second, ${(cpuShare * 100).toFixed(1)} % of a core\n`,
  );
  // A deadline for fetches that wait at the broker, moved on each 10 s; some room for what nobody thought of.
  expect(timers).toBeLessThanOrEqual((idleMs / 1_000) * 8);
  expect(cpuShare).toBeLessThan(0.05);

  for (const reader of readers) await reader.close();
  expect((await Promise.all(polls)).flat()).toEqual([]);
  await log.stop();
});
