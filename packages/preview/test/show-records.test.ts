import { defineConverter } from '@sluice/connector-api';
import { expect, test } from 'vitest';

import type { StoredRecord } from '../src/records-messages.ts';
import { showRecords } from '../src/show-records.ts';

const text = 'org.apache.kafka.connect.storage.StringConverter';
const json = 'org.apache.kafka.connect.json.JsonConverter';
const jsonOnly = { 'value.converter': json, 'value.converter.schemas.enable': 'false' };

function base64(bytes: string | Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function record(value: string | Uint8Array | null, more: Partial<StoredRecord> = {}): StoredRecord {
  return { key: null, value: value === null ? null : base64(value), headers: [], ...more };
}

async function shown(
  config: Readonly<Record<string, string>>,
  records: readonly StoredRecord[],
  more: Partial<Parameters<typeof showRecords>[0]> = {},
) {
  return await showRecords({
    config: { 'key.converter': text, ...config },
    workerConfig: {},
    converters: [],
    secrets: {},
    topic: 'orders',
    records,
    ...more,
  });
}

test('parts are shown as their converters read them, and null as null', async () => {
  const { records, problems } = await shown(jsonOnly, [
    record('{"id":9007199254740993,"name":"ä"}', {
      key: base64('a key'),
      headers: [
        ['n', base64('7')],
        ['empty', null],
      ],
    }),
    record(null),
  ]);
  expect(problems).toEqual({});
  expect(records).toEqual([
    {
      key: { length: 5, json: '"a key"' },
      value: { length: 35, json: '{"id":9007199254740993,"name":"ä"}' },
      headers: [
        { name: 'n', value: { length: 1, json: '7' } },
        { name: 'empty', value: null },
      ],
    },
    { key: null, value: null, headers: [] },
  ]);
});

test('what cannot be read is shown as it is stored, with why, and the others are read', async () => {
  const { records } = await shown(jsonOnly, [
    record('no JSON'),
    record('{"a":1}'),
    record(Buffer.from([0xff, 0x00, 0x10])),
  ]);
  expect(records[0]?.value).toMatchObject({ length: 7, text: 'no JSON' });
  expect(records[0]?.value?.error).toBeTruthy();
  expect(records[1]?.value).toEqual({ length: 7, json: '{"a":1}' });
  expect(records[2]?.value).toMatchObject({ length: 3, hex: 'ff0010' });
});

test('a long value is cut off, and says how long it is', async () => {
  const { records } = await shown({ 'value.converter': text }, [record('x'.repeat(100_000))]);
  expect(records[0]?.value?.length).toBe(100_000);
  expect(records[0]?.value?.json?.length).toBeLessThan(5_000);
});

test('without its converter everything is shown as it is stored, and why is told once', async () => {
  const { records, problems } = await shown({ 'value.converter': 'com.acme.Secret' }, [
    record('plain', { key: base64('k') }),
  ]);
  expect(records[0]).toMatchObject({
    key: { json: '"k"' },
    value: { length: 5, text: 'plain' },
  });
  expect(problems.value).toContain('com.acme.Secret');
});

test('what a converter tells of its configuration is hidden', async () => {
  const chatty = defineConverter({
    name: 'com.acme.Chatty',
    version: '1.0.0',
    config: {},
    create: () => ({
      toBytes: () => {
        throw new Error('not asked');
      },
      fromBytes: () => {
        throw new Error('the registry refused hunter2-and-more');
      },
    }),
  });
  const { records } = await shown({ 'value.converter': 'com.acme.Chatty' }, [record('a')], {
    converters: [chatty],
    secrets: { 'value.converter.password': 'hunter2-and-more' },
  });
  expect(records[0]?.value?.error).toMatch(/^the registry refused /);
  expect(JSON.stringify(records)).not.toContain('hunter2');
});
