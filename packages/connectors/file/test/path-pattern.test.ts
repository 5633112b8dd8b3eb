import type { SinkRecord } from '@sluice/connector-api';
import { expect, test } from 'vitest';
import { compilePath, pathPatternProblem, timeZoneProblem } from '../src/path-pattern.ts';

const record: SinkRecord = {
  topic: 'logs',
  partition: 3,
  offset: 1,
  key: 'orders',
  value: { level: 'warn', n: 7 },
  headers: [{ name: 'host', value: 'a1' }],
  timestampMs: Date.parse('2026-11-30T23:30:00Z'),
};

test('each part comes from the record', () => {
  const pattern =
    '/l/{topic}-{partition}/{key}/{header.host}/{field.level}.{field.n}.{date}T{hour}.log';
  expect(pathPatternProblem(pattern)).toBeUndefined();
  expect(compilePath(pattern, 'UTC')(record)).toBe('/l/logs-3/orders/a1/warn.7.2026-11-30T23.log');
});

test.each([
  ['UTC', '2026-11-30 23'],
  ['Europe/Berlin', '2026-12-01 00'],
  ['America/New_York', '2026-11-30 18'],
  ['Asia/Kathmandu', '2026-12-01 05'],
])('in %s it is %s', (zone, expected) => {
  expect(timeZoneProblem(zone)).toBeUndefined();
  expect(compilePath('/{date} {hour}', zone)(record)).toBe(`/${expected}`);
});

test('the hour that a change of the clock repeats has one name', () => {
  const hour = compilePath('/{date} {hour}', 'Europe/Berlin');
  const at = (time: string): string => hour({ ...record, timestampMs: Date.parse(time) });
  expect([
    at('2026-10-25T00:30:00Z'),
    at('2026-10-25T01:30:00Z'),
    at('2026-10-25T02:30:00Z'),
  ]).toEqual(['/2026-10-25 02', '/2026-10-25 02', '/2026-10-25 03']);
});

test.each([
  ['../../etc/passwd', '___.._etc_passwd'],
  ['..', '__'],
  ['a/b\\c\0d', 'a_b_c_d'],
  ['Übung 1', 'Übung_1'],
  ['', 'none'],
  [null, 'none'],
  [{ a: 1 }, 'none'],
  ['x'.repeat(500), 'x'.repeat(100)],
])('a key %j leads nowhere else', (key, expected) => {
  const path = compilePath('/l/{key}/f.log', 'UTC')({ ...record, key });
  expect(path.split('/')).toHaveLength(4);
  expect(path).toBe(`/l/${expected}/f.log`);
});

test.each([
  ['l/{key}', 'absolute'],
  ['/l/../x', '..'],
  ['/l/', 'name of a file'],
  ['/l/{service}', '{service}'],
  ['/l/{field.}', '{field.}'],
  ['/l/{key', 'brace'],
])('%s is refused', (pattern, message) => {
  expect(pathPatternProblem(pattern)).toContain(message);
});
