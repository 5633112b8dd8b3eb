import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  type ConnectorConfig,
  defineSource,
  int,
  list,
  RetriableError,
  type SourcePlugin,
  type SourceRecord,
  type SourceTask,
  string,
  type YieldedRecord,
} from '../src/index.ts';
import { connectorContext, sourceContext } from './contexts.ts';

function counter(upTo: number): SourcePlugin {
  return defineSource({
    name: 'counter',
    version: '1.0.0',
    config: { topic: string() },
    async *run({ config, offset }) {
      for (let count = Number(offset?.count ?? 0) + 1; count <= upTo; count += 1)
        yield { topic: config.topic, value: count, offset: { count } };
    },
  });
}

async function started(
  plugin: SourcePlugin,
  config: ConnectorConfig = { topic: 't' },
  given = sourceContext(),
): Promise<SourceTask> {
  const task = plugin.createTask();
  await task.start(config, given.context);
  return task;
}

async function pollUntil(task: SourceTask, count: number): Promise<SourceRecord[]> {
  const records: SourceRecord[] = [];
  for (let polls = 0; records.length < count && polls < 1_000; polls += 1)
    records.push(...((await task.poll()) ?? []));
  return records;
}

/** Turns of the event loop: all that can happen without waiting has happened after a few. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

describe('a defined source', () => {
  test('is named by its class and has its aliases', () => {
    const definition = { version: '2.1.0', config: {}, async *run() {} };
    expect(
      defineSource({ ...definition, name: 'orders', class: 'org.acme.OrdersSourceConnector' }),
    ).toMatchObject({
      type: 'source',
      class: 'org.acme.OrdersSourceConnector',
      aliases: ['OrdersSourceConnector', 'OrdersSource', 'orders'],
      version: '2.1.0',
    });
    expect(defineSource({ ...definition, name: 'clock' })).toMatchObject({
      class: 'clock',
      aliases: [],
    });
  });

  test('has one task with the configuration of the connector unless it splits its work', async () => {
    const connector = counter(1).createConnector();
    await connector.start?.({ topic: 't' }, connectorContext());
    expect(await connector.taskConfigs(5)).toEqual([{ topic: 't' }]);
  });

  test('refuses a configuration before any task runs', () => {
    const connector = counter(1).createConnector();
    expect(() => connector.start?.({}, connectorContext())).toThrow(
      'Missing required configuration "topic" which has no default value.',
    );
  });

  test('gives each task its part of the work', async () => {
    const plugin = defineSource({
      name: 'tables',
      version: '1.0.0',
      config: { tables: list() },
      tasks: ({ config, max }) => config.tables.slice(0, max).map((table) => ({ table })),
      sourcePartition: ({ work }) => ({ table: work.table }),
      async *run({ work, offset }) {
        yield { topic: work.table, value: offset ?? null, offset: { row: 1 } };
      },
    });
    const connector = plugin.createConnector();
    await connector.start?.({ tables: 'a,b,c' }, connectorContext());
    const configs = await connector.taskConfigs(2);
    expect(configs).toEqual([
      { tables: 'a,b,c', 'task.work': '{"table":"a"}' },
      { tables: 'a,b,c', 'task.work': '{"table":"b"}' },
    ]);

    const given = sourceContext((partition) => ({ from: partition['table'] ?? null }));
    const task = await started(plugin, configs[1], given);
    expect(await pollUntil(task, 1)).toEqual([
      {
        topic: 'b',
        value: { from: 'b' },
        sourcePartition: { table: 'b' },
        sourceOffset: { row: 1 },
      },
    ]);
    await task.stop();
  });
});

describe('a task around a generator', () => {
  test('hands over everything that is there in one batch, with its offsets', async () => {
    const task = await started(counter(3));
    expect(await task.poll()).toEqual(
      [1, 2, 3].map((count) => ({
        topic: 't',
        value: count,
        sourcePartition: { source: 'counter' },
        sourceOffset: { count },
      })),
    );
    await task.stop();
  });

  test('goes on where its stored offset says', async () => {
    const given = sourceContext((partition) =>
      partition['source'] === 'counter' ? { count: 41 } : undefined,
    );
    const task = await started(counter(43), { topic: 't' }, given);
    expect((await pollUntil(task, 2)).map((record) => record.value)).toEqual([42, 43]);
    await task.stop();
  });

  test('delivers every record once and in order, however many there are', async () => {
    const task = await started(counter(5_000));
    const records = await pollUntil(task, 5_000);
    expect(records.map((record) => record.value)).toEqual(
      Array.from({ length: 5_000 }, (_, index) => index + 1),
    );
    await task.stop();
  });

  test('is ahead of the runtime by a bounded number of records', async () => {
    let made = 0;
    const plugin = defineSource({
      name: 'endless',
      version: '1.0.0',
      config: {},
      async *run() {
        for (;;) yield { topic: 't', value: (made += 1) };
      },
    });
    const task = await started(plugin);
    await turns(10);
    expect(made).toBe(500);
    expect(await task.poll()).toHaveLength(500);
    await task.stop();
  });

  test('hands over arrays as they are, and the rest of a record untouched', async () => {
    const record: YieldedRecord = {
      topic: 't',
      key: 'k',
      value: null,
      headers: [{ name: 'h', value: 1 }],
      timestampMs: 5,
      partition: 3,
      keySchema: { type: 'string' },
    };
    const plugin = defineSource({
      name: 'batches',
      version: '1.0.0',
      config: {},
      async *run() {
        yield [];
        yield [record, record];
      },
    });
    const task = await started(plugin);
    expect(await pollUntil(task, 2)).toEqual([record, record]);
    await task.stop();
  });

  test('keeps offsets apart by the partition that a record names', async () => {
    const plugin = defineSource({
      name: 'sensors',
      version: '1.0.0',
      config: {},
      async *run({ offsets }) {
        const [north, south] = await offsets([{ sensor: 'n' }, { sensor: 's' }]);
        yield {
          topic: 't',
          value: [north, south],
          sourcePartition: { sensor: 's' },
          offset: { at: 1 },
        };
      },
    });
    const given = sourceContext(({ sensor }) => (sensor === 's' ? { at: 9 } : undefined));
    const task = await started(plugin, {}, given);
    expect(await pollUntil(task, 1)).toEqual([
      {
        topic: 't',
        value: [undefined, { at: 9 }],
        sourcePartition: { sensor: 's' },
        sourceOffset: { at: 1 },
      },
    ]);
    await task.stop();
  });

  test('remembers the offsets of the last 10 000 partitions for a run that starts again', async () => {
    const files = Array.from({ length: 10_001 }, (_, file) => ({ file }));
    let runs = 0;
    const plugin = defineSource({
      name: 'files',
      version: '1.0.0',
      config: {},
      async *run({ offsets }) {
        runs += 1;
        if (runs > 1) yield { topic: 't', value: await offsets(files.slice(0, 2)) };
        else {
          yield files.map((sourcePartition) => ({
            topic: 't',
            sourcePartition,
            offset: { at: 2 },
          }));
          throw new RetriableError('the disk is away');
        }
      },
    });
    const task = await started(
      plugin,
      {},
      sourceContext(() => ({ at: 1 })),
    );
    await pollUntil(task, files.length);
    await expect(task.poll()).rejects.toThrow('the disk is away');
    expect(await pollUntil(task, 1)).toMatchObject([{ value: [{ at: 1 }, { at: 2 }] }]);
    await task.stop();
  });

  test('may go on with the objects that it yielded, without changing what was yielded', async () => {
    const plugin = defineSource({
      name: 'reusing',
      version: '1.0.0',
      config: { topic: string() },
      async *run({ config }) {
        const offset = { line: 0 };
        const sourcePartition = { file: 'a' };
        const record = { topic: config.topic, value: 0, offset, sourcePartition };
        for (let line = 1; line <= 4; line += 1) {
          offset.line = line;
          record.value = line;
          if (line === 3) sourcePartition.file = 'b';
          yield line === 4 ? [record] : record;
        }
      },
    });
    const task = await started(plugin);
    const records = await pollUntil(task, 4);
    await task.stop();
    expect(
      records.map(({ sourceOffset, sourcePartition, value }) => [
        sourcePartition?.['file'],
        sourceOffset?.['line'],
        value,
      ]),
    ).toEqual([
      ['a', 1, 1],
      ['a', 2, 2],
      ['b', 3, 3],
      ['b', 4, 4],
    ]);
    // What follows one of the same partition costs no object.
    expect(records[1]?.sourcePartition).toBe(records[0]?.sourcePartition);
  });

  test('refuses an offset of several tasks that belongs to nothing', async () => {
    const plugin = defineSource({
      name: 'vague',
      version: '1.0.0',
      config: {},
      tasks: ({ max }) => Array.from({ length: max }, (_, id) => ({ id })),
      async *run() {
        yield { topic: 't', offset: { at: 1 } };
      },
    });
    const task = await started(plugin);
    await expect(task.poll()).rejects.toThrow('define sourcePartition');
    await task.stop();
  });

  test('waits without an end when the generator is done, until it is stopped', async () => {
    const given = sourceContext();
    const task = await started(counter(1), { topic: 't' }, given);
    await pollUntil(task, 1);
    const waiting = task.poll();
    expect(await Promise.race([waiting, turns(10).then(() => 'still waiting')])).toBe(
      'still waiting',
    );
    given.abort.abort();
    expect(await waiting).toBeNull();
    await task.stop();
  });
});

describe('an error of the generator', () => {
  test('reaches the poll after the records before it', async () => {
    const plugin = defineSource({
      name: 'failing',
      version: '1.0.0',
      config: {},
      async *run() {
        yield { topic: 't', value: 1 };
        throw new Error('the device is gone');
      },
    });
    const task = await started(plugin);
    expect(await task.poll()).toEqual([{ topic: 't', value: 1 }]);
    await expect(task.poll()).rejects.toThrow('the device is gone');
    await task.stop();
  });

  test('that is retriable makes the next poll run again, after what was yielded last', async () => {
    let runs = 0;
    const plugin = defineSource({
      name: 'flaky',
      version: '1.0.0',
      config: { fails: int().default(2) },
      async *run({ config, offset }) {
        runs += 1;
        const count = Number(offset?.count ?? 0) + 1;
        yield { topic: 't', value: count, offset: { count } };
        if (count <= config.fails) throw new RetriableError('busy');
      },
    });
    const task = await started(plugin, {});
    expect(await pollUntil(task, 1)).toMatchObject([{ value: 1 }]);
    await expect(task.poll()).rejects.toThrow(RetriableError);
    expect(await task.poll()).toMatchObject([{ value: 2 }]);
    await expect(task.poll()).rejects.toThrow(RetriableError);
    expect(await task.poll()).toMatchObject([{ value: 3 }]);
    expect(runs).toBe(3);
    await task.stop();
  });
});

describe('stopping', () => {
  afterEach(() => {
    vi.useRealTimers();
  });

  test('aborts the signal and runs the finally blocks of the generator', async () => {
    const events: string[] = [];
    const plugin = defineSource({
      name: 'tidy',
      version: '1.0.0',
      config: {},
      async *run({ signal }) {
        try {
          yield { topic: 't' };
          await new Promise((_, reject) => {
            signal.addEventListener('abort', () => reject(new Error('aborted')));
          });
        } finally {
          events.push('closed');
        }
      },
    });
    const task = await started(plugin);
    await task.poll();
    await task.stop();
    expect(events).toEqual(['closed']);
  });

  test('ends a generator that waits for room', async () => {
    let closed = false;
    const plugin = defineSource({
      name: 'endless',
      version: '1.0.0',
      config: {},
      async *run() {
        try {
          for (;;) yield { topic: 't' };
        } finally {
          closed = true;
        }
      },
    });
    const task = await started(plugin);
    await task.stop();
    expect(closed).toBe(true);
  });

  test('gives up on a generator that ignores its signal, and says so', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const given = sourceContext();
    const plugin = defineSource({
      name: 'deaf',
      version: '1.0.0',
      config: {},
      async *run() {
        await new Promise(() => {});
        yield { topic: 't' };
      },
    });
    const task = await started(plugin, {}, given);
    const stopped = task.stop();
    await vi.advanceTimersByTimeAsync(3_000);
    await stopped;
    expect(given.logger.warnings).toEqual([expect.stringContaining('did not end')]);
  });

  test('may come twice, and before the start', async () => {
    await counter(1).createTask().stop();
    const task = await started(counter(1));
    await task.stop();
    await task.stop();
  });
});

describe('the hooks of a source', () => {
  /** A queue whose messages are acknowledged by their tag. */
  function queue(calls: string[], waits: { upTo: number }) {
    return defineSource({
      name: 'queue',
      version: '1.0.0',
      config: { topic: string() },
      setup: ({ config, configs, task }) => {
        calls.push(`setup ${config.topic} ${String(configs()['topic'])} ${String(task)}`);
        return { name: 'connection', tags: new WeakMap<YieldedRecord, number>() };
      },
      async *run({ config, signal, state }) {
        try {
          for (let tag = 1; tag <= waits.upTo; tag += 1) {
            const record = { topic: config.topic, value: tag, offset: { tag } };
            state.tags.set(record, tag);
            yield record;
          }
          await new Promise((resolve) => signal.addEventListener('abort', resolve));
        } finally {
          calls.push('run ended');
        }
      },
      commitRecord: (record, metadata, { state }) =>
        void calls.push(
          `commitRecord ${String(state.tags.get(record))} at ${String(metadata?.offset)}`,
        ),
      commit: ({ state }) => void calls.push(`commit on ${state.name}`),
      teardown: ({ state }) => void calls.push(`teardown ${state.name}`),
    });
  }

  test('are told of the very records that were yielded, and share what setup opened', async () => {
    const calls: string[] = [];
    const task = await started(queue(calls, { upTo: 2 }));
    const records = await pollUntil(task, 2);
    for (const [offset, record] of records.entries())
      await task.commitRecord?.(record, { topic: 't', partition: 0, offset });
    await task.commit?.();
    await task.stop();
    await task.stop();
    expect(calls).toEqual([
      'setup t t 0',
      'commitRecord 1 at 0',
      'commitRecord 2 at 1',
      'commit on connection',
      'run ended',
      'teardown connection',
    ]);
  });

  test('are told between polls: one that finds nothing returns in time', async () => {
    const task = await started(queue([], { upTo: 0 }));
    const beganMs = performance.now();
    expect(await task.poll()).toBeNull();
    // Else it would wait for a record without an end.
    expect(performance.now() - beganMs).toBeLessThan(10_000);
    await task.stop();
  });

  test('are not there unless they are defined', async () => {
    const hooks = { commit: undefined, commitRecord: undefined };
    expect(counter(1).createTask()).toMatchObject(hooks);
  });

  test('are not torn down when setup failed', async () => {
    const calls: string[] = [];
    const plugin = defineSource({
      name: 'broken',
      version: '1.0.0',
      config: {},
      setup: () => {
        throw new Error('no connection');
      },
      async *run() {},
      teardown: () => void calls.push('teardown'),
    });
    const task = plugin.createTask();
    await expect(task.start({}, sourceContext().context)).rejects.toThrow('no connection');
    await task.stop();
    expect(calls).toEqual([]);
  });
});

describe('a watch of a source', () => {
  function watched(watch: NonNullable<Parameters<typeof defineSource>[0]['watch']>) {
    const connector = defineSource({
      name: 'watched',
      version: '1.0.0',
      config: {},
      watch,
      async *run() {},
    }).createConnector();
    const calls: unknown[] = [];
    const context = {
      ...connectorContext(),
      requestTaskReconfiguration: () => calls.push('reconfigure'),
      raiseError: (error: unknown) => calls.push(error),
    };
    return { connector, context, calls };
  }

  test('asks for new task configurations, and ends with the connector', async () => {
    let isOver = false;
    const { calls, connector, context } = watched(
      async ({ requestTaskReconfiguration, signal }) => {
        requestTaskReconfiguration();
        await new Promise((resolve) => signal.addEventListener('abort', resolve));
        isOver = true;
        throw signal.reason;
      },
    );
    await connector.start?.({}, context);
    await turns(2);
    expect(calls).toEqual(['reconfigure']);
    await connector.stop?.();
    expect(isOver).toBe(true);
    expect(calls).toEqual(['reconfigure']);
  });

  test('that throws fails the connector', async () => {
    const { calls, connector, context } = watched(async () => {
      throw new Error('the catalogue is gone');
    });
    await connector.start?.({}, context);
    await turns(2);
    expect(calls).toEqual([new Error('the catalogue is gone')]);
    await connector.stop?.();
  });
});
