import type { DeadLetters, Letter, LettersReplay, ReplayAnswer } from '@sluice/rest-api';
import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';

const key = 'errors.deadletterqueue.topic.name';

const letter: Letter = {
  partition: 0,
  offset: 4,
  timestampMs: 1,
  replayed: false,
  errors: {},
  key: null,
  value: 'a',
};
const replayed: ReplayAnswer = {
  topic: 'dead',
  topics: { orders: 1 },
  passed_over: [],
  is_done: true,
  is_whole: true,
};

function underTest() {
  const asked: [topic: string, limit: number][] = [];
  const replays: LettersReplay[] = [];
  const deadLetters: DeadLetters = {
    queues: async (topics) => topics.map((topic) => ({ topic, letters: 3, waiting: 1 })),
    newest: async (topic, limit) => {
      asked.push([topic, limit]);
      return [letter];
    },
    replay: async (replay) => {
      replays.push(replay);
      return replayed;
    },
  };
  const made = apiUnderTest({ deadLetters });
  made.cluster.add('orders', { config: { [key]: 'dead' } });
  made.cluster.add('payments', { config: { [key]: ' dead ' } });
  made.cluster.add('refunds');
  return { ...made, asked, replays };
}

test('queues of connectors are listed with who writes to them', async () => {
  const { call } = underTest();
  expect((await call('GET /sluice/dead-letters')).json()).toEqual({
    queues: [{ topic: 'dead', letters: 3, waiting: 1, connectors: ['orders', 'payments'] }],
  });
});

test('the letters of one are shown', async () => {
  const { call, asked } = underTest();
  expect((await call('GET /sluice/dead-letters?topic=dead&limit=7')).json()).toEqual({
    topic: 'dead',
    letters: [letter],
  });
  expect(asked).toEqual([['dead', 7]]);
});

test.each(['orders', 'refunds', '__consumer_offsets'])(
  'the topic %s is nobody’s queue, and is neither shown nor replayed',
  async (topic) => {
    const { call, replays } = underTest();
    expect((await call(`GET /sluice/dead-letters?topic=${topic}`)).statusCode).toBe(404);
    expect((await call('POST /sluice/dead-letters/replay', { topic })).statusCode).toBe(404);
    expect(replays).toEqual([]);
  },
);

test('a replay is handed on as it was asked for, and is in the audit trail', async () => {
  const { call, replays, audit } = underTest();
  const letters = [{ partition: 0, offset: 4 }];
  const body = { topic: 'dead', letters, again: true, to: 'retry' };
  const response = await call('POST /sluice/dead-letters/replay', body);
  expect(response.json()).toEqual(replayed);
  expect(replays).toEqual([{ ...body, isDryRun: false }]);
  expect(audit.kept).toMatchObject([{ action: 'replay', targets: ['dead'], outcome: 'done' }]);
});

test('a look at what a replay would do is no change', async () => {
  const { call, replays, audit } = underTest();
  await call('POST /sluice/dead-letters/replay', { topic: 'dead', dry_run: true });
  expect(replays).toEqual([{ topic: 'dead', isDryRun: true }]);
  expect(audit.kept).toEqual([]);
});

test.each([
  [{}],
  [{ topic: 'dead', to: 'dead' }],
  [{ topic: 'dead', letters: [] }],
  [{ topic: 'dead', letters: [{ partition: -1, offset: 0 }] }],
])('%j is no replay', async (body) => {
  const { call, replays } = underTest();
  expect((await call('POST /sluice/dead-letters/replay', body)).statusCode).toBe(400);
  expect(replays).toEqual([]);
});

test('where the log cannot be asked there are no queues', async () => {
  const { call } = apiUnderTest();
  expect((await call('GET /sluice/dead-letters')).json()).toEqual({ queues: [] });
  expect((await call('GET /sluice/dead-letters?topic=dead')).statusCode).toBe(404);
});
