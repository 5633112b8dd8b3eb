import type { TopicRecord } from '@sluice/rest-api/shapes';
import { expect, test } from 'vitest';
import {
  localTime,
  recordRow,
  recordsPlace,
  recordsQuestion,
  spreadText,
} from '../src/state/records.ts';
import { shellWord } from '../src/state/shell.ts';

const record: TopicRecord = {
  partition: 1,
  offset: 41,
  timestamp_ms: 1_000,
  key: null,
  value: { length: 30, json: '{"id":9007199254740993}' },
  headers: [{ name: 'of', value: { length: 4, json: '"shop"' } }],
};

test('a record is a row, with its headers behind its key and value', () => {
  const row = recordRow(record);
  expect(row).toMatchObject({ id: '1/41', key: null, value: '{"id":9007199254740993}' });
  expect(row.error).toBeUndefined();
  expect(row.parts.map(({ name }) => name)).toEqual(['Key', 'Value', 'of']);
});

test('what could not be read says which part, and is shown as it is stored', () => {
  const broken = { length: 2, hex: 'ff00', error: 'is no JSON' };
  const row = recordRow({ ...record, key: broken });
  expect(row).toMatchObject({ key: '0xff00', error: 'Key: is no JSON' });
});

test('an object is spread over lines exactly, and what was cut off stays as it is', () => {
  expect(spreadText(record.value)).toBe('{\n  "id": 9007199254740993\n}');
  expect(spreadText({ length: 9_000, json: '{"id":…' })).toBe('{"id":…');
  expect(spreadText({ length: 1, text: '7' })).toBe('7');
  expect(spreadText(null)).toBe('null');
});

function question(query: string): string | undefined {
  return recordsQuestion('a b', recordsPlace(new URLSearchParams(query), 'orders'));
}

test('an address is a question, and none while it does not say enough', () => {
  const asked = '/sluice/records?connector=a+b&topic=orders&limit=100';
  expect(question('')).toBe(asked);
  expect(question('partition=3')).toBe(`${asked}&partition=3`);
  expect(question('before=0:4')).toBe(`${asked}&before=0%3A4`);
  expect(question('begin=offset&partition=3&offset=70')).toBe(`${asked}&partition=3&from=3%3A70`);
  expect(question('begin=offset&before=3:170')).toBe(`${asked}&from=3%3A170`);
  expect(question('begin=time&since=5')).toBe(`${asked}&since=5`);
  expect(question('begin=time&since=5&before=0:9')).toBe(`${asked}&from=0%3A9`);
  expect(question('begin=time')).toBeUndefined();
  // Whatever somebody types there.
  expect(question('begin=else&partition=x&offset=-1')).toBe(asked);
});

test('a time is typed in the zone of who reads', () => {
  const ms = new Date(2026, 10, 30, 14, 3, 27).getTime();
  expect(localTime(ms)).toBe('2026-11-30T14:03:27');
  expect(new Date(localTime(ms)).getTime()).toBe(ms);
});

test('what is copied for a shell is one word', () => {
  expect(shellWord('orders-sink_1.x')).toBe('orders-sink_1.x');
  expect(shellWord('a b')).toBe("'a b'");
  expect(shellWord("it's #1")).toBe(String.raw`'it'\''s #1'`);
  expect(shellWord('-x')).toBe("'-x'");
  expect(shellWord('')).toBe("''");
});
