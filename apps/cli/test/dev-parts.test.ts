import { PassThrough } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';

import { InputLines } from '../src/dev/input-lines.ts';
import { RecordThrottle, showRecord } from '../src/dev/show-records.ts';

describe('records on the screen', () => {
  test('show keys, values and offsets as JSON, whatever their type', () => {
    const shown = showRecord({
      topic: 'ticks',
      partition: 2,
      offset: 41,
      key: Buffer.from('k'),
      value: { big: 12n, map: new Map([['a', 1]]), bytes: new Uint8Array([1, 2]) },
      sourceOffset: { tick: 3 },
    });
    expect(shown).toEqual({
      topic: 'ticks',
      partition: 2,
      logOffset: 41,
      key: '"aw=="',
      value: '{"big":12,"map":{"a":1},"bytes":"AQI="}',
      offset: '{"tick":3}',
    });
  });

  test('survive a value that JSON cannot hold', () => {
    const value: Record<string, unknown> = {};
    value['self'] = value;
    expect(showRecord({ topic: 't', partition: 0, offset: 0, key: null, value })).toMatchObject({
      key: 'null',
      value: expect.stringContaining('cannot be shown'),
      offset: undefined,
    });
  });

  test('are counted rather than shown when there are too many a second', () => {
    const throttle = new RecordThrottle();
    const batch = Array.from({ length: 400 }, (_, index) => index);
    expect(throttle.admit(batch, 0)).toHaveLength(400);
    expect(throttle.admit(batch, 10)).toHaveLength(100);
    expect(throttle.takeSkipped()).toBe(300);
    expect(throttle.takeSkipped()).toBe(0);
    expect(throttle.admit(batch, 1_000)).toHaveLength(400);
  });
});

describe('lines of input', () => {
  test('go on batch by batch, each after the one before is stored', async () => {
    const sent: (readonly string[])[] = [];
    const lines = new InputLines((batch) => void sent.push(batch));
    const input = new PassThrough();
    lines.open(input);
    input.end('a\nb\nc\n');
    await until(() => sent.length === 1);
    expect(sent).toEqual([['a']]);
    expect(lines.total).toBeUndefined();
    lines.stored();
    expect(sent).toEqual([['a'], ['b', 'c']]);
    lines.stored();
    await until(() => lines.total !== undefined);
    expect(lines.total).toBe(3);
  });

  test('that a thread did not store go to the next one', async () => {
    const sent: (readonly string[])[] = [];
    const lines = new InputLines((batch) => void sent.push(batch));
    const input = new PassThrough();
    lines.open(input);
    input.write('a\n');
    await until(() => sent.length === 1);
    lines.closed();
    input.write('b\n');
    lines.open(input);
    await until(() => sent.flat().includes('b'));
    expect(sent[1]?.[0]).toBe('a');
    lines.stop();
  });
});

const turnsMax = 1_000;

async function until(condition: () => boolean): Promise<void> {
  for (let turn = 0; turn < turnsMax && !condition(); turn += 1) await nextTurn();
  expect(condition()).toBe(true);
}
