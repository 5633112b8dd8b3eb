import { defineConfig, password, string, toConfigKeyInfos } from '@sluice/connector-api';
import { describe, expect, test } from 'vitest';

import { formatAge, formatShortAge } from '../src/format/age.ts';
import { changedKeys, configShower } from '../src/format/config.ts';
import { formatFields, formatTable } from '../src/format/table.ts';
import { parseDuration } from '../src/options.ts';
import { aPlugin } from './fakes.ts';

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe('ages', () => {
  test.each([
    [-5, '0s'],
    [999, '0s'],
    [48 * second, '48s'],
    [5 * minute + 7 * second, '5m07s'],
    [42 * minute + 7 * second, '42m'],
    [3 * hour + 4 * minute, '3h04m'],
    [2 * day + 5 * hour, '2d05h'],
    [40 * day + 5 * hour, '40d'],
    [Number.POSITIVE_INFINITY, '-'],
  ])('of %d ms read %s', (ms, text) => {
    expect(formatAge(ms)).toBe(text);
  });

  test('of beats have a decimal', () => {
    expect(formatShortAge(420)).toBe('0.4s');
    expect(formatShortAge(75 * second)).toBe('1m15s');
  });
});

describe('durations', () => {
  test.each([
    ['500ms', 500],
    ['60s', 60_000],
    ['1.5m', 90_000],
    ['1h', 3_600_000],
    ['20', 20_000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text, '--timeout')).toBe(ms);
  });

  test.each(['', 'soon', '-1s', '5 days'])('refuse "%s"', (text) => {
    expect(() => parseDuration(text, '--timeout')).toThrow(/--timeout .* is not a time: write/);
  });
});

describe('tables', () => {
  const rows = [
    ['orders', { text: 'FAILED', tone: 'bad' as const }, 'a long note\nof two lines'],
    ['a', 'RUNNING', ''],
  ];

  test('align columns and end lines without spaces', () => {
    const table = formatTable(['NAME', 'STATE', 'NOTE'], rows, {
      columns: undefined,
      isColored: false,
    });
    expect(table).toBe(
      'NAME    STATE    NOTE\norders  FAILED   a long note of two lines\na       RUNNING',
    );
  });

  test('cut the last column where the terminal ends', () => {
    const table = formatTable(['NAME', 'STATE', 'NOTE'], [['orders', 'FAILED', 'x'.repeat(200)]], {
      columns: 60,
      isColored: false,
    });
    expect(Math.max(...table.split('\n').map((line) => line.length))).toBe(60);
    expect(table).toMatch(/x…$/);
  });

  test('show states in color on a terminal, and let no cell drive it', () => {
    const table = formatTable(
      ['STATE', 'X'],
      [[{ text: 'FAILED', tone: 'bad' }, '\u001B[2Jx\u0007\u000E']],
      {
        columns: 80,
        isColored: true,
      },
    );
    expect(table).toContain('\u001B[31mFAILED\u001B[39m');
    // oxlint-disable-next-line no-control-regex -- is what must not be there
    expect(table.replaceAll(/\u001B\[3[19]m/g, '')).not.toMatch(/[^\P{Cc}\n]/u);
  });

  test('of fields align the values', () => {
    expect(
      formatFields([
        ['A', '1'],
        ['Long', '2'],
      ]),
    ).toBe('A:     1\nLong:  2');
  });
});

const plugin = aPlugin('com.acme.Orders');
const plugins = [
  {
    ...plugin,
    configKeys: toConfigKeyInfos(
      defineConfig({ 'odd.key': password(), 'page.token': string().optional() }).keys,
    ),
  },
];

describe('configurations', () => {
  test.each([
    ['database.password', 'x', '[hidden]'],
    ['ssl.keystore.password', 'x', '[hidden]'],
    ['aws.secret.access.key', 'x', '[hidden]'],
    ['sasl.jaas.config', 'x', '[hidden]'],
    ['apiKey', 'x', '[hidden]'],
    ['odd.key', 'x', '[hidden]'],
    // What the plugin defines is no guess by its name.
    ['page.token', 'x', 'x'],
    ['odd.key', '${env:PASSWORD}', '${env:PASSWORD}'],
    ['url', 'postgres://me:pw@host/db', 'postgres://me:[hidden]@host/db'],
    ['url', 'postgres://me:p@w@host/db', 'postgres://me:[hidden]@host/db'],
    ['url', 'jdbc:x://h/db?user=me&password=pw', 'jdbc:x://h/db?user=me&password=[hidden]'],
    ['key.converter', 'StringConverter', 'StringConverter'],
    ['topic', 'orders', 'orders'],
  ])('show %s as the REST API shows it to readers', async (key, value, shown) => {
    const show = await configShower(plugins);
    expect(show({ 'connector.class': 'com.acme.Orders', [key]: value })[key]).toBe(shown);
  });

  test('of a task hide what the connector calls a secret', async () => {
    const show = await configShower(plugins);
    const of = { 'connector.class': 'com.acme.Orders', 'odd.key': 'hunter2' };
    expect(show({ 'odd.key': 'hunter2', login: 'me:hunter2' }, of)).toEqual({
      'odd.key': '[hidden]',
      login: 'me:<odd.key>',
    });
  });

  test('are compared by key', () => {
    expect(changedKeys({ a: '1', b: '2', c: '3' }, { a: '1', b: '9', d: '4' })).toEqual([
      'b',
      'c',
      'd',
    ]);
  });
});
