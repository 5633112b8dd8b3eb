import { describe, expect, test } from 'vitest';

import { judgeMove } from '../src/transfer/judge-move.ts';
import { parseTransfers, transferText } from '../src/transfer/transfer-file.ts';

const strings = { 'key.converter': 'StringConverter', 'value.converter': 'StringConverter' };

function problem(key: string): { key: string; messages: string[] } {
  return { key, messages: [`Configuration ${key} is not supported yet: remove it`] };
}

describe('a connector of Kafka Connect', () => {
  test('is movable if nothing is wrong with it', () => {
    expect(judgeMove(strings, [])).toEqual({
      kind: 'movable',
      config: strings,
      leftOut: [],
      reasons: [],
      notes: [],
    });
  });

  test('is changed if what is refused only tunes Java’s clients', () => {
    const config = {
      ...strings,
      'producer.override.linger.ms': '5',
      'producer.override.acks': 'all',
      'topic.creation.default.partitions': '3',
    };
    const verdict = judgeMove(config, Object.keys(config).slice(2).map(problem));
    expect(verdict).toMatchObject({ kind: 'changed', config: strings, reasons: [] });
    expect(verdict.leftOut.map(({ key }) => key)).toEqual(Object.keys(config).slice(2));
  });

  test.each([
    ['producer.override.acks', '1'],
    ['consumer.override.client.rack', 'a'],
    ['producer.override.bootstrap.servers', 'other:9092'],
    ['topic.creation.groups', 'compacted'],
    ['exactly.once.support', 'required'],
  ])('is impossible with %s=%s', (key, value) => {
    const verdict = judgeMove({ ...strings, [key]: value }, [problem(key)]);
    expect(verdict.kind).toBe('impossible');
    expect(verdict.reasons).toEqual([`Configuration ${key} is not supported yet: remove it`]);
  });

  test('that refers to a config provider comes with a note', () => {
    const config = { ...strings, password: 'x${file:/etc/secrets:password}' };
    const verdict = judgeMove(config, []);
    expect(verdict).toMatchObject({ kind: 'movable', config });
    expect(verdict.notes).toEqual([expect.stringMatching(/^password: refer to config providers/)]);
  });

  test('that has converters of its worker comes with a note', () => {
    const { notes } = judgeMove({ 'key.converter': 'StringConverter' }, []);
    expect(notes).toEqual([expect.stringMatching(/value\.converter .*SLUICE_VALUE_CONVERTER of/)]);
  });
});

describe('the file of an export', () => {
  const transfers = [
    {
      name: 'orders',
      config: { 'connector.class': 'FileStreamSource', name: 'orders' },
      targetState: 'PAUSED' as const,
      offsets: [
        { partition: { file: 'a' }, offset: { at: 9_007_199_254_740_993n } },
        { partition: { file: 'b' }, offset: null },
      ],
    },
    { name: 'out', config: {}, targetState: 'STARTED' as const, offsets: undefined },
  ];

  test('is read as it was written', () => {
    expect(parseTransfers(transferText('default', transfers), 'x')).toEqual(transfers);
  });

  test.each([
    ['{"name":"orders","config":{}}', /definitions alone are applied by: sluice apply/],
    ['{"sluice_export":2,"connectors":[]}', /"sluice_export" has to be 1/],
    ['{"sluice_export":1,"connectors":[{"name":"a"}]}', /x, connector 1: "config" of a has to be/],
    [
      '{"sluice_export":1,"connectors":[{"name":"a","config":{"k":1},"target_state":"STARTED"}]}',
      /"config" of a has to be a map of texts/,
    ],
    [
      '{"sluice_export":1,"connectors":[{"name":"a","config":{},"target_state":"RUNNING"}]}',
      /"target_state" of a has to be one of STARTED, PAUSED, STOPPED/,
    ],
    [
      '{"sluice_export":1,"connectors":[{"name":"a","config":{},"target_state":"STARTED","offsets":[1]}]}',
      /"offsets" of a has to be a list/,
    ],
    [
      '{"sluice_export":1,"connectors":[{"name":"a","config":{},"target_state":"STARTED"},{"name":"a","config":{"k":"1"},"target_state":"PAUSED"}]}',
      /^x: a is there twice: keep one of them$/,
    ],
  ])('%s is refused', (text, message) => {
    expect(() => parseTransfers(text, 'x')).toThrow(message);
  });

  test('one that is broken is refused without a part of it', () => {
    expect(() => parseTransfers('{"password":"hunter2" x', 'x')).toThrow(/^x is not JSON/);
    expect(() => parseTransfers('{"password":"hunter2" x', 'x')).not.toThrow(/hunter/);
  });
});
