/** Definitions that one of them takes and the other refuses at once. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorSettings, TargetName } from '../targets/target.ts';
import { string } from './data.ts';

interface Definition {
  readonly row: string;
  readonly what: string;
  readonly settings: ConnectorSettings;
  /** Who refuses it: in which words. */
  readonly refused: Partial<Readonly<Record<TargetName, RegExp>>>;
  /** What becomes of its task, with one record, where it is taken. */
  readonly task: 'runs' | 'fails';
}

const definitions: readonly Definition[] = [
  {
    row: 'short-class-names',
    what: 'a transform by the last part of a class with a $',
    settings: {
      transforms: 't',
      'transforms.t.type': 'Cast$Value',
      'transforms.t.spec': 'int32',
    },
    refused: { connect: /Class Cast\$Value could not be found/ },
    task: 'runs',
  },
  {
    row: 'regex-replacement',
    what: 'a group that the regular expression of RegexRouter does not have',
    settings: {
      transforms: 't',
      'transforms.t.type': 'RegexRouter',
      'transforms.t.regex': '.*',
      'transforms.t.replacement': '$9',
    },
    task: 'fails',
    refused: { sluice: /transforms\.t\.replacement.*No group 9/ },
  },
  {
    row: 'unknown-predicate',
    what: 'a predicate that is not there',
    settings: { transforms: 't', 'transforms.t.type': 'Filter', 'transforms.t.predicate': 'p' },
    task: 'fails',
    refused: { sluice: /transforms\.t\.predicate/ },
  },
  {
    row: 'regex-features',
    what: 'a regular expression with a flag of Java',
    settings: {
      transforms: 't',
      'transforms.t.type': 'RegexRouter',
      'transforms.t.regex': '(?m)x.*',
      'transforms.t.replacement': 'y',
    },
    task: 'runs',
    refused: { sluice: /transforms\.t\.regex.*the flag m/ },
  },
  {
    row: 'date-patterns',
    what: 'a date pattern by weeks, for reading',
    settings: {
      transforms: 't',
      'transforms.t.type': 'org.apache.kafka.connect.transforms.TimestampConverter$Value',
      'transforms.t.target.type': 'Timestamp',
      'transforms.t.format': 'YYYY',
    },
    task: 'runs',
    refused: { sluice: /the letter Y is supported for writing only/ },
  },
];

const possessiveTopics: ConformanceCase = {
  title: 'definitions: topics.regex with a possessive quantifier',
  difference: 'topics-regex',
  run: async (trial) => {
    const topic = await trial.topic();
    await trial.log.produce(topic, [{ key: null, value: Buffer.from('v') }]);
    const connector = trial.connector('sink');
    const { body, status } = await connector.define({
      'connector.class': 'io.sluice.conformance.RecordsSinkConnector',
      'records.file': trial.path('sunk.jsonl'),
      'topics.regex': `r++ecords${trial.name('')}`,
      'key.converter': string,
      'value.converter': string,
    });
    assert.equal(status, trial.on({ connect: 201, sluice: 400 }), JSON.stringify(body));
    if (status === 201) assert.equal((await trial.sunk(1)).length, 1);
    else assert.match(JSON.stringify(body), /topics\.regex.*a possessive quantifier/);
  },
};

const comparedDefinitions = definitions.map(
  ({ refused, row, settings, task, what }): ConformanceCase => ({
    title: `definitions: ${what}`,
    difference: row,
    run: async (trial) => {
      const topic = await trial.topic();
      await trial.log.produce(topic, [{ key: null, value: Buffer.from('2020') }]);
      const connector = trial.connector('sink');
      const { body, status } = await connector.define({
        'connector.class': 'io.sluice.conformance.RecordsSinkConnector',
        'records.file': trial.path('sunk.jsonl'),
        topics: topic,
        'key.converter': string,
        'value.converter': string,
        ...settings,
      });
      const refusal = trial.on({ connect: refused.connect, sluice: refused.sluice });
      assert.equal(status, refusal === undefined ? 201 : 400, JSON.stringify(body));
      if (refusal !== undefined) assert.match(JSON.stringify(body), refusal);
      else if (task === 'fails') await connector.untilFailed();
      else assert.equal((await trial.sunk(1)).length, 1);
    },
  }),
);

export const definitionCases: readonly ConformanceCase[] = [
  ...comparedDefinitions,
  possessiveTopics,
];
