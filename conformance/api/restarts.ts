/** Restarts: of the instance, of tasks, of what failed; which are made, and what is answered. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { ConnectorHandle } from '../connector.ts';
import type { Trial } from '../trial.ts';
import { calls, create, probe, untilCalls, untilStates } from './connectors.ts';
import { ask, assertAnswer, assertError } from './request.ts';

const tasks = 3;
const all = <Value>(value: Value): Value[] => Array.from({ length: tasks }, () => value);

interface Restart {
  /** Of Kafka Connect's ConnectorRestartApiIntegrationTest. */
  readonly original: string;
  readonly query: string;
  /** Calls of the probe that fail. */
  readonly failing: readonly string[];
  readonly states: { readonly connector: string; readonly tasks: readonly string[] };
  /** Which are begun once more. */
  readonly restarts: { readonly connector: boolean; readonly tasks: readonly number[] };
  /** What is answered. */
  readonly status: 202 | 204;
}

const running = { connector: 'RUNNING', tasks: all('RUNNING') };
const everyTask = Array.from({ length: tasks }, (_none, task) => task);
const taskStarts = everyTask.map((task) => `task ${String(task)} start`);
const noTasks: readonly number[] = [];

const restarts: readonly Restart[] = [
  {
    original: 'testRunningConnectorAndTasksRestartOnlyConnector',
    query: 'onlyFailed=false&includeTasks=false',
    failing: [],
    states: running,
    restarts: { connector: true, tasks: noTasks },
    status: 204,
  },
  {
    original: 'testRunningConnectorAndTasksRestartBothConnectorAndTasks',
    query: 'onlyFailed=false&includeTasks=true',
    failing: [],
    states: running,
    restarts: { connector: true, tasks: everyTask },
    status: 202,
  },
  {
    original: 'testRunningConnectorAndTasksRestartOnlyFailedConnectorNoop',
    query: 'onlyFailed=true&includeTasks=false',
    failing: [],
    states: running,
    restarts: { connector: false, tasks: noTasks },
    status: 202,
  },
  {
    original: 'testRunningConnectorAndTasksRestartBothConnectorAndTasksNoop',
    query: 'onlyFailed=true&includeTasks=true',
    failing: [],
    states: running,
    restarts: { connector: false, tasks: noTasks },
    status: 202,
  },
  {
    original: 'testFailedConnectorRestartBothConnectorAndTasks',
    query: 'onlyFailed=false&includeTasks=true',
    failing: ['connector start'],
    states: { connector: 'FAILED', tasks: [] },
    restarts: { connector: true, tasks: noTasks },
    status: 202,
  },
  {
    original: 'testFailedConnectorRestartOnlyFailedConnectorAndTasks',
    query: 'onlyFailed=true&includeTasks=true',
    failing: ['connector start'],
    states: { connector: 'FAILED', tasks: [] },
    restarts: { connector: true, tasks: noTasks },
    status: 202,
  },
  {
    original: 'testFailedTasksRestartOnlyConnector',
    query: 'onlyFailed=false&includeTasks=false',
    failing: taskStarts,
    states: { connector: 'RUNNING', tasks: all('FAILED') },
    restarts: { connector: true, tasks: noTasks },
    status: 204,
  },
  {
    original: 'testFailedTasksRestartOnlyTasks',
    query: 'onlyFailed=true&includeTasks=true',
    failing: taskStarts,
    states: { connector: 'RUNNING', tasks: all('FAILED') },
    restarts: { connector: false, tasks: everyTask },
    status: 202,
  },
  {
    original: 'testFailedTasksRestartWithoutIncludeTasksNoop',
    query: 'onlyFailed=true&includeTasks=false',
    failing: taskStarts,
    states: { connector: 'RUNNING', tasks: all('FAILED') },
    restarts: { connector: false, tasks: noTasks },
    status: 202,
  },
  {
    original: 'testFailedTasksRestartBothConnectorAndTasks',
    query: 'onlyFailed=false&includeTasks=true',
    failing: taskStarts,
    states: { connector: 'RUNNING', tasks: all('FAILED') },
    restarts: { connector: true, tasks: everyTask },
    status: 202,
  },
  {
    original: 'testOneFailedTasksRestartOnlyOneTasks',
    query: 'onlyFailed=true&includeTasks=true',
    failing: ['task 1 start'],
    states: { connector: 'RUNNING', tasks: ['RUNNING', 'FAILED', 'RUNNING'] },
    restarts: { connector: false, tasks: [1] },
    status: 202,
  },
  {
    original: 'booleans in any case',
    query: 'onlyFailed=True&includeTasks=TRUE',
    failing: ['task 1 start'],
    states: { connector: 'RUNNING', tasks: ['RUNNING', 'FAILED', 'RUNNING'] },
    restarts: { connector: false, tasks: [1] },
    status: 202,
  },
];

async function restartProbe(trial: Trial, restart: Restart): Promise<void> {
  const connector = await create(
    trial,
    'probe',
    probe(trial, { 'tasks.max': String(tasks), 'fail.at': restart.failing.join(',') }),
  );
  const { states } = restart;
  await untilStates(connector, states.connector, states.tasks);
  const before = calls(trial);
  const answer = await ask(trial, `POST /connectors/${connector.name}/restart?${restart.query}`);
  assertAnswer(answer, restart.status);
  if (restart.status === 204) assert.equal(answer.text, '');
  else assertPlan(answer.body, restart, connector);
  const after = { ...before };
  const once = (call: string): void => {
    after[call] = (before[call] ?? 0) + 1;
  };
  if (restart.restarts.connector) once('connector start');
  for (const task of restart.restarts.tasks) once(`task ${String(task)} start`);
  await untilCalls(trial, startsOf(after));
  await untilStates(connector, states.connector, states.tasks);
  assert.deepEqual(startsOf(calls(trial)), startsOf(after));
}

/** What is begun anew is shown as RESTARTING, all else as it is. */
function assertPlan(body: unknown, { restarts: plan, states }: Restart, { name }: ConnectorHandle) {
  const status = body as {
    name: string;
    type: string;
    connector: { state: string };
    tasks: { id: number; state: string }[];
  };
  assert.deepEqual(
    {
      name: status.name,
      type: status.type,
      connector: status.connector.state,
      // In no order there.
      tasks: status.tasks.toSorted((a, b) => a.id - b.id).map(({ id, state }) => [id, state]),
    },
    {
      name,
      type: 'source',
      connector: plan.connector ? 'RESTARTING' : states.connector,
      tasks: states.tasks.map((state, task) => [
        task,
        plan.tasks.includes(task) ? 'RESTARTING' : state,
      ]),
    },
  );
}

function startsOf(counts: Readonly<Record<string, number>>): Readonly<Record<string, number>> {
  return Object.fromEntries(Object.entries(counts).filter(([call]) => call.endsWith(' start')));
}

const others: readonly ConformanceCase[] = [
  {
    title: 'restarts: ConnectorRestartApiIntegrationTest testRestartUnknownConnector',
    run: async (trial) => {
      const name = trial.name('unknown');
      for (const onlyFailed of ['false', 'true'])
        for (const includeTasks of ['false', 'true'])
          assertError(
            await ask(
              trial,
              `POST /connectors/${name}/restart?onlyFailed=${onlyFailed}&includeTasks=${includeTasks}`,
            ),
            404,
            `Unknown connector: ${name}`,
          );
    },
  },
  {
    title:
      'restarts: ConnectDistributedTest test_restart_failed_task: one task, by its number, after what was wrong is mended',
    run: async (trial) => {
      const flag = trial.writeLines('broken', []);
      const connector = await create(
        trial,
        'probe',
        probe(trial, { 'tasks.max': '2', 'fail.at': 'task 1 start', 'while.file': flag }),
      );
      await untilStates(connector, 'RUNNING', ['RUNNING', 'FAILED']);
      const { body } = await ask(trial, `GET /connectors/${connector.name}/tasks/1/status`);
      const failed = body as { state: string; trace: string };
      assert.equal(failed.state, 'FAILED');
      assert.match(failed.trace, /the probe fails at task 1 start/);
      trial.remove('broken');
      const before = calls(trial);
      const path = `/connectors/${connector.name}/tasks/1`;
      const answer = await ask(trial, `POST ${path}/restart`);
      assert.deepEqual([answer.status, answer.text], [204, '']);
      await untilStates(connector, 'RUNNING', ['RUNNING', 'RUNNING']);
      const { trace } = (await ask(trial, `GET ${path}/status`)).body as { trace?: string };
      assert.equal(trace, undefined);
      assert.equal(calls(trial)['task 0 start'], before['task 0 start']);
    },
  },
  {
    title:
      'restarts: ConnectDistributedTest test_restart_failed_connector: the instance, after what was wrong is mended',
    run: async (trial) => {
      const flag = trial.writeLines('broken', []);
      const connector = await create(
        trial,
        'probe',
        probe(trial, { 'fail.at': 'connector start', 'while.file': flag }),
      );
      await untilStates(connector, 'FAILED', []);
      const { body } = await ask(trial, `GET /connectors/${connector.name}/status`);
      assert.match(
        (body as { connector: { trace: string } }).connector.trace,
        /the probe fails at connector start/,
      );
      trial.remove('broken');
      assertAnswer(await ask(trial, `POST /connectors/${connector.name}/restart`), 204);
      await untilStates(connector, 'RUNNING', ['RUNNING']);
    },
  },
  {
    title:
      'restarts: ConnectWorkerIntegrationTest testRuntimePropertyReconfiguration: a change of the definition starts what failed',
    run: async (trial) => {
      const settings = probe(trial, { 'fail.at': 'task 0 start' });
      const connector = await create(trial, 'probe', settings);
      await untilStates(connector, 'RUNNING', ['FAILED']);
      await connector.apply({ ...settings, 'fail.at': '' });
      await untilStates(connector, 'RUNNING', ['RUNNING']);
    },
  },
  {
    title:
      'restarts: ConnectorRestartApiIntegrationTest testFailedConnectorRestartOnlyConnector: it fails again',
    difference: 'restart-of-what-fails',
    run: async (trial) => {
      const connector = await create(
        trial,
        'probe',
        probe(trial, { 'fail.at': 'connector start' }),
      );
      await untilStates(connector, 'FAILED', []);
      const before = calls(trial)['connector start'] ?? 0;
      const answer = await ask(trial, `POST /connectors/${connector.name}/restart`);
      assert.equal(answer.status, trial.on({ connect: 500, sluice: 204 }), answer.text);
      await untilCalls(trial, { 'connector start': before + 1 });
      await untilStates(connector, 'FAILED', []);
    },
  },
  {
    title: 'restarts: without being asked',
    difference: 'automatic-restarts',
    run: async (trial) => {
      const flag = trial.writeLines('broken', []);
      const connector = await create(trial, 'probe', {
        ...probe(trial, { 'fail.at': 'task 0 start', 'while.file': flag }),
        'restart.max.attempts': '100',
        'restart.backoff.initial.ms': '100',
        'restart.backoff.max.ms': '200',
      });
      await untilStates(connector, 'RUNNING', [
        trial.on({ connect: 'FAILED', sluice: 'RESTARTING' }),
      ]);
      trial.remove('broken');
      if (trial.target.name === 'sluice') await untilStates(connector, 'RUNNING', ['RUNNING']);
      else
        assertAnswer(await ask(trial, `POST /connectors/${connector.name}/tasks/0/restart`), 204);
      await untilStates(connector, 'RUNNING', ['RUNNING']);
    },
  },
];

export const restartCases: readonly ConformanceCase[] = [
  ...restarts.map(
    (restart): ConformanceCase => ({
      title: `restarts: ConnectorRestartApiIntegrationTest ${restart.original}`,
      run: (trial) => restartProbe(trial, restart),
    }),
  ),
  ...others,
];
