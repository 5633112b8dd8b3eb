/** Offsets that are changed from outside, on a real log: what former and later owners of the tasks can do to them. */
import { newShortId } from '@sluice/kernel';
import type { RecordLog } from '@sluice/record-log';
import { ConnectorOffsets, type OffsetsOfConnector } from '@sluice/runtime/offsets';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

export interface OffsetsUnderTest {
  readonly cluster: string;
  /** A client of its own connections. */
  connect(clientId: string): RecordLog;
  close(): Promise<void>;
}

const owner = { fence: 50, tasks: 3 };
const fenced = { code: 'log.fenced' };
const patience = { timeout: 15_000 };
const [a, b] = [{ file: 'a' }, { file: 'b' }];

export function describeOffsets(log: string, make: () => Promise<OffsetsUnderTest>): void {
  let under: OffsetsUnderTest;
  let outside: RecordLog;
  let worker: RecordLog;
  let offsets: ConnectorOffsets;

  beforeAll(async () => {
    under = await make();
    outside = under.connect('coordinator/offsets');
    worker = under.connect('worker/shared-0');
    await Promise.all([outside.start(), worker.start()]);
    offsets = new ConnectorOffsets({ log: outside, cluster: under.cluster });
  });

  afterAll(async () => {
    outside?.destroy();
    worker?.destroy();
    await under?.close();
  });

  const newConnector = (type: 'source' | 'sink'): OffsetsOfConnector => ({
    name: `orders-${newShortId()}`,
    type,
    config: {},
  });
  const identity = (name: string, task: number, fence: number): { id: string; fence: number } => ({
    id: `${under.cluster}.task/${name}/${task}`,
    fence,
  });

  describe(`offsets on ${log}`, () => {
    test('a source goes on where it was put, whatever a former owner still commits', async () => {
      const source = newConnector('source');
      const { name } = source;
      const zombies = await Promise.all(
        [0, 1, 2].map((task) => worker.openWriter(identity(name, task, 49))),
      );
      await zombies[2]?.commitSourceOffsets(name, [
        { partition: a, offset: { position: 7 } },
        { partition: b, offset: { position: 8 } },
      ]);
      await offsets.alterSource(source, owner, [{ partition: a, offset: { position: 3 } }]);
      for (const zombie of zombies) {
        const late = [{ partition: a, offset: { position: 99 } }];
        await expect(zombie.commitSourceOffsets(name, late)).rejects.toMatchObject(fenced);
      }
      await worker.openWriter(identity(name, 0, 51));
      expect(await worker.readSourceOffsets(name, [a, b])).toEqual([
        { position: 3 },
        { position: 8 },
      ]);

      await expect(offsets.reset(source, owner)).rejects.toMatchObject(fenced);
      await offsets.reset(source, { ...owner, fence: 52 });
      expect(await worker.readSourceOffsets(name, [a, b])).toEqual([undefined, undefined]);
      expect(await offsets.list(source)).toEqual([]);
    });

    test('a sink goes on where it was put, whatever a former owner still commits', async () => {
      const sink = newConnector('sink');
      const group = `connect-${sink.name}`;
      const topic = `lines-${newShortId()}`;
      await worker.topics.create(topic, { partitions: 2 });
      const writer = await worker.openWriter({ id: `writer-${topic}`, fence: 1 });
      const value = Buffer.from('x');
      const records = [0, 0, 0, 1].map((partition) => ({ key: null, value, partition }));
      await writer.produce([{ topic, records }]);
      const [first, second] = [
        { topic, partition: 0 },
        { topic, partition: 1 },
      ];
      const old = await worker.openReader({ identity: identity(sink.name, 1, 49), group });
      await old.commit([
        { ...first, offset: 3 },
        { ...second, offset: 1 },
      ]);

      const change = { set: [{ ...first, offset: 1 }], cleared: [second] };
      await offsets.alterSink(sink, owner, change);
      const late = old.commit([{ ...first, offset: 3 }]);
      await expect(late).rejects.toMatchObject(fenced);
      await expect
        .poll(() => offsets.list(sink), patience)
        .toEqual([
          {
            partition: { kafka_topic: topic, kafka_partition: 0 },
            offset: { kafka_offset: 1 },
          },
        ]);
      const next = await worker.openReader({ identity: identity(sink.name, 0, 51), group });
      await next.assign([first, second]);
      expect([next.position(first), next.position(second)]).toEqual([1, 0]);
      await next.commit([{ ...first, offset: 2 }]);
      await next.close();

      await expect(offsets.alterSink(sink, owner, change)).rejects.toMatchObject(fenced);
      await offsets.reset(sink, { ...owner, fence: 52 });
      await expect.poll(() => offsets.list(sink), patience).toEqual([]);
    });
  });
}
