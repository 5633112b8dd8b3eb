import { SluiceError } from '@sluice/kernel';
import { FakeClock } from '@sluice/kernel/testing';
import { ApiError, type AskConnector, type OffsetsChange } from '@sluice/rest-api';
import { describe, expect, test } from 'vitest';

import { type ApiUnderTest, apiUnderTest } from './api-under-test.ts';
import { plugin } from './fake-cluster.ts';

const owner = { fence: 99, tasks: 3 };
const change = { offsets: [{ partition: { filename: 'a' }, offset: { position: 5 } }] };
const sinkChange = {
  offsets: [
    { partition: { kafka_topic: 'lines', kafka_partition: 1 }, offset: { kafka_offset: 5 } },
    { partition: { kafka_topic: 'lines', kafka_partition: '2' }, offset: { kafka_offset: '6' } },
    { partition: { kafka_topic: 'lines', kafka_partition: 3 }, offset: null },
  ],
};

function stopped(type: 'source' | 'sink' = 'source'): ApiUnderTest {
  const under = apiUnderTest();
  under.cluster.add('orders');
  under.cluster.stop('orders', { type });
  under.cluster.plugins = [plugin('com.acme.FileStreamSource', { aliases: ['FileStreamSource'] })];
  return under;
}

test('offsets are listed in any state, numbers of 64 bits exactly', async () => {
  const { cluster, offsets, call } = apiUnderTest();
  cluster.add('orders');
  offsets.listed = [{ partition: { shard: 1 }, offset: { lsn: 18_014_398_509_481_985n } }];
  const response = await call('GET /connectors/orders/offsets');
  expect(response.statusCode).toBe(200);
  expect(response.headers['content-type']).toContain('application/json');
  expect(response.body).toBe(
    '{"offsets":[{"partition":{"shard":1},"offset":{"lsn":18014398509481985}}]}',
  );
});

test('the offsets of a stopped source are altered, numbers of 64 bits exactly', async () => {
  const { offsets, call } = stopped();
  const payload =
    '{"offsets":[{"partition":{"shard":18014398509481985},"offset":{"a":1.5,"b":2}},{"partition":{"shard":2},"offset":null}]}';
  const response = await call('PATCH /connectors/orders/offsets', payload);
  expect(response.json()).toEqual({
    message: 'The offsets for this connector have been altered successfully',
  });
  expect(offsets.calls).toEqual([
    [
      'alterSource',
      'orders',
      owner,
      [
        { partition: { shard: 18_014_398_509_481_985n }, offset: { a: 1.5, b: 2 } },
        { partition: { shard: 2 }, offset: null },
      ],
    ],
  ]);
});

test('the offsets of a stopped sink are altered, numbers also as texts', async () => {
  const { offsets, call } = stopped('sink');
  expect((await call('PATCH /connectors/orders/offsets', sinkChange)).statusCode).toBe(200);
  expect(offsets.calls).toEqual([
    [
      'alterSink',
      'orders',
      owner,
      {
        set: [
          { topic: 'lines', partition: 1, offset: 5 },
          { topic: 'lines', partition: 2, offset: 6 },
        ],
        cleared: [{ topic: 'lines', partition: 3 }],
      },
    ],
  ]);
});

test('the offsets of a stopped connector are reset, again and again', async () => {
  const { offsets, call } = stopped();
  for (const _ of [1, 2]) {
    const response = await call('DELETE /connectors/orders/offsets');
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({
      message: 'The offsets for this connector have been reset successfully',
    });
  }
  expect(offsets.calls).toEqual([
    ['reset', 'orders', owner],
    ['reset', 'orders', owner],
  ]);
});

test('whoever moves a cursor at the source is told that it stays where it is', async () => {
  const { cluster, call } = stopped();
  cluster.plugins = [plugin('FileStreamSource', { movesExternalCursor: true })];
  expect((await call('PATCH /connectors/orders/offsets', change)).json()).toEqual({
    message:
      'The Connect framework-managed offsets for this connector have been altered successfully. However, if this connector manages offsets externally, they will need to be manually altered in the system that the connector uses.',
  });
});

describe('a connector that wants to be asked', () => {
  function asking(askConnector?: AskConnector) {
    const under = apiUnderTest(askConnector ? { askConnector } : {});
    under.cluster.add('orders');
    under.cluster.stop('orders', { type: 'source' });
    under.cluster.plugins = ['1.0.0', '2.0.0'].map((version) =>
      plugin('FileStreamSource', { altersOffsets: true, version }),
    );
    return under;
  }

  test.each([
    [true, /^The offsets for this connector have been (altered|reset) successfully$/],
    [false, /^The Connect framework-managed offsets for this connector have been (altered|reset)/],
  ])('%j decides what is said', async (answer, says) => {
    const asked: OffsetsChange[] = [];
    const { call, offsets } = asking(async (given) => {
      asked.push(given);
      // Nothing is changed before.
      expect(offsets.calls.filter(([what]) => what !== 'list')).toHaveLength(asked.length - 1);
      return answer;
    });
    offsets.listed = [{ partition: { filename: 'b' }, offset: { position: 1 } }];
    for (const request of ['PATCH', 'DELETE']) {
      const body = request === 'PATCH' ? change : undefined;
      const response = await call(`${request} /connectors/orders/offsets`, body);
      expect(response.json<{ message: string }>().message).toMatch(says);
    }
    expect(asked).toMatchObject([
      { version: '2.0.0', offsets: change.offsets },
      { version: '2.0.0', offsets: [{ partition: { filename: 'b' }, offset: null }] },
    ]);
  });

  test('refuses in its own words, and nothing is changed', async () => {
    const { call, offsets } = asking(async () => {
      throw new ApiError(500, 'position 5 is within a line');
    });
    const response = await call('PATCH /connectors/orders/offsets', change);
    expect(response.json()).toEqual({
      error_code: 500,
      message: 'position 5 is within a line',
    });
    expect(offsets.calls).toEqual([]);
  });

  test('keeps its offsets where it cannot be asked', async () => {
    const { call, offsets } = asking();
    const response = await call('DELETE /connectors/orders/offsets');
    expect(response.statusCode).toBe(500);
    expect(response.json<{ message: string }>().message).toContain('its code is not at hand here');
    expect(offsets.calls).toEqual([]);
  });
});

test('without a known number of former tasks, as many as it may have are fenced', async () => {
  const { cluster, offsets, call } = stopped();
  cluster.add('many', { config: { 'tasks.max': '7' } });
  cluster.stop('many');
  cluster.nextFence = {
    kind: 'fenced',
    uid: 'uid-many',
    taskEpoch: 1,
    fence: 99,
    tasksMax: 0,
  };
  await call('DELETE /connectors/many/offsets');
  expect(offsets.calls).toEqual([['reset', 'many', { fence: 99, tasks: 7 }]]);
});

test.each(['GET', 'PATCH', 'DELETE'])(
  '%s of the offsets of nothing is not found',
  async (method) => {
    const { call } = apiUnderTest();
    const response = await call(
      `${method} /connectors/none/offsets`,
      method === 'PATCH' ? change : undefined,
    );
    expect(response.json()).toEqual({ error_code: 404, message: 'Connector none not found' });
  },
);

const notStopped =
  "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for the specified connector by issuing a 'PUT' request to the '/connectors/orders/stop' endpoint";

test.each(['STARTED', 'PAUSED'] as const)(
  '%s, a connector keeps its offsets',
  async (targetState) => {
    const { cluster, offsets, call } = apiUnderTest();
    cluster.add('orders');
    cluster.stop('orders', { targetState });
    for (const [method, body] of [
      ['PATCH', change],
      ['DELETE', undefined],
    ] as const) {
      const response = await call(`${method} /connectors/orders/offsets`, body);
      expect(response.json()).toEqual({ error_code: 400, message: notStopped });
    }
    expect(offsets.calls).toEqual([]);
  },
);

test.each([
  [{ kind: 'unknown' }, 404, 'Connector orders not found'],
  [{ kind: 'not-stopped' }, 400, notStopped],
  [
    { kind: 'held', tasks: 2 },
    500,
    'Request timed out. 2 tasks of connector orders have not stopped yet: try again',
  ],
  [
    { kind: 'quarantined' },
    503,
    'Redis lost data, and workers are asked what they run: try again in a moment',
  ],
] as const)('answered %j, nothing is changed', async (fence, status, message) => {
  const { cluster, offsets, call } = stopped();
  cluster.nextFence = fence;
  const response = await call('DELETE /connectors/orders/offsets');
  expect(response.statusCode).toBe(status);
  expect(response.json()).toEqual({ error_code: status, message });
  expect(offsets.calls).toEqual([]);
});

test.each([
  ['was resumed', { targetState: 'STARTED' }],
  ['was resumed and stopped again', { taskEpoch: 2 }],
  ['was deleted and created anew', { uid: 'another' }],
  ['was given another configuration', { version: 2 }],
] as const)('a connector that %s meanwhile is a conflict', async (_what, changes) => {
  const { cluster, offsets, call } = stopped();
  offsets.onChange = () => cluster.stop('orders', changes);
  const response = await call('PATCH /connectors/orders/offsets', change);
  expect(response.statusCode).toBe(409);
  expect(response.json<{ message: string }>().message).toMatch(
    /^Cannot alter the offsets of connector orders as a whole: it was started meanwhile/,
  );
});

test('one that was created anew before the fence is left alone', async () => {
  const { cluster, offsets, call } = stopped();
  const fence = { kind: 'fenced', taskEpoch: 1, fence: 99, tasksMax: 3 } as const;
  cluster.nextFence = { ...fence, uid: 'another' };
  expect((await call('DELETE /connectors/orders/offsets')).statusCode).toBe(409);
  expect(offsets.calls).toEqual([]);
});

test('a connector that was deleted meanwhile is a conflict', async () => {
  const { cluster, offsets, call } = stopped();
  offsets.onChange = () => cluster.connectors.delete('orders');
  expect((await call('DELETE /connectors/orders/offsets')).statusCode).toBe(409);
});

test.each([
  ['log.fenced', false, 409, /^Cannot alter the offsets of connector orders as a whole: /],
  [
    'log.group_in_use',
    true,
    500,
    /^Failed to alter consumer group offsets for connector orders: a zombie sink task/,
  ],
  [
    'log.unknown_partition',
    false,
    400,
    /^Cannot alter the offsets of connector orders: it is wrong$/,
  ],
  ['log.unreachable', true, 503, /^it is wrong$/],
  ['log.failed', false, 500, /^it is wrong$/],
] as const)('%s is told', async (code, retriable, status, message) => {
  const { offsets, call } = stopped('sink');
  offsets.onChange = () => {
    throw new SluiceError(code, 'it is wrong', { retriable });
  };
  const response = await call('PATCH /connectors/orders/offsets', sinkChange);
  expect(response.statusCode).toBe(status);
  expect(response.json<{ message: string }>().message).toMatch(message);
});

test('a log that never answers ends the request', async () => {
  const clock = new FakeClock();
  const { cluster, offsets, call } = apiUnderTest({ clock, requestTimeoutMs: 500 });
  cluster.add('orders');
  const asked = Promise.withResolvers<void>();
  offsets.list = async () => {
    asked.resolve();
    return await new Promise<never>(() => {});
  };
  const response = call('GET /connectors/orders/offsets');
  await asked.promise;
  await clock.advance(501);
  expect((await response).statusCode).toBe(500);
  expect((await response).json<{ message: string }>().message).toMatch(/^Request timed out\. /);
});

const none = 'Partitions / offsets need to be provided for an alter offsets request';

test.each([
  [undefined, none],
  [{}, none],
  [{ offsets: null }, none],
  [{ offsets: [] }, none],
  [[], 'Invalid offsets: must be an object'],
  [{ offsets: {} }, 'Invalid offsets: offsets: must be an array'],
  [{ offsets: [1] }, 'Invalid offsets: offsets[0]: must be an object'],
  [
    { offsets: [{ partition: 'a' }] },
    'Invalid offsets: offsets[0].partition: must be an object of keys and values',
  ],
  [
    { offsets: [{ partition: { a: { b: 1 } } }] },
    'Invalid offsets: offsets[0].partition.a: must be a string, a number, a boolean or null',
  ],
  [{ offsets: change.offsets, more: 1 }, 'Invalid offsets: Unrecognized key: "more"'],
  [
    { offsets: [{ offset: {} }] },
    'The partition for a source connector offset cannot be null or missing',
  ],
  [{ offsets: [...change.offsets, ...change.offsets] }, 'A partition is given twice'],
])('offsets of a source given as %j are refused', async (body, message) => {
  const { offsets, call } = stopped();
  const response = await call('PATCH /connectors/orders/offsets', body);
  expect(response.json()).toEqual({ error_code: 400, message });
  expect(offsets.calls).toEqual([]);
});

const lines = { kafka_topic: 'lines', kafka_partition: 0 };
const missingKeys =
  "The partition for a sink connector offset must contain the keys 'kafka_topic' and 'kafka_partition'";
const integers = (what: string, value: string): string =>
  `Failed to parse the following Kafka ${what} value in the provided offsets: '${value}'. ${what === 'offset' ? 'Offset' : 'Partition'} values for sink connectors need to be integers.`;

test.each([
  [null, null, 'The partition for a sink connector offset cannot be null or missing'],
  [{ kafka_topic: 'lines' }, null, missingKeys],
  [{ kafka_partition: 1 }, null, missingKeys],
  [
    { ...lines, kafka_topic: null },
    null,
    'Kafka topic names must be valid strings and may not be null',
  ],
  [
    { ...lines, kafka_partition: null },
    null,
    'Kafka partitions must be valid numbers and may not be null',
  ],
  [{ ...lines, kafka_partition: 'x' }, null, integers('partition', 'x')],
  [{ ...lines, kafka_partition: 1.5 }, null, integers('partition', '1.5')],
  [{ ...lines, kafka_partition: -1 }, null, integers('partition', '-1')],
  [
    lines,
    {},
    "The offset for a sink connector should either be null or contain the key 'kafka_offset'",
  ],
  [lines, { kafka_offset: null }, 'Kafka offsets must be valid numbers and may not be null'],
  [lines, { kafka_offset: 'x' }, integers('offset', 'x')],
  [lines, { kafka_offset: true }, integers('offset', 'true')],
])('an offset of a sink given as %j, %j is refused', async (partition, offset, message) => {
  const { offsets, call } = stopped('sink');
  const body = { offsets: [{ partition, offset }] };
  const response = await call('PATCH /connectors/orders/offsets', body);
  expect(response.json()).toEqual({ error_code: 400, message });
  expect(offsets.calls).toEqual([]);
});
