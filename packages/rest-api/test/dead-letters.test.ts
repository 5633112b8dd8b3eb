import type {
  DeadLetters,
  Letter,
  LettersQuery,
  LettersReplay,
  ReplayAnswer,
} from '@sluice/rest-api';
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
  const asked: LettersQuery[] = [];
  const replays: LettersReplay[] = [];
  const deadLetters: DeadLetters = {
    queues: async (topics) => topics.map((topic) => ({ topic, letters: 3, waiting: 1 })),
    newest: async (query) => {
      asked.push(query);
      return { topic: query.topic, letters: [letter], next: '0:4' };
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

test('the letters of one are shown, page by page', async () => {
  const { call, asked } = underTest();
  const page = { topic: 'dead', letters: [letter], next: '0:4' };
  expect((await call('GET /sluice/dead-letters?topic=dead&limit=7')).json()).toEqual(page);
  await call('GET /sluice/dead-letters?topic=dead&before=0:4,12:7');
  expect(asked).toEqual([
    { topic: 'dead', limit: 7 },
    { topic: 'dead', limit: 50, before: '0:4,12:7' },
  ]);
});

test.each(['4', '0:4,', '0:-4', 'a:4'])('%s is no place to go on from', async (before) => {
  const { call, asked } = underTest();
  const { statusCode } = await call(`GET /sluice/dead-letters?topic=dead&before=${before}`);
  expect(statusCode).toBe(400);
  expect(asked).toEqual([]);
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
