/** The journal in a topic, on a log in memory: what every journal must do, and what only a topic can. */
import type { JournalWrite, LeaderTerm } from '@sluice/coordination';
import {
  describeDefinitionJournal,
  MemoryJournal,
  MemoryJournalStore,
} from '@sluice/coordination/conformance';
import { SluiceError } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import type { LogReader, RecordLog } from '@sluice/record-log';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import { describe, expect, test, vi } from 'vitest';

import { TopicJournal } from '../src/journal/topic-journal.ts';

const topic = 'sluice-test-configs';
const away = new SluiceError('log.unreachable', 'the log does not answer', { retriable: true });

describeDefinitionJournal('topic', async () => {
  const store = new MemoryLogStore();
  return {
    journal: () => new TopicJournal({ log: new MemoryLog(store), cluster: 'test', topic }),
    setAway: async (isAway) => (isAway ? store.beginOutage(away) : store.endOutage()),
    replace: async () => store.deleteTopic(topic),
    stop: async () => {},
  };
});

describeDefinitionJournal('memory', async () => {
  const store = new MemoryJournalStore();
  return {
    journal: () => new MemoryJournal(store),
    setAway: async (isAway) => {
      store.isAway = isAway;
    },
    replace: async () => store.replace(),
    stop: async () => {},
  };
});

describe('the topic of the journal', () => {
  test('one with several partitions is refused, with the remedy', async () => {
    const rig = new Rig();
    await rig.log.topics.create(topic, { partitions: 3 });
    await expect(rig.journal().open(term(1))).rejects.toThrow(
      /has 3 partitions.*exactly one.*SLUICE_CONFIG_STORAGE_TOPIC/,
    );
  });

  test('one that deletes by age is refused, with the remedy', async () => {
    const rig = new Rig();
    await rig.log.topics.create(topic, { partitions: 1 });
    const log = withSettings(rig.log, { 'cleanup.policy': 'compact,delete' });
    await expect(rig.journal(log).open(term(1))).rejects.toMatchObject({
      code: 'journal.unusable',
      message: expect.stringContaining('cleanup.policy=compact,delete') as string,
    });
    await rig.journal(withSettings(rig.log, { 'cleanup.policy': 'compact' })).open(term(1));
  });

  test('one that something else writes to is refused, without a word of what it holds', async () => {
    const rig = new Rig();
    await rig.put('connector/orders', '{"password":"secret"');
    const opening = rig.journal().open(term(1));
    await expect(opening).rejects.toThrow(/'connector\/orders' at offset 0 .* is not a journal's/);
    await expect(opening).rejects.not.toThrow(/secret/);
  });

  test('another cluster’s is refused, and so is a topic of something else', async () => {
    const rig = new Rig();
    await rig.journal().open(term(1));
    const other = new TopicJournal({ log: rig.log, cluster: 'other', topic });
    await expect(other.open(term(2))).rejects.toThrow(
      /definitions of cluster 'test', not of 'other'/,
    );
    const connect = new Rig();
    await connect.put('connector-orders', '{"properties":{}}');
    await expect(connect.journal().open(term(1))).rejects.toThrow(/that are not Sluice's/);
    expect(connect.records()).toHaveLength(1);
  });

  test('what a newer version has changed is refused', async () => {
    const rig = new Rig();
    await rig.put('connector/orders', JSON.stringify({ format: 2, name: 'orders' }));
    await expect(rig.journal().open(term(1))).rejects.toThrow(/newer Sluice.*update this/);
  });

  test('what a newer version has added is kept: keys, and fields of a connector', async () => {
    const rig = new Rig();
    const journal = rig.journal();
    await journal.open(term(1));
    await journal.append(writeOf());
    const { value } = rig.lastOf('connector/orders');
    await rig.put('connector/orders', JSON.stringify({ ...value, team: 'billing' }));
    await rig.put('quota/orders', 'anything');
    const next = rig.journal();
    const state = await next.open(term(2));
    expect(state.connectors.get('orders')?.value).toEqual(writeOf().connectors[0]);
    await next.append(writeOf({ version: 2 }));
    expect(rig.lastOf('connector/orders').value).toMatchObject({ version: 2, team: 'billing' });
    expect(rig.records().filter(({ key }) => key === 'quota/orders')).toHaveLength(1);
  });

  test('a large task set is in parts, which are removed once nothing refers to them', async () => {
    const rig = new Rig();
    const journal = rig.journal();
    await journal.open(term(1));
    await journal.append(writeOf(setOf(2_000, 1)));
    const parts = (epoch: number): string[] => [
      ...new Set(
        rig.records().flatMap(({ key }) => (key.startsWith(`tasks/uid-1/${epoch}/`) ? [key] : [])),
      ),
    ];
    expect(parts(1).length).toBeGreaterThan(1);
    await journal.append(writeOf(setOf(1_500, 2)));
    for (const key of parts(1)) expect(rig.lastOf(key).value).toBeNull();
    await journal.append({ ...writeOf(), connectors: [], deleted: ['orders'] });
    for (const key of parts(2)) expect(rig.lastOf(key).value).toBeNull();
  });

  test('a writer that dies between the parts and what refers to them has changed nothing', async () => {
    const rig = new Rig();
    const journal = rig.journal();
    await journal.open(term(1));
    await journal.append(writeOf(setOf(2_000, 1)));
    const before = (await rig.journal().open(term(2))).connectors.get('orders')?.value;
    // Parts of the next epoch, and then nothing.
    const tasks = [{ ordinal: 1, config: {} }];
    await rig.put('tasks/uid-1/2/0', JSON.stringify({ format: 1, connector: 'orders', tasks }));
    const next = rig.journal();
    expect((await next.open(term(3))).connectors.get('orders')?.value).toEqual(before);
    await next.append({ connectors: [], deleted: [], high: { ordinal: 0, fence: 0 } });
    expect(rig.lastOf('tasks/uid-1/2/0').value).toBeNull();
  });

  test('a set with a part that somebody removed is one to be published again', async () => {
    const rig = new Rig();
    const journal = rig.journal();
    await journal.open(term(1));
    await journal.append(writeOf(setOf(2_000, 7)));
    await rig.put('tasks/uid-1/7/0', null);
    const state = await rig.journal().open(term(2));
    expect(state.connectors.get('orders')?.value).toMatchObject({
      taskEpoch: 7,
      taskVersion: 0,
      tasks: [],
    });
  });

  test('a reader that opens when nobody waits for it any more is closed', async () => {
    const rig = new Rig();
    const clock = new FakeClock();
    const opened = Promise.withResolvers<LogReader>();
    const log = new Proxy(rig.log, {
      get: (target, name) => {
        if (name === 'openReader') return () => opened.promise;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? (member.bind(target) as unknown) : member;
      },
    });
    const journal = new TopicJournal({ log, cluster: 'test', topic, clock });
    const opening = journal.open(term(1));
    opening.catch(() => {});
    await clock.advance(15_000);
    await expect(opening).rejects.toThrow(/has not answered for 15 s/);
    const close = vi.fn<() => Promise<void>>(async () => {});
    opened.resolve({ close } as unknown as LogReader);
    await clock.advance(0);
    expect(close).toHaveBeenCalledOnce();
  });

  test('everything is said to the log once, and the request last', async () => {
    const rig = new Rig();
    const journal = rig.journal();
    await journal.open(term(1));
    const request = {
      id: 'r',
      position: '1-0',
      result: { kind: 'done', connectors: [] } as const,
      restart: [],
      events: [],
    };
    const before = rig.records().length;
    const position = await journal.append({ ...writeOf(), request });
    expect(
      rig
        .records()
        .slice(before)
        .map(({ key }) => key),
    ).toEqual(['connector/orders', 'high', 'request']);
    expect(position).toBe(rig.records().length - 1);
  });
});

class Rig {
  readonly store = new MemoryLogStore();
  readonly log = new MemoryLog(this.store);

  journal(log: RecordLog = this.log): TopicJournal {
    return new TopicJournal({ log, cluster: 'test', topic });
  }

  /** As another program would. */
  async put(key: string, value: string | null): Promise<void> {
    const writer = await this.log.openWriter({ id: 'another', fence: 1 });
    const record = { key: Buffer.from(key), value: value === null ? null : Buffer.from(value) };
    await writer.produce([{ topic, records: [record] }]);
  }

  records(): { key: string; value: Record<string, unknown> | null }[] {
    const partition = this.store.partition(topic, 0);
    const records = Array.from({ length: partition?.high ?? 0 }, (_, at) => partition?.at(at));
    return records.map((record) => ({
      key: Buffer.from(record?.key ?? []).toString(),
      value: record?.value ? parseOr(Buffer.from(record.value).toString()) : null,
    }));
  }

  lastOf(key: string): { value: Record<string, unknown> | null } {
    return this.records().findLast((record) => record.key === key) ?? { value: null };
  }
}

function parseOr(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    return { text };
  }
}

function term(epoch: number): LeaderTerm {
  return { coordinator: `c${epoch}`, epoch };
}

function setOf(count: number, taskEpoch: number): Partial<JournalWrite['connectors'][number]> {
  const tasks = Array.from({ length: count }, (_, number) => ({
    ordinal: number + 2,
    config: { files: `${number} ${'x'.repeat(300)}` },
  }));
  return { taskEpoch, taskVersion: 1, tasks };
}

function writeOf(changes: Partial<JournalWrite['connectors'][number]> = {}): JournalWrite {
  const connector: JournalWrite['connectors'][number] = {
    name: 'orders',
    uid: 'uid-1',
    version: 1,
    config: { name: 'orders' },
    type: 'source',
    targetState: 'STARTED',
    lifecycle: 'live',
    createdAtMs: 1,
    taskEpoch: 0,
    taskVersion: 0,
    tasks: [],
    ...changes,
  };
  return { connectors: [connector], deleted: [], high: { ordinal: 1, fence: 1 } };
}

function withSettings(log: MemoryLog, settings: Readonly<Record<string, string>>): RecordLog {
  const topics = { ...log.topics, settings: async () => settings };
  return new Proxy(log, {
    get: (target, name) => {
      if (name === 'topics') return topics;
      const member: unknown = Reflect.get(target, name, target);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
