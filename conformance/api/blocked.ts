/** Kafka Connect's BlockingConnectorTest: code of one connector that does not return keeps nobody else from anything. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { Trial } from '../trial.ts';
import { calls, create, fileSource, probe, untilCalls, untilStates } from './connectors.ts';
import { ask, askOnce, assertAnswer } from './request.ts';

/** Another connector is created, runs, is paused, resumed, restarted and deleted. */
async function assertUsable(trial: Trial): Promise<void> {
  const other = await create(trial, 'other', fileSource(trial));
  const path = `/connectors/${other.name}`;
  await untilStates(other, 'RUNNING', ['RUNNING']);
  assertAnswer(await ask(trial, `PUT ${path}/pause`), 202);
  await untilStates(other, 'PAUSED', ['PAUSED']);
  assertAnswer(await ask(trial, `PUT ${path}/resume`), 202);
  await untilStates(other, 'RUNNING', ['RUNNING']);
  assertAnswer(await ask(trial, `POST ${path}/tasks/0/restart`), 204);
  await untilStates(other, 'RUNNING', ['RUNNING']);
  assertAnswer(await ask(trial, `DELETE ${path}`), 204);
}

function blocking(trial: Trial, call: string) {
  return probe(trial, { 'block.at': call, 'while.file': trial.writeLines('blocked', []) });
}

async function blockingSink(trial: Trial, call: string) {
  const topics = await trial.topic('lines');
  const name = 'io.sluice.conformance.ProbeSinkConnector';
  return { ...blocking(trial, call), 'connector.class': name, topics };
}

export const blockedCases: readonly ConformanceCase[] = [
  {
    title: 'blocked: BlockingConnectorTest testBlockInConnectorValidate: others do not wait for it',
    difference: 'blocked-validate',
    run: async (trial) => {
      const name = 'io.sluice.conformance.ValidatedProbeSourceConnector';
      const config = {
        ...blocking(trial, 'connector validate'),
        'connector.class': name,
        name: trial.name('probe'),
      };
      const path = `PUT /connector-plugins/${name}/config/validate`;
      const validated = ask(trial, path, { body: config, timeoutMs: 60_000 });
      await untilCalls(trial, { 'connector validate': 1 });
      await assertUsable(trial);
      if (trial.on({ connect: 'waits', sluice: 'gives up' }) === 'waits') trial.remove('blocked');
      const { status, text } = await validated;
      assert.equal(status, trial.on({ connect: 200, sluice: 500 }), text);
      trial.remove('blocked');
    },
  },
  {
    title:
      'blocked: BlockingConnectorTest testBlockInConnectorStart: it is there, and runs once it is let',
    run: async (trial) => {
      const connector = await create(trial, 'probe', blocking(trial, 'connector start'));
      await untilCalls(trial, { 'connector start': 1 });
      await assertUsable(trial);
      assert.equal((await ask(trial, `GET /connectors/${connector.name}`)).status, 200);
      trial.remove('blocked');
      await untilStates(connector, 'RUNNING', ['RUNNING']);
    },
  },
  {
    title: 'blocked: BlockingConnectorTest testBlockInConnectorStart: it can be deleted meanwhile',
    run: async (trial) => {
      const connector = await create(trial, 'probe', blocking(trial, 'connector start'));
      await untilCalls(trial, { 'connector start': 1 });
      assertAnswer(await ask(trial, `DELETE /connectors/${connector.name}`), 204);
      await assertUsable(trial);
      trial.remove('blocked');
    },
  },
  {
    title: 'blocked: BlockingConnectorTest testBlockInConnectorStop: what is stopped says so',
    run: async (trial) => {
      const connector = await create(trial, 'probe', blocking(trial, 'connector stop'));
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      assertAnswer(await ask(trial, `PUT /connectors/${connector.name}/stop`), 204);
      await untilCalls(trial, { 'connector stop': 1 });
      await assertUsable(trial);
      trial.remove('blocked');
      await untilStates(connector, 'STOPPED', []);
    },
  },
  {
    title: 'blocked: BlockingConnectorTest testBlockInSourceTaskStart',
    run: async (trial) => {
      const connector = await create(trial, 'probe', blocking(trial, 'task 0 start'));
      await untilCalls(trial, { 'task 0 start': 1 });
      await assertUsable(trial);
      trial.remove('blocked');
      await untilStates(connector, 'RUNNING', ['RUNNING']);
    },
  },
  {
    title: 'blocked: BlockingConnectorTest testBlockInSourceTaskStop: it is deleted all the same',
    run: async (trial) => {
      const connector = await create(trial, 'probe', blocking(trial, 'task 0 stop'));
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      assertAnswer(await ask(trial, `DELETE /connectors/${connector.name}`), 204);
      await untilCalls(trial, { 'task 0 stop': 1 });
      await assertUsable(trial);
      assert.equal((await ask(trial, `GET /connectors/${connector.name}`)).status, 404);
      trial.remove('blocked');
    },
  },
  {
    title: 'blocked: BlockingConnectorTest testBlockInSinkTaskStart',
    run: async (trial) => {
      const connector = await create(trial, 'probe', await blockingSink(trial, 'task 0 start'));
      await untilCalls(trial, { 'task 0 start': 1 });
      await assertUsable(trial);
      trial.remove('blocked');
      await untilStates(connector, 'RUNNING', ['RUNNING']);
    },
  },
  {
    title: 'blocked: BlockingConnectorTest testBlockInSinkTaskStop: it is deleted all the same',
    run: async (trial) => {
      const connector = await create(trial, 'probe', await blockingSink(trial, 'task 0 stop'));
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      assertAnswer(await ask(trial, `DELETE /connectors/${connector.name}`), 204);
      await untilCalls(trial, { 'task 0 stop': 1 });
      await assertUsable(trial);
      assert.equal((await ask(trial, `GET /connectors/${connector.name}`)).status, 404);
      trial.remove('blocked');
    },
  },
  ...(['connector start', 'connector stop'] as const).map(
    (call): ConformanceCase => ({
      title: `blocked: BlockingConnectorTest ${call === 'connector start' ? 'testWorkerRestartWithBlockInConnectorStart' : 'testWorkerRestartWithBlockInConnectorStop'}`,
      isAlone: true,
      run: async (trial) => {
        const connector = await create(trial, 'probe', blocking(trial, call));
        await untilCalls(trial, { 'connector start': 1 });
        await trial.target.restart();
        await untilCalls(trial, { 'connector start': 2 });
        await assertUsable(trial);
        trial.remove('blocked');
        await untilStates(connector, 'RUNNING', ['RUNNING']);
      },
    }),
  ),
  {
    title: 'blocked: taskConfigs that does not return',
    isAlone: true,
    difference: 'blocked-task-configs',
    run: async (trial) => {
      const connector = await create(trial, 'probe', blocking(trial, 'connector taskConfigs'));
      await untilCalls(trial, { 'connector taskConfigs': 1 });
      if (trial.on({ connect: 'waits', sluice: 'answers' }) === 'answers')
        await assertUsable(trial);
      else await assertHangs(trial);
      trial.remove('blocked');
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      assert.ok((calls(trial)['connector taskConfigs'] ?? 0) >= 1);
    },
  },
];

/** Its only thread for requests is in it: nobody's definition is read any more. */
async function assertHangs(trial: Trial): Promise<void> {
  await assert.rejects(
    askOnce(trial, `GET /connectors/${trial.name('none')}`, { timeoutMs: 2_000 }),
    /aborted|timeout/i,
  );
}
