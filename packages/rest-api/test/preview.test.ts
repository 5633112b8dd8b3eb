import { ApiError, type Preview, type PreviewAnswer, type PreviewRequest } from '@sluice/rest-api';
import { expect, test } from 'vitest';

import { apiUnderTest } from './api-under-test.ts';

const config = { 'connector.class': 'DatagenSource', topic: 'orders' };

const nothing: PreviewAnswer = { records: [], end: { kind: 'ended', by: 'timeout' } };

function previewing(answer: () => PreviewAnswer = () => nothing) {
  const asked: PreviewRequest[] = [];
  const preview: Preview = async (request) => {
    asked.push(request);
    return answer();
  };
  return { asked, ...apiUnderTest({ preview }) };
}

test('a definition is previewed, in both shapes and without a name', async () => {
  const { asked, call, cluster } = previewing();
  for (const body of [{ name: 'orders', config }, { ...config, name: 'orders' }, { config }]) {
    const response = await call('POST /sluice/preview', body);
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual(nothing);
  }
  expect(asked).toEqual(
    ['orders', 'orders', 'preview'].map((name) => ({
      name,
      config: { ...config, name },
      recordsMax: 10,
      timeoutMs: 10_000,
      isFromOffsets: false,
    })),
  );
  expect(cluster.requests).toEqual([]);
});

test('bounds and beginning are chosen by the query', async () => {
  const { asked, call } = previewing();
  await call('POST /sluice/preview?records=3&timeoutMs=500&fromOffsets=true', { config });
  expect(asked).toMatchObject([{ recordsMax: 3, timeoutMs: 500, isFromOffsets: true }]);
});

test.each([
  ['records=0', 'records: must be at least 1'],
  ['records=1001', 'records: must be at most 1000'],
  ['timeoutMs=60001', 'timeoutMs: must be at most 60000'],
  ['timeoutMs=soon', 'timeoutMs: must be a whole number from 1 to 60000'],
])('%s is refused: %s', async (query, reason) => {
  const { asked, call } = previewing();
  const response = await call(`POST /sluice/preview?${query}`, { config });
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({ error_code: 400, message: `Invalid query: ${reason}` });
  expect(asked).toEqual([]);
});

test.each([
  [undefined, 'must be an object'],
  [{ config: 'all' }, 'config: must be an object of keys and values'],
  [{ name: 'orders' }, 'config: must be an object of keys and values'],
])('the definition %j is refused: %s', async (body, reason) => {
  const { call } = previewing();
  const response = await call('POST /sluice/preview', body);
  expect(response.statusCode).toBe(400);
  expect(response.json()).toEqual({
    error_code: 400,
    message: `Invalid definition to preview: ${reason}`,
  });
});

test('what cannot be run is told with its code', async () => {
  const { call } = previewing(() => {
    throw new ApiError(429, 'Another preview runs already', {
      extra: { code: 'preview.busy' },
      headers: { 'retry-after': '5' },
    });
  });
  const response = await call('POST /sluice/preview', { config });
  expect(response.statusCode).toBe(429);
  expect(response.headers['retry-after']).toBe('5');
  expect(response.json()).toEqual({
    error_code: 429,
    message: 'Another preview runs already',
    code: 'preview.busy',
  });
});

test('a server without previews says so', async () => {
  const { call } = apiUnderTest();
  const response = await call('POST /sluice/preview', { config });
  expect(response.statusCode).toBe(403);
  expect(response.json()).toMatchObject({ code: 'preview.off' });
});
