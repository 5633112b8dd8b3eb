/** Target states: which transitions there are, and what of a connector each keeps. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorHandle } from '../connector.ts';
import type { Trial } from '../trial.ts';
import {
  calls,
  create,
  fileSink,
  fileSource,
  probe,
  untilCalls,
  untilStates,
} from './connectors.ts';
import { ask, assertAnswer, assertError } from './request.ts';

type State = 'RUNNING' | 'PAUSED' | 'STOPPED';

const verbs: Readonly<Record<State, readonly [verb: string, status: 202 | 204]>> = {
  RUNNING: ['resume', 202],
  PAUSED: ['pause', 202],
  STOPPED: ['stop', 204],
};

async function bring(trial: Trial, { name }: ConnectorHandle, state: State): Promise<void> {
  const [verb, status] = verbs[state];
  const answer = await ask(trial, `PUT /connectors/${name}/${verb}`);
  assert.deepEqual([answer.status, answer.text], [status, '']);
}

/** With two tasks. */
async function untilState(connector: ConnectorHandle, state: State): Promise<void> {
  await untilStates(connector, state, state === 'STOPPED' ? [] : [state, state]);
}

const transitions: readonly (readonly [from: State, to: State])[] = [
  ['RUNNING', 'PAUSED'],
  ['PAUSED', 'RUNNING'],
  ['RUNNING', 'STOPPED'],
  ['STOPPED', 'RUNNING'],
  ['PAUSED', 'STOPPED'],
  ['RUNNING', 'RUNNING'],
  ['PAUSED', 'PAUSED'],
  ['STOPPED', 'STOPPED'],
];

const moved = transitions.map(
  ([from, to]): ConformanceCase => ({
    title: `states: ConnectWorkerIntegrationTest testPauseStopResume: ${from} to ${to}`,
    run: async (trial) => {
      const connector = await create(trial, 'probe', probe(trial, { 'tasks.max': '2' }));
      await untilState(connector, 'RUNNING');
      if (from !== 'RUNNING') await bring(trial, connector, from);
      await untilState(connector, from);
      await bring(trial, connector, to);
      await untilState(connector, to);
      const { body } = await ask(trial, `GET /connectors/${connector.name}/tasks`);
      assert.equal((body as unknown[]).length, to === 'STOPPED' ? 0 : 2);
      const info = await ask(trial, `GET /connectors/${connector.name}`);
      assert.equal((info.body as { tasks: unknown[] }).tasks.length, to === 'STOPPED' ? 0 : 2);
      assertAnswer(await ask(trial, `DELETE /connectors/${connector.name}`), 204);
    },
  }),
);

const stopped: readonly ConformanceCase[] = [
  {
    title: 'states: ConnectWorkerIntegrationTest testPauseStopResume: STOPPED to PAUSED',
    difference: 'stopped-to-paused',
    run: async (trial) => {
      const connector = await create(trial, 'probe', probe(trial, { 'tasks.max': '2' }));
      await untilState(connector, 'RUNNING');
      await bring(trial, connector, 'STOPPED');
      await untilState(connector, 'STOPPED');
      await bring(trial, connector, 'PAUSED');
      const paused = trial.on({ connect: [], sluice: ['PAUSED', 'PAUSED'] });
      await untilStates(connector, 'PAUSED', paused);
      await bring(trial, connector, 'RUNNING');
      await untilState(connector, 'RUNNING');
    },
  },
  {
    title:
      'states: ConnectWorkerIntegrationTest testStoppedState: what failed to start is stopped, mended, and resumed',
    run: async (trial) => {
      const settings = probe(trial, { 'fail.at': 'connector start' });
      const connector = await create(trial, 'probe', settings);
      await untilStates(connector, 'FAILED', []);
      await bring(trial, connector, 'STOPPED');
      await untilStates(connector, 'STOPPED', []);
      await connector.apply({ ...settings, 'fail.at': '' });
      await untilStates(connector, 'STOPPED', []);
      await bring(trial, connector, 'RUNNING');
      await untilStates(connector, 'RUNNING', ['RUNNING']);
    },
  },
  {
    title:
      'states: ConnectWorkerIntegrationTest testStoppedState: a stop that throws ends it all the same',
    run: async (trial) => {
      const connector = await create(trial, 'probe', probe(trial, { 'fail.at': 'connector stop' }));
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      await bring(trial, connector, 'STOPPED');
      await untilStates(connector, 'STOPPED', []);
      assertAnswer(await ask(trial, `DELETE /connectors/${connector.name}`), 204);
    },
  },
  {
    title: 'states: a connector that is paused has its instance stopped, and its tasks kept',
    run: async (trial) => {
      const connector = await create(trial, 'probe', probe(trial));
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      await bring(trial, connector, 'PAUSED');
      await untilStates(connector, 'PAUSED', ['PAUSED']);
      await untilCalls(trial, { 'connector stop': 1 });
      assert.equal(calls(trial)['task 0 stop'], undefined);
      await bring(trial, connector, 'RUNNING');
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      await untilCalls(trial, { 'connector start': 2, 'task 0 start': 1 });
    },
  },
  {
    title: 'states: a restart of a connector that is paused or stopped leaves it so',
    run: async (trial) => {
      for (const state of ['PAUSED', 'STOPPED'] as const) {
        const connector = await create(trial, state, probe(trial, { 'tasks.max': '2' }));
        await untilState(connector, 'RUNNING');
        await bring(trial, connector, state);
        await untilState(connector, state);
        const path = `/connectors/${connector.name}/restart`;
        assertAnswer(await ask(trial, `POST ${path}`), 204);
        await untilState(connector, state);
        assertAnswer(await ask(trial, `POST ${path}?includeTasks=true`), 202);
        await untilState(connector, state);
      }
    },
  },
  {
    title:
      'states: ConnectDistributedTest test_pause_and_resume_source: nothing is written while it is paused',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      const connector = await create(trial, 'source', fileSource(trial, topic, ['one']));
      await trial.log.read(topic, 1);
      await bring(trial, connector, 'PAUSED');
      await untilStates(connector, 'PAUSED', ['PAUSED']);
      trial.appendLines('in.txt', ['two']);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      assert.equal((await trial.log.readNow(topic)).length, 1);
      await bring(trial, connector, 'RUNNING');
      await trial.log.read(topic, 2);
    },
  },
  {
    title:
      'states: ConnectDistributedTest test_pause_and_resume_sink: nothing is handed over while it is paused',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      await trial.log.produce(topic, [{ key: null, value: Buffer.from('one') }]);
      const connector = await create(trial, 'sink', fileSink(trial, topic));
      await trial.linesOf('out.txt', 1);
      await bring(trial, connector, 'PAUSED');
      await untilStates(connector, 'PAUSED', ['PAUSED']);
      await trial.log.produce(topic, [{ key: null, value: Buffer.from('two') }]);
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      assert.deepEqual(trial.lines('out.txt'), ['one']);
      await bring(trial, connector, 'RUNNING');
      assert.deepEqual(await trial.linesOf('out.txt', 2), ['one', 'two']);
    },
  },
];

const initial: readonly ConformanceCase[] = [
  {
    title:
      'states: ConnectWorkerIntegrationTest testCreateConnectorWithPausedInitialState: it has no tasks until it is resumed',
    run: async (trial) => {
      const connector = await create(trial, 'paused', probe(trial, { 'tasks.max': '2' }), {
        initial_state: 'paused',
      });
      await untilStates(connector, 'PAUSED', []);
      assert.equal(calls(trial)['connector start'], undefined);
      await bring(trial, connector, 'RUNNING');
      await untilState(connector, 'RUNNING');
    },
  },
  {
    title: 'states: initial_state STOPPED, and RUNNING in any case',
    run: async (trial) => {
      const connector = await create(trial, 'stopped', probe(trial, { 'tasks.max': '2' }), {
        initial_state: 'Stopped',
      });
      await untilState(connector, 'STOPPED');
      await bring(trial, connector, 'RUNNING');
      await untilState(connector, 'RUNNING');
      const running = await create(trial, 'running', probe(trial), { initial_state: 'running' });
      await untilStates(running, 'RUNNING', ['RUNNING']);
    },
  },
  {
    title:
      'states: ConnectWorkerIntegrationTest testDeleteConnectorCreatedWithPausedOrStoppedInitialState',
    run: async (trial) => {
      for (const state of ['PAUSED', 'STOPPED']) {
        const connector = await create(trial, state, probe(trial), { initial_state: state });
        await untilStates(connector, state, []);
        const path = `/connectors/${connector.name}`;
        assertAnswer(await ask(trial, `DELETE ${path}`), 204);
        assertError(await ask(trial, `GET ${path}`), 404, `Connector ${connector.name} not found`);
      }
    },
  },
  {
    title: 'states: an initial_state that there is not',
    difference: 'malformed-body',
    run: async (trial) => {
      const { name } = trial.connector('odd');
      const answer = await ask(trial, 'POST /connectors', {
        body: { name, config: probe(trial), initial_state: 'ASLEEP' },
      });
      assertError(
        answer,
        trial.on({ connect: 500, sluice: 400 }),
        trial.on({
          connect: /ASLEEP/,
          sluice: /initial_state: must be RUNNING, PAUSED or STOPPED/,
        }),
      );
    },
  },
];

const survivors: readonly ConformanceCase[] = [
  {
    title:
      'states: ConnectDistributedTest test_pause_state_persistent: target states survive a restart of everything',
    isAlone: true,
    run: async (trial) => {
      const connectors = {
        RUNNING: await create(trial, 'running', probe(trial, { 'tasks.max': '2' })),
        PAUSED: await create(trial, 'paused', probe(trial, { 'tasks.max': '2' })),
        STOPPED: await create(trial, 'stopped', probe(trial, { 'tasks.max': '2' })),
      };
      const states: readonly State[] = ['RUNNING', 'PAUSED', 'STOPPED'];
      for (const state of states) await untilState(connectors[state], 'RUNNING');
      for (const state of states) await bring(trial, connectors[state], state);
      for (const state of states) await untilState(connectors[state], state);
      await trial.target.restart();
      for (const state of states) await untilState(connectors[state], state);
      for (const state of states) await bring(trial, connectors[state], 'RUNNING');
      for (const state of states) await untilState(connectors[state], 'RUNNING');
    },
  },
];

export const stateCases: readonly ConformanceCase[] = [
  ...moved,
  ...stopped,
  ...initial,
  ...survivors,
];
