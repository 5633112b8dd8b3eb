/** Offsets of sources: read, altered, reset. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorHandle } from '../connector.ts';
import type { Trial } from '../trial.ts';
import { create, fileSource, untilStates } from './connectors.ts';
import {
  change,
  frameworkManaged,
  notStopped,
  offsetsOf,
  own,
  position,
  read,
  untilRead,
} from './offset-requests.ts';
import { ask, assertAnswer, assertError } from './request.ts';

/** A FileStreamSource that has read `one`, `two` and was stopped. */
async function readSource(trial: Trial): Promise<{
  readonly connector: ConnectorHandle;
  readonly file: string | undefined;
  readonly topic: string;
}> {
  const topic = await trial.topic('lines');
  const config = fileSource(trial, topic, ['one', 'two']);
  const connector = await create(trial, 'source', config);
  const { file } = config;
  await untilRead(trial, connector.name, [position(file, 8)]);
  return { connector, file, topic };
}

export const sourceOffsetCases: readonly ConformanceCase[] = [
  {
    title: 'offsets: OffsetsApiIntegrationTest testGetSourceConnectorOffsets',
    run: async (trial) => {
      const { connector, file } = await readSource(trial);
      assert.deepEqual(await read(trial, connector.name), [position(file, 8)]);
    },
  },
  {
    title: 'offsets: a connector that has none yet',
    run: async (trial) => {
      const connector = await create(trial, 'new', fileSource(trial), { initial_state: 'STOPPED' });
      assert.deepEqual(await read(trial, connector.name), []);
    },
  },
  {
    title: 'offsets: OffsetsApiIntegrationTest testAlterOffsetsNonStoppedConnector',
    run: async (trial) => {
      const { connector, file } = await readSource(trial);
      const { name } = connector;
      const alter = { body: { offsets: [position(file, 4)] } };
      for (const verb of ['resume', 'pause']) {
        assertAnswer(await ask(trial, `PUT /connectors/${name}/${verb}`), 202);
        const state = verb === 'pause' ? 'PAUSED' : 'RUNNING';
        await untilStates(connector, state, [state]);
        const refusal = await ask(trial, `PATCH ${offsetsOf(name)}`, alter);
        assertError(refusal, 400, notStopped(name));
        assertError(await ask(trial, `DELETE ${offsetsOf(name)}`), 400, notStopped(name));
      }
      assert.deepEqual(await read(trial, name), [position(file, 8)]);
    },
  },
  {
    title:
      'offsets: OffsetsApiIntegrationTest testAlterSourceConnectorOffsets: the next start goes on there',
    run: async (trial) => {
      const { connector, file, topic } = await readSource(trial);
      await connector.stop();
      const altered = await change(trial, `PATCH ${offsetsOf(connector.name)}`, [
        position(file, 4),
      ]);
      assertAnswer(altered, 200, { message: own('altered') });
      assert.deepEqual(await read(trial, connector.name), [position(file, 4)]);
      await connector.resume();
      const found = await trial.log.read(topic, 3);
      assert.equal(found.at(-1)?.value?.toString(), 'two');
    },
  },
  {
    title:
      'offsets: OffsetsApiIntegrationTest testResetSourceConnectorOffsets: the next start begins anew; twice is as once',
    run: async (trial) => {
      const { connector, topic } = await readSource(trial);
      await connector.stop();
      for (let time = 1; time <= 2; time += 1) {
        const reset = await change(trial, `DELETE ${offsetsOf(connector.name)}`);
        assertAnswer(reset, 200, { message: own('reset') });
        assert.deepEqual(await read(trial, connector.name), []);
      }
      await connector.resume();
      await trial.log.read(topic, 4);
    },
  },
  {
    title: 'offsets: null resets one partition of a source',
    run: async (trial) => {
      const { connector, file } = await readSource(trial);
      await connector.stop();
      const { name } = connector;
      const altered = await change(trial, `PATCH ${offsetsOf(name)}`, [
        { partition: { filename: file }, offset: null },
      ]);
      assertAnswer(altered, 200, { message: own('altered') });
      assert.deepEqual(await read(trial, name), []);
    },
  },
  {
    title:
      'offsets: a source that says nothing of its offsets: they may have to be altered elsewhere',
    difference: 'offsets-elsewhere',
    run: async (trial) => {
      const connector = await create(
        trial,
        'records',
        {
          'connector.class': 'io.sluice.conformance.RecordsSourceConnector',
          'records.file': trial.writeLines('source.jsonl', []),
        },
        { initial_state: 'STOPPED' },
      );
      await untilStates(connector, 'STOPPED', []);
      const alter = [{ partition: { file: 'a' }, offset: { line: 3 } }];
      const altered = await change(trial, `PATCH ${offsetsOf(connector.name)}`, alter);
      assertAnswer(altered, 200, {
        message: trial.on({ connect: frameworkManaged('altered'), sluice: own('altered') }),
      });
      assert.deepEqual(await read(trial, connector.name), alter);
      const reset = await change(trial, `DELETE ${offsetsOf(connector.name)}`);
      assertAnswer(reset, 200, {
        message: trial.on({ connect: frameworkManaged('reset'), sluice: own('reset') }),
      });
    },
  },
  {
    title:
      'offsets: ConnectWorkerIntegrationTest testCreateSourceConnectorWithStoppedInitialStateAndModifyOffsets',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      const config = fileSource(trial, topic, ['one', 'two']);
      const connector = await create(trial, 'source', config, { initial_state: 'STOPPED' });
      await untilStates(connector, 'STOPPED', []);
      const altered = await change(trial, `PATCH ${offsetsOf(connector.name)}`, [
        position(config['file'], 4),
      ]);
      assertAnswer(altered, 200);
      await connector.resume();
      const [first] = await trial.log.read(topic, 1);
      assert.equal(first?.value?.toString(), 'two');
    },
  },
];
