/** Definitions: created, read, replaced, patched, listed, deleted. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import { create, fileSink, fileSource, fileSourceClass, untilStates } from './connectors.ts';
import { ask, assertAnswer, assertError, invalidDefinition, until } from './request.ts';

/** As its plugin and the framework put it into a task's configuration. */
function taskConfig(config: Readonly<Record<string, string>>, taskClass: string) {
  return { ...config, 'task.class': taskClass };
}

const created: readonly ConformanceCase[] = [
  {
    title: 'definitions: ConnectRestApiTest test_rest_api: a source, read in every way',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      const config = fileSource(trial, topic, ['foo', 'bar']);
      const connector = trial.connector('source');
      const { name } = connector;
      const full = { ...config, name };
      assertAnswer(await ask(trial, 'POST /connectors', { body: { name, config } }), 201, {
        name,
        config: full,
        tasks: [],
        type: 'source',
      });
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      assertAnswer(await ask(trial, `GET /connectors/${name}`), 200, {
        name,
        config: full,
        tasks: [{ connector: name, task: 0 }],
        type: 'source',
      });
      assertAnswer(await ask(trial, `GET /connectors/${name}/config`), 200, full);
      assertAnswer(await ask(trial, `GET /connectors/${name}/tasks`), 200, [
        {
          id: { connector: name, task: 0 },
          config: taskConfig(full, 'org.apache.kafka.connect.file.FileStreamSourceTask'),
        },
      ]);
      const again = await ask(trial, 'POST /connectors', { body: { name, config } });
      assertError(again, 409, `Connector ${name} already exists`);
    },
  },
  {
    title: 'definitions: ConnectRestApiTest test_rest_api: a sink, read in every way',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      const config = fileSink(trial, topic);
      const connector = trial.connector('sink');
      const { name } = connector;
      const full = { ...config, name };
      assertAnswer(await ask(trial, `PUT /connectors/${name}/config`, { body: config }), 201, {
        name,
        config: full,
        tasks: [],
        type: 'sink',
      });
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      assertAnswer(await ask(trial, `GET /connectors/${name}/tasks`), 200, [
        {
          id: { connector: name, task: 0 },
          config: taskConfig(full, 'org.apache.kafka.connect.file.FileStreamSinkTask'),
        },
      ]);
      const changed = { ...config, 'errors.log.enable': 'true' };
      assertAnswer(await ask(trial, `PUT /connectors/${name}/config`, { body: changed }), 200, {
        name,
        config: { ...changed, name },
        tasks: [{ connector: name, task: 0 }],
        type: 'sink',
      });
    },
  },
  {
    title: 'definitions: ConnectRestApiTest test_rest_api: a change moves the task to another file',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      const connector = await create(trial, 'source', fileSource(trial, topic, ['foo']));
      await trial.log.read(topic, 1);
      const file = trial.writeLines('in-2.txt', ['razz', 'ma']);
      await connector.apply({ ...fileSource(trial, topic, ['foo']), file });
      await trial.log.read(topic, 3);
    },
  },
  {
    title: 'definitions: ConnectWorkerIntegrationTest testPluginAliases: class, simple name, alias',
    run: async (trial) => {
      for (const alias of [fileSourceClass, 'FileStreamSourceConnector', 'FileStreamSource']) {
        const connector = await create(trial, alias, {
          ...fileSource(trial),
          'connector.class': alias,
          'key.converter': 'StringConverter',
          'value.converter': 'JsonConverter',
          'header.converter': 'SimpleHeaderConverter',
          transforms: 'filter',
          'transforms.filter.type': 'Filter',
          'transforms.filter.predicate': 'tombstone',
          predicates: 'tombstone',
          'predicates.tombstone.type': 'RecordIsTombstone',
        });
        await untilStates(connector, 'RUNNING', ['RUNNING']);
        const { body } = await ask(trial, `GET /connectors/${connector.name}/config`);
        assert.equal((body as Record<string, string>)['connector.class'], alias);
      }
    },
  },
  {
    title: 'definitions: spaces around a name are cut off where it is created',
    run: async (trial) => {
      const connector = trial.connector('trimmed');
      const name = `  ${connector.name} `;
      const answer = await ask(trial, 'POST /connectors', {
        body: { name, config: fileSource(trial) },
      });
      assertAnswer(answer, 201);
      assert.equal((answer.body as { name: string }).name, connector.name);
    },
  },
  {
    title: 'definitions: the name of the configuration has to be that of the url',
    run: async (trial) => {
      const { name } = trial.connector('one');
      const config = { ...fileSource(trial), name: 'other' };
      const message = `Connector name configuration (other) doesn't match connector name in the URL (${name})`;
      assertError(
        await ask(trial, `PUT /connectors/${name}/config`, { body: config }),
        400,
        message,
      );
      assertError(await ask(trial, 'POST /connectors', { body: { name, config } }), 400, message);
      assertError(await ask(trial, `GET /connectors/${name}`), 404, `Connector ${name} not found`);
    },
  },
  {
    title: 'definitions: numbers, booleans and null in a configuration',
    run: async (trial) => {
      const connector = trial.connector('typed');
      const config = { ...fileSource(trial), 'tasks.max': 1, 'errors.log.enable': true };
      const body = { ...config, 'batch.size': 2_000.0 };
      assertAnswer(await ask(trial, `PUT /connectors/${connector.name}/config`, { body }), 201, {
        name: connector.name,
        config: {
          ...fileSource(trial),
          'tasks.max': '1',
          'errors.log.enable': 'true',
          'batch.size': '2000',
          name: connector.name,
        },
        tasks: [],
        type: 'source',
      });
    },
  },
];

const changed: readonly ConformanceCase[] = [
  {
    title:
      'definitions: ConnectWorkerIntegrationTest testPatchConnectorConfig: keys are changed, added, deleted with null, and kept',
    run: async (trial) => {
      const config = { ...fileSource(trial), 'errors.log.enable': 'true', 'batch.size': '7' };
      const connector = await create(trial, 'patched', config);
      const { name } = connector;
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      const path = `/connectors/${name}/config`;
      const { 'errors.log.enable': _gone, ...kept } = config;
      const after = { ...kept, 'batch.size': '8', 'errors.tolerance': 'all', name };
      const answer = await ask(trial, `PATCH ${path}`, {
        body: { 'batch.size': '8', 'errors.tolerance': 'all', 'errors.log.enable': null },
      });
      assertAnswer(answer, 200, {
        name,
        config: after,
        tasks: [{ connector: name, task: 0 }],
        type: 'source',
      });
      assertAnswer(await ask(trial, `GET ${path}`), 200, after);
      const empty = await ask(trial, `PATCH ${path}`, { body: {} });
      assert.deepEqual([empty.status, empty.body], [200, answer.body]);
    },
  },
  {
    title: 'definitions: a patch that makes it wrong changes nothing',
    run: async (trial) => {
      const config = fileSource(trial);
      const connector = await create(trial, 'patched', config);
      const path = `/connectors/${connector.name}/config`;
      assertError(
        await ask(trial, `PATCH ${path}`, { body: { topic: null } }),
        400,
        invalidDefinition(1),
      );
      assertAnswer(await ask(trial, `GET ${path}`), 200, { ...config, name: connector.name });
    },
  },
  {
    title: 'definitions: PATCH with the name of another',
    difference: 'patch-of-name',
    run: async (trial) => {
      const connector = await create(trial, 'patched', fileSource(trial));
      const { status } = await ask(trial, `PATCH /connectors/${connector.name}/config`, {
        body: { name: 'other' },
      });
      assert.equal(status, trial.on({ connect: 200, sluice: 400 }));
    },
  },
  {
    title: 'definitions: PUT replaces the whole configuration',
    run: async (trial) => {
      const config = fileSource(trial);
      const connector = await create(trial, 'put', { ...config, 'batch.size': '7' });
      await connector.apply(config);
      assertAnswer(await ask(trial, `GET /connectors/${connector.name}/config`), 200, {
        ...config,
        name: connector.name,
      });
    },
  },
  {
    title: 'definitions: what is deleted is not there any more, and may be created anew',
    run: async (trial) => {
      const connector = await create(trial, 'deleted', fileSource(trial));
      const { name } = connector;
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      const deleted = await ask(trial, `DELETE /connectors/${name}`);
      assert.deepEqual([deleted.status, deleted.text], [204, '']);
      const listed = (await ask(trial, 'GET /connectors')).body as string[];
      assert.ok(!listed.includes(name));
      await until(trial, `GET /connectors/${name}/status`, 'gone', ({ status }) => status === 404);
      assertError(
        await ask(trial, `DELETE /connectors/${name}`),
        404,
        `Connector ${name} not found`,
      );
      const again = await ask(trial, 'POST /connectors', {
        body: { name, config: fileSource(trial) },
      });
      assertAnswer(again, 201);
      await untilStates(connector, 'RUNNING', ['RUNNING']);
    },
  },
];

const listed: readonly ConformanceCase[] = [
  {
    title: 'definitions: the list of names, and with expand what is known of each',
    run: async (trial) => {
      const config = fileSource(trial);
      const connector = await create(trial, 'listed', config);
      const { name } = connector;
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      const names = (await ask(trial, 'GET /connectors')).body as string[];
      assert.ok(Array.isArray(names) && names.includes(name));
      const of = async (query: string): Promise<unknown> =>
        ((await ask(trial, `GET /connectors?${query}`)).body as Record<string, unknown>)[name];
      const { body: status } = await ask(trial, `GET /connectors/${name}/status`);
      const { body: info } = await ask(trial, `GET /connectors/${name}`);
      assert.deepEqual(await of('expand=status'), { status });
      assert.deepEqual(await of('expand=info'), { info });
      assert.deepEqual(await of('expand=status&expand=info'), { status, info });
      assert.deepEqual(await of('expand=none'), {});
      assert.deepEqual(await of('expand=none&expand=info'), { info });
      assert.deepEqual(await of('expand='), {});
    },
  },
  {
    title: 'definitions: the status of a connector and its tasks, field for field',
    run: async (trial) => {
      const topic = await trial.topic('lines');
      const connector = await create(trial, 'sink', fileSink(trial, topic));
      const { name } = connector;
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      const { body } = await ask(trial, `GET /connectors/${name}/status`);
      const status = body as {
        connector: { worker_id: string; version: string };
        tasks: { version: string }[];
      };
      const { worker_id: workerId, version } = status.connector;
      assert.match(workerId, /^127\.0\.0\.1:\d+$/);
      assert.match(version, /^\d+\.\d+\.\d+/);
      assert.deepEqual(body, {
        name,
        connector: { state: 'RUNNING', worker_id: workerId, version },
        tasks: [{ id: 0, state: 'RUNNING', worker_id: workerId, version }],
        type: 'sink',
      });
      assertAnswer(await ask(trial, `GET /connectors/${name}/tasks/0/status`), 200, {
        id: 0,
        state: 'RUNNING',
        worker_id: workerId,
        version,
      });
    },
  },
];

export const definitionCases: readonly ConformanceCase[] = [...created, ...changed, ...listed];
