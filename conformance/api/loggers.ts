/** Levels of loggers. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { Trial } from '../trial.ts';
import { ask, assertAnswer, assertError, until } from './request.ts';

interface Level {
  readonly level: string;
  readonly last_modified: number | null;
}

async function levelOf(trial: Trial, logger: string): Promise<Level> {
  const { body, status, text } = await ask(trial, `GET /admin/loggers/${logger}`);
  assert.equal(status, 200, text);
  assert.deepEqual(Object.keys(body as object), ['level', 'last_modified']);
  return body as Level;
}

const put = (trial: Trial, logger: string, level: string, query = '') =>
  ask(trial, `PUT /admin/loggers/${logger}${query}`, { body: { level } });

export const loggerCases: readonly ConformanceCase[] = [
  {
    title:
      'loggers: StandaloneWorkerIntegrationTest testDynamicLogging: root is there, and was never changed',
    run: async (trial) => {
      const { body, status } = await ask(trial, 'GET /admin/loggers');
      assert.equal(status, 200);
      const all = body as Record<string, Level>;
      assert.deepEqual(Object.keys(all), Object.keys(all).toSorted());
      assert.deepEqual(Object.keys(all['root'] ?? {}), ['level', 'last_modified']);
      assert.match((await levelOf(trial, 'root')).level, /^(INFO|WARN)$/);
      assert.equal((await levelOf(trial, 'ROOT')).level, (await levelOf(trial, 'root')).level);
    },
  },
  {
    title: 'loggers: one that nobody knows is 404, until it is set',
    run: async (trial) => {
      const logger = trial.name('io.example.new');
      assertError(
        await ask(trial, `GET /admin/loggers/${logger}`),
        404,
        `Logger ${logger} not found.`,
      );
      const beforeMs = Date.now();
      assertAnswer(await put(trial, logger, 'DEBUG'), 200, [logger]);
      const { last_modified: at, level } = await levelOf(trial, logger);
      assert.equal(level, 'DEBUG');
      assert.ok(at !== null && at >= beforeMs - 1_000 && at <= Date.now() + 1_000, String(at));
      const listed = (await ask(trial, 'GET /admin/loggers')).body as Record<string, Level>;
      assert.deepEqual(listed[logger], { level: 'DEBUG', last_modified: at });
    },
  },
  {
    title: 'loggers: the same level again is no change',
    run: async (trial) => {
      const logger = trial.name('io.example.same');
      await put(trial, logger, 'DEBUG');
      const { last_modified: at } = await levelOf(trial, logger);
      await new Promise((resolve) => setTimeout(resolve, 20));
      assertAnswer(await put(trial, logger, 'DEBUG'), 200, []);
      assert.equal((await levelOf(trial, logger)).last_modified, at);
    },
  },
  {
    title: 'loggers: a level in any case, and all that there are',
    run: async (trial) => {
      const logger = trial.name('io.example.any');
      for (const level of ['trace', 'Debug', 'INFO', 'WARN', 'error', 'FATAL', 'OFF', 'ALL']) {
        assertAnswer(await put(trial, logger, level), 200, [logger]);
        assert.equal((await levelOf(trial, logger)).level, level.toUpperCase());
      }
    },
  },
  {
    title: 'loggers: a level goes to those that are below it',
    run: async (trial) => {
      const above = trial.name('io.example.above');
      const below = `${above}.below`;
      await put(trial, below, 'INFO');
      assertAnswer(await put(trial, above, 'ERROR'), 200, [above, below]);
      assert.equal((await levelOf(trial, below)).level, 'ERROR');
    },
  },
  {
    title: 'loggers: what is wrong with a request',
    run: async (trial) => {
      assertError(await put(trial, 'root', 'LOUD'), 404, "invalid log level 'LOUD'.");
      assertError(
        await ask(trial, 'PUT /admin/loggers/root', { body: {} }),
        400,
        "Desired 'level' parameter was not specified in request.",
      );
      assertError(
        await ask(trial, 'PUT /admin/loggers/root', { body: { else: 'INFO' } }),
        400,
        "Desired 'level' parameter was not specified in request.",
      );
    },
  },
  {
    title: 'loggers: a scope that there is not is that of the worker',
    run: async (trial) => {
      for (const [index, scope] of ['worker', 'WORKER', 'galaxy', ''].entries()) {
        const logger = trial.name(`io.example.scope-${String(index)}`);
        assertAnswer(await put(trial, logger, 'DEBUG', `?scope=${scope}`), 200, [logger]);
      }
    },
  },
  {
    title: 'loggers: ConnectDistributedTest test_dynamic_logging: the scope of the cluster',
    run: async (trial) => {
      const logger = trial.name('io.example.cluster');
      const answer = await put(trial, logger, 'ERROR', '?scope=cluster');
      assert.deepEqual([answer.status, answer.text], [204, '']);
      await until(
        trial,
        `GET /admin/loggers/${logger}`,
        'ERROR',
        ({ body }) => (body as Partial<Level>).level === 'ERROR',
      );
      assertAnswer(await put(trial, logger, 'DEBUG', '?scope=CLUSTER'), 204);
      await until(
        trial,
        `GET /admin/loggers/${logger}`,
        'DEBUG',
        ({ body }) => (body as Partial<Level>).level === 'DEBUG',
      );
    },
  },
];
