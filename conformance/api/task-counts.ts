/** How many tasks a connector has and may have, and definitions that its tasks outlive or do not. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { create, probe, untilCalls, untilStates } from './connectors.ts';
import { ask, assertAnswer, assertError, until } from './request.ts';

export const taskCountCases: readonly ConformanceCase[] = [
  {
    title: 'states: ConnectWorkerIntegrationTest testTaskStatuses: 1, then 5, then 3 tasks',
    run: async (trial) => {
      const connector = await create(trial, 'probe', probe(trial, { 'tasks.max': '1' }));
      for (const count of [1, 5, 3]) {
        await connector.apply(probe(trial, { 'tasks.max': String(count) }));
        await untilStates(
          connector,
          'RUNNING',
          Array.from({ length: count }, () => 'RUNNING'),
        );
      }
      assertError(
        await ask(trial, `GET /connectors/${connector.name}/tasks/3/status`),
        404,
        `No status found for task ${connector.name}-3`,
      );
    },
  },
  {
    title:
      'states: ConnectWorkerIntegrationTest testTasksMaxEnforcement: more tasks than tasks.max fail the connector',
    run: async (trial) => {
      const connector = await create(
        trial,
        'probe',
        probe(trial, { 'tasks.max': '2', 'probe.tasks': '3' }),
      );
      await untilStates(connector, 'FAILED', []);
      const { body } = await ask(trial, `GET /connectors/${connector.name}/status`);
      assert.match(
        (body as { connector: { trace: string } }).connector.trace,
        new RegExp(
          `The connector ${connector.name} has generated 3 tasks, which is greater than 2, the maximum number of tasks it is configured to create`,
        ),
      );
    },
  },
  {
    title:
      'states: ConnectWorkerIntegrationTest testTasksMaxEnforcement: tasks.max.enforce=false lets them run',
    run: async (trial) => {
      const connector = await create(
        trial,
        'probe',
        probe(trial, { 'tasks.max': '2', 'probe.tasks': '3', 'tasks.max.enforce': 'false' }),
      );
      await untilStates(connector, 'RUNNING', ['RUNNING', 'RUNNING', 'RUNNING']);
    },
  },
  {
    title:
      'states: ConnectWorkerIntegrationTest testReconfigureConnectorWithFailingTaskConfigs: a definition that fails there can be mended',
    run: async (trial) => {
      const settings = probe(trial);
      const connector = await create(trial, 'probe', settings);
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      await connector.apply({ ...settings, 'fail.at': 'connector taskConfigs' });
      await untilCalls(trial, { 'connector start': 2 });
      await connector.apply({ ...settings, 'tasks.max': '2' });
      await untilStates(connector, 'RUNNING', ['RUNNING', 'RUNNING']);
    },
  },
  {
    title:
      'states: ConnectWorkerIntegrationTest testTasksMaxEnforcement: enforced again, too many fail the connector, and its tasks go on',
    run: async (trial) => {
      const settings = (tasks: number, enforced: boolean) =>
        probe(trial, { 'probe.tasks': String(tasks), 'tasks.max.enforce': String(enforced) });
      const connector = await create(trial, 'probe', settings(2, false));
      await untilStates(connector, 'RUNNING', ['RUNNING', 'RUNNING']);
      await connector.apply(settings(1, true));
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      await connector.apply(settings(2, true));
      await untilStates(connector, 'FAILED', ['RUNNING']);
      const path = `/connectors/${connector.name}/tasks/0/restart`;
      assertAnswer(await ask(trial, `POST ${path}`), 204);
      await untilStates(connector, 'FAILED', ['RUNNING']);
    },
  },
  {
    title:
      'states: ConnectWorkerIntegrationTest testSourceTaskNotBlockedOnShutdownWithNonExistentTopic: deleted while what it polled cannot be written',
    run: async (trial) => {
      const topic = await trial.topic();
      const connector = await trial.source([{ topic, partition: 7 }], {});
      await until(
        trial,
        `GET /connectors/${connector.name}/tasks`,
        'with its task',
        ({ body }) => (body as unknown[]).length === 1,
      );
      assertAnswer(await ask(trial, `DELETE /connectors/${connector.name}`), 204);
      await until(
        trial,
        `GET /connectors/${connector.name}/status`,
        'gone',
        ({ status }) => status === 404,
      );
    },
  },
];
