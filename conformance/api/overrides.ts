/** Settings of Kafka clients that a definition overrides, and keys that Sluice refuses by name. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorSettings } from '../targets/target.ts';
import { create, fileSink, fileSource, untilStates } from './connectors.ts';
import { ask, assertAnswer, assertError, invalidDefinition } from './request.ts';
import { sinkOfTopics, validate } from './validate.ts';

interface Kept {
  readonly source?: ConnectorSettings;
  readonly sink?: ConnectorSettings;
}

/** What Kafka Connect takes of a connector that never starts. */
const refusedBySluice: readonly Kept[] = [
  { sink: { 'consumer.override.client.id': 'test' } },
  { sink: { 'consumer.override.bootstrap.servers': 'other:9092' } },
  { sink: { 'admin.override.client.id': 'test' } },
  { source: { 'producer.override.linger.ms': '5' } },
  { source: { 'producer.override.bootstrap.servers': 'other:9092' } },
  { source: { 'offsets.storage.topic': 'own-offsets' } },
  {
    source: {
      'topic.creation.default.replication.factor': '1',
      'topic.creation.default.partitions': '3',
    },
  },
];

const overrides: readonly ConformanceCase[] = [
  {
    title:
      "overrides: ConnectorClientPolicyIntegrationTest testCreateWithAllowedOverridesForDefaultPolicy: of a sink's consumer",
    run: async (trial) => {
      const topic = await trial.topic('lines');
      const connector = await create(trial, 'sink', {
        ...fileSink(trial, topic),
        'consumer.override.group.id': trial.name('own-group'),
        'consumer.override.auto.offset.reset': 'latest',
        'consumer.override.isolation.level': 'read_committed',
      });
      await untilStates(connector, 'RUNNING', ['RUNNING']);
    },
  },
  ...refusedBySluice.map(
    ({ sink, source }): ConformanceCase => ({
      title: `overrides: ConnectorClientPolicyIntegrationTest testCreateWithAllowedOverridesForAllPolicy: ${Object.keys(sink ?? source ?? {}).join(', ')}`,
      difference: 'unsupported-keys',
      run: async (trial) => {
        const { name } = trial.connector('kept');
        const config = sink
          ? { ...fileSink(trial, trial.name('lines')), ...sink }
          : { ...fileSource(trial), ...source };
        const body = { name, config, initial_state: 'STOPPED' };
        const answer = await ask(trial, 'POST /connectors', { body });
        if (trial.on({ connect: 'takes', sluice: 'refuses' }) === 'takes') {
          assertAnswer(answer, 201);
          return;
        }
        const keys = Object.keys(sink ?? source ?? {});
        assertError(answer, 400, invalidDefinition(keys.length));
        for (const key of keys)
          assert.ok(answer.text.includes(`Configuration ${key} is not supported yet`), answer.text);
      },
    }),
  ),
  {
    title:
      'overrides: ConnectorClientPolicyIntegrationTest testCreateWithOverridesForNonePolicy, testCreateWithNotAllowedOverridesForPrincipalPolicy',
    difference: 'override-policy',
    isAlone: true,
    run: async (trial) => {
      const config = {
        ...fileSink(trial, await trial.topic('lines')),
        'consumer.override.auto.offset.reset': 'latest',
      };
      const policies = trial.on({ connect: ['None', 'Principal'], sluice: [undefined] });
      for (const policy of policies) {
        const api =
          policy === undefined
            ? undefined
            : await trial.target.addApi({ 'connector.client.config.override.policy': policy });
        try {
          const { name } = trial.connector(policy ?? 'all');
          const url = api?.url ?? trial.target.url();
          const answer = await ask(trial, 'POST /connectors', { body: { name, config }, url });
          if (policy === undefined) assertAnswer(answer, 201);
          else assertError(answer, 400, invalidDefinition(1));
        } finally {
          await api?.stop();
        }
      }
    },
  },
  {
    title:
      'overrides: ExactlyOnceSourceIntegrationTest testPreflightValidation: required, where it cannot be had, in its words',
    run: async (trial) => {
      const config = { ...fileSource(trial), 'exactly.once.support': 'required' };
      const { name } = trial.connector('once');
      const answer = await ask(trial, 'POST /connectors', { body: { name, config } });
      assertError(answer, 400, invalidDefinition(1));
      assert.match(answer.text, /This worker does not have exactly-once source support enabled\./);
    },
  },
];

const groups: readonly ConformanceCase[] = [
  {
    title:
      'validate: ConnectorValidationIntegrationTest testSinkConnectorDefaultGroupIdConflictsWithWorkerGroupId',
    difference: 'worker-group',
    run: async (trial) => {
      const name = trial.target.group.replace(/^connect-/, '');
      assert.equal(`connect-${name}`, trial.target.group);
      const config = { ...sinkOfTopics, name };
      const { configs, error_count: count } = await validate(trial, 'FileStreamSink', config);
      assert.equal(count, trial.on({ connect: 1, sluice: 0 }));
      const wrong = configs.filter(({ value }) => value.errors.length > 0);
      assert.deepEqual(
        wrong.map(({ value }) => value.name),
        trial.on<string[]>({ connect: ['name'], sluice: [] }),
      );
    },
  },
  {
    title:
      'validate: ConnectorValidationIntegrationTest testSinkConnectorOverriddenGroupIdConflictsWithWorkerGroupId',
    difference: 'worker-group',
    run: async (trial) => {
      const config = { ...sinkOfTopics, 'consumer.override.group.id': trial.target.group };
      const { configs, error_count: count } = await validate(trial, 'FileStreamSink', config);
      assert.equal(count, trial.on({ connect: 1, sluice: 0 }));
      const wrong = configs.filter(({ value }) => value.errors.length > 0);
      assert.deepEqual(
        wrong.map(({ value }) => value.name),
        trial.on<string[]>({ connect: ['consumer.override.group.id'], sluice: [] }),
      );
    },
  },
];

export const overrideCases: readonly ConformanceCase[] = [...overrides, ...groups];
