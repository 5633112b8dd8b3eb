import type { ConnectorOffset, OffsetsAnswer } from '@sluice/rest-api/shapes';
import { afterEach, expect, test, vi } from 'vitest';
import { call } from '../src/api/client.ts';
import {
  offsetProblem,
  offsetText,
  parseOffset,
  sinkForm,
  sinkOffset,
} from '../src/state/offsets.ts';

afterEach(() => {
  vi.unstubAllGlobals();
});

/** What is answered, and what was sent. */
function answering(text: string): string[] {
  const sent: string[] = [];
  vi.stubGlobal('fetch', async (_path: string, { body }: RequestInit) => {
    if (typeof body === 'string') sent.push(body);
    return new Response(text);
  });
  return sent;
}

const answer =
  '{"offsets":[{"partition":{"id":9223372036854775807},"offset":{"lsn":9007199254740993,"n":1.5}}]}';

test('offsets beyond 2^53 are shown and sent back as they are', async () => {
  const sent = answering(answer);
  const { offsets } = await call<OffsetsAnswer>('GET', '/connectors/a/offsets', { isExact: true });
  const [first] = offsets;
  expect(offsetText(first?.partition ?? {})).toBe('{"id":9223372036854775807}');
  const text = offsetText(first?.offset ?? null);
  expect(text).toBe('{"lsn":9007199254740993,"n":1.5}');
  const next: ConnectorOffset['offset'] = parseOffset(text.replace('993', '995'));
  const body = { offsets: [{ partition: first?.partition, offset: next }] };
  await call('PATCH', '/connectors/a/offsets', { body, isExact: true });
  expect(sent).toEqual([answer.replace('9007199254740993', '9007199254740995')]);
});

test('other answers have numbers only, with which one can reckon', async () => {
  answering('{"at_ms":9007199254740993}');
  expect(typeof (await call<{ at_ms: number }>('GET', '/x')).at_ms).toBe('number');
});

test('an offset that is typed is an object, or null', () => {
  expect(offsetProblem('{"lsn": 9007199254740993}')).toBeUndefined();
  expect(offsetProblem('null')).toBeUndefined();
  expect(offsetProblem('[1]')).toContain('must be an object');
  expect(offsetProblem('9007199254740993')).toContain('must be an object');
  expect(offsetProblem('{"lsn": ')).toBe('this is no JSON');
});

test('an offset of a sink is typed as a number, and nothing resets it', () => {
  const lag = { topic: 'orders', partition: 3, committed: 41, end: 50, lag: 9 };
  const { partition, offset } = sinkOffset(lag);
  expect(partition).toEqual({ kafka_topic: 'orders', kafka_partition: 3 });
  expect(sinkForm.text(offset)).toBe('41');
  expect(sinkForm.text(sinkOffset({ ...lag, committed: null }).offset)).toBe('');
  expect(sinkForm.parse(' 7 ')).toEqual({ kafka_offset: 7 });
  expect(sinkForm.parse('')).toBeNull();
  expect(
    ['7', '', '-1', '1.5', 'x', '9'.repeat(20)].map((text) => !sinkForm.problem(text)),
  ).toEqual([true, true, false, false, false, false]);
});
