import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { expect, test } from 'vitest';

import { ConnectorOffsets, type OffsetsOfConnector } from '../src/connector-offsets.ts';

const owner = { fence: 50, tasks: 3 };

function under(): { store: MemoryLogStore; log: MemoryLog; offsets: ConnectorOffsets } {
  const store = new MemoryLogStore();
  const log = new MemoryLog(store);
  return { store, log, offsets: new ConnectorOffsets({ log, cluster: 'c' }) };
}

function connector(type: 'source' | 'sink', config = {}): OffsetsOfConnector {
  return { name: 'orders', type, config };
}

function identity(task: number, fence: number): { id: string; fence: number } {
  return { id: `c.task/orders/${task}`, fence };
}

const fenced = { code: 'log.fenced' };

test('offsets of a source are listed, set, removed one by one and all at once', async () => {
  const { offsets } = under();
  const source = connector('source');
  expect(await offsets.list(source)).toEqual([]);
  const [a, b] = [{ filename: 'a' }, { filename: 'b' }];
  await offsets.alterSource(source, owner, [
    { partition: a, offset: { position: 1 } },
    { partition: b, offset: { position: 2n ** 60n } },
  ]);
  expect(await offsets.list(source)).toEqual([
    { partition: a, offset: { position: 1 } },
    { partition: b, offset: { position: 2n ** 60n } },
  ]);
  await offsets.alterSource(source, owner, [{ partition: a, offset: null }]);
  expect(await offsets.list(source)).toEqual([{ partition: b, offset: { position: 2n ** 60n } }]);
  await offsets.reset(source, owner);
  await offsets.reset(source, { ...owner, fence: 51 });
  expect(await offsets.list(source)).toEqual([]);
});

test('offsets of a sink are those of its group, in the form of Kafka Connect', async () => {
  const { log, offsets } = under();
  await log.topics.create('lines', { partitions: 2 });
  const sink = connector('sink');
  const second = { topic: 'lines', partition: 1 };
  const set = [
    { topic: 'lines', partition: 0, offset: 7 },
    { ...second, offset: 8 },
  ];
  await offsets.alterSink(sink, owner, { set, cleared: [] });
  expect(await offsets.list(sink)).toEqual([
    { partition: { kafka_topic: 'lines', kafka_partition: 0 }, offset: { kafka_offset: 7 } },
    { partition: { kafka_topic: 'lines', kafka_partition: 1 }, offset: { kafka_offset: 8 } },
  ]);
  expect(await log.listGroupOffsets('connect-orders')).toEqual(set);
  const cleared = [{ topic: 'lines', partition: 0 }];
  await offsets.alterSink(sink, owner, { set: [{ ...second, offset: 3 }], cleared });
  expect(await log.listGroupOffsets('connect-orders')).toEqual([{ ...second, offset: 3 }]);
  await offsets.reset(sink, owner);
  expect(await offsets.list(sink)).toEqual([]);
});

test('the group of a sink may have another name', async () => {
  const { log, offsets } = under();
  await log.topics.create('lines', { partitions: 1 });
  const sink = connector('sink', { 'consumer.override.group.id': 'mine' });
  const set = [{ topic: 'lines', partition: 0, offset: 7 }];
  await offsets.alterSink(sink, owner, { set, cleared: [] });
  expect(await log.listGroupOffsets('mine')).toEqual(set);
  expect(await offsets.list(sink)).toHaveLength(1);
});

test.each([
  [{ topic: 'none', partition: 0, offset: 1 }, "there is no topic 'none'"],
  [{ topic: 'lines', partition: 1, offset: 1 }, 'has 1 partitions'],
])('a partition that does not exist changes nothing', async (wrong, message) => {
  const { log, offsets } = under();
  await log.topics.create('lines', { partitions: 1 });
  const set = [{ topic: 'lines', partition: 0, offset: 7 }, wrong];
  const altering = offsets.alterSink(connector('sink'), owner, { set, cleared: [] });
  await expect(altering).rejects.toMatchObject({ code: 'log.unknown_partition' });
  await expect(altering).rejects.toThrow(message);
  expect(await log.listGroupOffsets('connect-orders')).toEqual([]);
});

test('no former owner of any task commits after a change', async () => {
  const { log, offsets } = under();
  await log.topics.create('lines', { partitions: 1 });
  const zombies = await Promise.all([0, 1, 2].map((task) => log.openWriter(identity(task, 49))));
  await offsets.alterSource(connector('source'), owner, [
    { partition: { f: 'a' }, offset: { p: 1 } },
  ]);
  for (const zombie of zombies) {
    const late = [{ partition: { f: 'a' }, offset: { p: 99 } }];
    await expect(zombie.commitSourceOffsets('orders', late)).rejects.toMatchObject(fenced);
  }
  const group = 'connect-orders';
  const reader = await log.openReader({ identity: identity(2, 50), group });
  await offsets.reset(connector('sink'), { fence: 51, tasks: 3 });
  const commit = reader.commit([{ topic: 'lines', partition: 0, offset: 1 }]);
  await expect(commit).rejects.toMatchObject(fenced);
});

test('what a former owner committed just before a reset is reset too', async () => {
  const { log, offsets } = under();
  const last = await log.openWriter(identity(2, 49));
  const openWriter = log.openWriter.bind(log);
  log.openWriter = async (of) => {
    if (of.id === identity(0, 0).id && of.fence === owner.fence) {
      await last
        .commitSourceOffsets('orders', [{ partition: { f: 'b' }, offset: { p: 1 } }])
        .catch(() => {});
    }
    return openWriter(of);
  };
  await offsets.reset(connector('source'), owner);
  expect(await offsets.list(connector('source'))).toEqual([]);
});

test('a change is refused once a newer owner of any task is there', async () => {
  const { log, offsets } = under();
  await log.openWriter(identity(2, 60));
  const altering = offsets.alterSource(connector('source'), owner, [
    { partition: { f: 'a' }, offset: { p: 1 } },
  ]);
  await expect(altering).rejects.toMatchObject(fenced);
  expect(await offsets.list(connector('source'))).toEqual([]);
  await expect(offsets.reset(connector('sink'), owner)).rejects.toMatchObject(fenced);
});
