/** Definitions and names that are refused, each in its words. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { create, fileSource, untilStates } from './connectors.ts';
import { ask, assertError, invalidDefinition } from './request.ts';

export const definitionRefusalCases: readonly ConformanceCase[] = [
  {
    title: 'definitions: all that is wrong is said at once',
    run: async (trial) => {
      const { name } = trial.connector('wrong');
      const answer = await ask(trial, 'POST /connectors', {
        body: {
          name,
          config: { 'connector.class': 'FileStreamSource', 'tasks.max': '0', 'batch.size': 'x' },
        },
      });
      assertError(answer, 400, invalidDefinition(3));
      const { message } = answer.body as { readonly message: string };
      assert.deepEqual(message.split('\n').slice(1, -1).toSorted(), [
        'Invalid value 0 for configuration tasks.max: Value must be at least 1',
        'Invalid value x for configuration batch.size: Not a number of type INT',
        'Missing required configuration "topic" which has no default value.',
      ]);
      assert.equal(
        message.split('\n').at(-1),
        'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`',
      );
    },
  },
  {
    title: 'definitions: a class that is not there',
    run: async (trial) => {
      const { name } = trial.connector('unknown');
      const answer = await ask(trial, 'POST /connectors', {
        body: { name, config: { 'connector.class': 'NoSuchConnector' } },
      });
      assertError(
        answer,
        400,
        /^Failed to find any class that implements Connector and which name matches NoSuchConnector, available connectors are: /,
      );
    },
  },
  {
    title: 'definitions: no class',
    difference: 'values-in-messages',
    run: async (trial) => {
      const { name } = trial.connector('classless');
      const answer = await ask(trial, 'POST /connectors', {
        body: { name, config: { topic: 'secret' } },
      });
      assertError(
        answer,
        400,
        trial.on({
          connect: /^Connector config \{.*topic=secret.*\} contains no connector type$/,
          sluice: /^Connector config \{topic, name\} contains no connector type/,
        }),
      );
    },
  },
  {
    title: 'definitions: no name',
    run: async (trial) => {
      const answer = await ask(trial, 'POST /connectors', { body: { config: fileSource(trial) } });
      assertError(answer, 400, invalidDefinition(1));
      assert.match(answer.text, /configuration name|name/);
    },
  },
  {
    title: 'definitions: control characters in a name',
    run: async (trial) => {
      const answer = await ask(trial, 'POST /connectors', {
        body: { name: 'a\u0007b', config: fileSource(trial) },
      });
      assertError(answer, 400, invalidDefinition(1));
      assert.match(
        answer.text,
        /Invalid value a\\u0007b for configuration name: String may not contain control sequences but had the following ASCII chars: 7/,
      );
    },
  },
  {
    title: 'definitions: a connector that is not there',
    run: async (trial) => {
      const name = trial.name('none');
      const found = `Connector ${name} not found`;
      for (const [request, message] of [
        [`GET /connectors/${name}`, found],
        [`GET /connectors/${name}/config`, found],
        [`GET /connectors/${name}/tasks`, found],
        [`DELETE /connectors/${name}`, found],
        [`GET /connectors/${name}/status`, `No status found for connector ${name}`],
        [`GET /connectors/${name}/tasks/0/status`, `No status found for task ${name}-0`],
        [`PUT /connectors/${name}/pause`, `Unknown connector ${name}`],
        [`PUT /connectors/${name}/resume`, `Unknown connector ${name}`],
        [`PUT /connectors/${name}/stop`, `Unknown connector ${name}`],
        [`POST /connectors/${name}/restart`, `Unknown connector: ${name}`],
        [`POST /connectors/${name}/tasks/0/restart`, `Unknown connector: ${name}`],
        [`GET /connectors/${name}/offsets`, found],
        [`DELETE /connectors/${name}/offsets`, found],
      ] as const)
        assertError(await ask(trial, request), 404, message);
      const patched = await ask(trial, `PATCH /connectors/${name}/config`, { body: { a: 'b' } });
      assertError(patched, 404, found);
      const altered = await ask(trial, `PATCH /connectors/${name}/offsets`, {
        body: { offsets: [{ partition: { filename: 'x' }, offset: { position: 1 } }] },
      });
      assertError(altered, 404, found);
    },
  },
  {
    title: 'definitions: a task that is not there',
    run: async (trial) => {
      const connector = await create(trial, 'one', fileSource(trial));
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      const path = `/connectors/${connector.name}/tasks`;
      const task = `${connector.name}-7`;
      assertError(
        await ask(trial, `GET ${path}/7/status`),
        404,
        `No status found for task ${task}`,
      );
      assertError(await ask(trial, `POST ${path}/7/restart`), 404, `Unknown task: ${task}`);
      assertError(await ask(trial, `GET ${path}/x/status`), 404, /^(HTTP 404 Not Found|No status)/);
    },
  },
];
