import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type ConnectorConfig,
  defineSource,
  RetriableError,
  type SourcePlugin,
  type SourceTask,
  string,
} from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';
import type { FromPreview, PreviewEnd, PreviewedRecord } from '../src/messages.ts';
import { type PreviewOptions, runPreview } from '../src/run-preview.ts';
import { toJson } from '../src/show-value.ts';
import { showBytes, Tracer } from '../src/trace.ts';

const readable = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter.schemas.enable': 'false',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
};

const counter = defineSource({
  name: 'counter',
  version: '1.0.0',
  config: { topic: string().default('t').doc('Topic.') },
  async *run({ config, offset, signal }) {
    for (let n = Number(offset?.['n'] ?? 0) + 1; !signal.aborted; n += 1) {
      yield { topic: config.topic, key: `k${String(n)}`, value: { n }, offset: { n } };
      await sleep(1);
    }
  },
});

async function preview(
  plugin: SourcePlugin,
  config: ConnectorConfig,
  given: {
    records?: number;
    limitMs?: number;
    offset?: number;
    more?: Partial<PreviewOptions>;
  } = {},
): Promise<{ end: PreviewEnd; records: PreviewedRecord[] }> {
  const { limitMs = 20_000, more, offset, records: recordsMax = 2 } = given;
  const offsets =
    offset === undefined ? [] : [{ partition: { source: 'counter' }, offset: { n: offset } }];
  const records: PreviewedRecord[] = [];
  const end = await runPreview(
    plugin,
    { config: { ...readable, ...config }, recordsMax, offsets, ...more },
    {
      signal: AbortSignal.timeout(limitMs),
      tell: (message: FromPreview) => {
        if (message.kind === 'record') records.push(message.record);
      },
    },
  );
  return { end, records };
}

describe('a preview', () => {
  test('shows each record before and after each step, and ends after as many as asked for', async () => {
    const { end, records } = await preview(counter, {
      transforms: 'name, wrap',
      'transforms.name.type': 'org.apache.kafka.connect.transforms.RegexRouter',
      'transforms.name.regex': 't',
      'transforms.name.replacement': 'numbers',
      'transforms.wrap.type': 'org.apache.kafka.connect.transforms.HoistField$Key',
      'transforms.wrap.field': 'id',
    });
    expect(end).toEqual({ kind: 'ended', by: 'records' });
    expect(records).toHaveLength(2);
    const [first] = records;
    expect(first).toMatchObject({
      task: 0,
      before: { topic: 't', key: '"k1"', value: '{"n":1}', headers: '[]' },
      offset: '{"n":1}',
      steps: [
        { name: 'name', kind: 'transform', result: 'changed', after: { topic: 'numbers' } },
        { name: 'wrap', kind: 'transform', result: 'changed', after: { key: '{"id":"k1"}' } },
        { name: 'key', kind: 'converter', result: 'changed' },
        { name: 'value', kind: 'converter', bytes: { length: 7, text: '{"n":1}' } },
      ],
    });
  });

  test('ends when there is more to show than it may', async () => {
    const { end, records } = await preview(
      counter,
      {},
      { records: 1_000, more: { shownBytesMax: 2_000 } },
    );
    expect(end).toEqual({ kind: 'ended', by: 'bytes' });
    const sizes = records.map((record) => JSON.stringify(record).length);
    const shown = sizes.reduce((sum, size) => sum + size, 0);
    expect(shown).toBeGreaterThanOrEqual(2_000);
    expect(shown - (sizes.at(-1) ?? 0)).toBeLessThan(2_000);
  });

  test('inherits the converters of the worker', async () => {
    const workerConfig = {
      'header.converter': 'org.apache.kafka.connect.storage.StringConverter',
      'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
    };
    const records: PreviewedRecord[] = [];
    await runPreview(
      counter,
      { config: {}, workerConfig, recordsMax: 1, offsets: [] },
      {
        signal: AbortSignal.timeout(20_000),
        tell: (message) => message.kind === 'record' && records.push(message.record),
      },
    );
    expect(records[0]?.steps.map(({ bytes }) => bytes?.text)).toEqual([
      '{"schema":null,"payload":"k1"}',
      '{n=1}',
    ]);
  });

  test('begins at nothing, or at the offsets that it is given', async () => {
    expect((await preview(counter, {})).records[0]?.before.value).toBe('{"n":1}');
    expect((await preview(counter, {}, { offset: 41 })).records[0]?.before.value).toBe('{"n":42}');
  });

  test('says where a record was dropped, or failed', async () => {
    const dropped = await preview(counter, {
      transforms: 'odd,after',
      'transforms.odd.type': 'io.sluice.transforms.Expression$Value',
      'transforms.odd.filter': 'value.n % 2 == 1',
      'transforms.after.type': 'org.apache.kafka.connect.transforms.ValueToKey',
      'transforms.after.fields': 'n',
    });
    expect(dropped.records.map(({ steps }) => steps.map(({ result }) => result))).toEqual([
      ['changed', 'changed', 'changed', 'changed'].with(0, 'unchanged'),
      ['filtered'],
    ]);
    const failed = await preview(counter, {
      transforms: 'extract',
      'transforms.extract.type': 'org.apache.kafka.connect.transforms.HoistField$Value',
      'transforms.extract.field': 'x',
      'value.converter': 'org.apache.kafka.connect.converters.ByteArrayConverter',
    });
    expect(failed.records[0]?.steps.at(-1)).toMatchObject({ name: 'value', result: 'failed' });
    expect(failed.end).toEqual({ kind: 'ended', by: 'records' });
  });

  test('ends with its time, also when a task ignores its signal, and stops the task', async () => {
    let stops = 0;
    const endless: SourceTask = {
      start: () => {},
      poll: () => new Promise(() => {}),
      stop: () => {
        stops += 1;
      },
    };
    const { end, records } = await preview(
      { ...counter, createTask: () => endless },
      {},
      { limitMs: 50 },
    );
    expect(end).toEqual({ kind: 'ended', by: 'timeout' });
    expect([records.length, stops]).toEqual([0, 1]);
  });

  test('tells no task that anything arrived, and polls again after a RetriableError', async () => {
    const calls: string[] = [];
    const task: SourceTask = {
      start: () => {},
      poll: async () => {
        calls.push('poll');
        if (calls.length === 1) throw new RetriableError('not yet');
        return [{ topic: 't', value: 1 }];
      },
      commit: () => void calls.push('commit'),
      commitRecord: () => void calls.push('commitRecord'),
      stop: () => void calls.push('stop'),
    };
    const { end } = await preview({ ...counter, createTask: () => task }, {}, { records: 1 });
    expect(end).toEqual({ kind: 'ended', by: 'records' });
    expect(calls).toEqual(['poll', 'poll', 'stop']);
  });

  test.each([false, true])(
    'an offset alone is not shown, and is stored for the task unless it releases something (%s)',
    async (movesExternalCursor) => {
      const stored: unknown[] = [];
      const waiting = defineSource({
        name: 'waiting',
        version: '1.0.0',
        config: {},
        movesExternalCursor,
        setup: () => Promise.withResolvers<void>(),
        async *run({ state }) {
          yield { topic: '', offset: { n: 7 }, isOffsetOnly: true };
          await state.promise;
          yield { topic: 't', value: 1 };
        },
        commit: async ({ offsets, state }) => {
          stored.push(...(await offsets([{ source: 'waiting' }])));
          state.resolve();
        },
      });
      // Only who waits for a commit in vain comes to the end of its time.
      const limitMs = movesExternalCursor ? 300 : 20_000;
      const { end, records } = await preview(waiting, {}, { records: 1, limitMs });
      expect(end).toEqual({ kind: 'ended', by: movesExternalCursor ? 'timeout' : 'records' });
      expect(records.map(({ before }) => before.topic)).toEqual(movesExternalCursor ? [] : ['t']);
      expect(stored).toEqual(movesExternalCursor ? [] : [{ n: 7 }]);
    },
  );

  test.each([
    [{ transforms: 'x', 'transforms.x.type': 'Nothing' }, 'config', 'Nothing'],
    [{ topic: 't', 'value.converter': 'Nothing' }, 'config', 'Nothing'],
    [
      { 'value.converter': 'io.confluent.connect.avro.AvroConverter' },
      'config',
      'schema.registry.url',
    ],
  ] as const)('refuses %j', async (config, stage, message) => {
    const { end } = await preview(counter, config);
    expect(end).toMatchObject({ kind: 'failed', stage });
    expect(end.kind === 'failed' && end.message).toContain(message);
  });

  test('reports what failed the start or a poll', async () => {
    const broken = defineSource({
      name: 'broken',
      version: '1.0.0',
      config: {},
      // oxlint-disable-next-line require-yield -- it fails before
      async *run() {
        throw new Error('upstream is gone');
      },
    });
    expect((await preview(broken, {})).end).toEqual({
      kind: 'failed',
      stage: 'poll',
      message: 'upstream is gone',
    });
  });
});

/** A registry without any schema, that says what it was asked. */
async function emptyRegistry() {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${String(request.method)} ${String(request.url)}`);
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error_code: 40401, message: 'Subject not found.' }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${String(port)}`,
    requests,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test('schemas are not registered: the first record that needs one shows what would be', async () => {
  await using registry = await emptyRegistry();
  const { records } = await preview(counter, {
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'value.converter.schema.registry.url': registry.url,
  });
  expect(registry.requests).toEqual([
    'POST /subjects/t-value',
    'POST /compatibility/subjects/t-value/versions/latest?verbose=true',
  ]);
  const values = records.map(({ steps }) => steps.find(({ name }) => name === 'value'));
  expect(values[0]?.registers).toEqual([
    { subject: 't-value', type: 'AVRO', schema: expect.stringContaining('"Anything"') as string },
  ]);
  expect(values[0]?.bytes?.hex).toMatch(/^0000000000/);
  expect(values[1]).toMatchObject({ result: 'changed', bytes: { length: expect.any(Number) } });
  expect(values[1]).not.toHaveProperty('registers');
});

test('a registry that does not answer is told at once, with the key to look at', async () => {
  const { end, records } = await preview(counter, {
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'value.converter.schema.registry.url': 'http://127.0.0.1:1',
  });
  expect(end).toEqual({ kind: 'ended', by: 'records' });
  expect(records[0]?.steps.at(-1)).toMatchObject({ name: 'value', result: 'failed' });
  expect(records[0]?.steps.at(-1)?.error).toContain('Check schema.registry.url');
});

test('an error that the connector raises ends it', async () => {
  const { end } = await preview(
    {
      ...counter,
      createConnector: () => ({
        start: (_config, context) => {
          setTimeout(() => context.raiseError(new Error('the slot is gone')), 5);
        },
        taskConfigs: () => [{}],
      }),
    },
    {},
    { records: 1_000 },
  );
  expect(end).toMatchObject({ kind: 'failed', message: 'the slot is gone' });
});

test('bytes are shown as text where they are, else as hexadecimal digits, and cut off', () => {
  expect(showBytes(null)).toBeNull();
  expect(showBytes(Buffer.from('grün'))).toEqual({ length: 5, text: 'grün' });
  expect(showBytes(Uint8Array.of(0, 255))).toEqual({ length: 2, hex: '00ff' });
  expect(showBytes(Buffer.alloc(2_000, 1))?.hex).toHaveLength(2_049);
  expect(showBytes(Buffer.alloc(10_000, 'x'))?.text).toHaveLength(4_097);
});

test('bytes within data are shown as base64, wherever they are', () => {
  const bytes = Buffer.from([1, 2]);
  const data = { a: bytes, b: [Uint8Array.of(1, 2)], c: new Map([['d', bytes]]), e: 1n };
  expect(toJson(data)).toBe('{"a":"AQI=","b":["AQI="],"c":{"d":"AQI="},"e":1}');
  expect(toJson(bytes)).toBe('"AQI="');
});

test('headers are converted one by one', async () => {
  const tracer = new Tracer({});
  const headers = [{ name: 'a', value: 'x' }];
  const steps = await tracer.trace({ topic: 't', value: 1, headers });
  expect(steps.at(-1)).toMatchObject({ name: 'header', bytes: { text: 'x' } });
});
