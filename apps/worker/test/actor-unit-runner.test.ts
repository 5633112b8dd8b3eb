/** What actors are told of their units, what a worker's log says when plugins fail, and what its statuses tell. */
import type { ActorHost, ActorSpec } from '@sluice/actor';
import { defineConfig, password, string, toConfigKeyInfos } from '@sluice/connector-api';
import type { RunnableUnit, UnitRunnerEvents } from '@sluice/coordination';
import { type Logger, silentLogger } from '@sluice/kernel';
import { expect, test } from 'vitest';

import { ActorUnitRunner } from '../src/actor-unit-runner.ts';
import { allObservers } from '../src/unit-observer.ts';

const unit: RunnableUnit = {
  unit: 'task/orders/0',
  kind: 'task',
  connector: 'orders',
  task: 0,
  fence: 7,
  config: { 'connector.class': 'Clock', password: 'hunter2' },
  connectorType: 'source',
  targetState: 'STARTED',
  definitionVersion: 1,
  taskCount: 1,
};

test('errors of plugins are logged without the configuration values that they quote', () => {
  const lines: string[] = [];
  const note = (fields: object, message: string): void =>
    void lines.push(JSON.stringify({ ...fields, message }));
  const logger: Logger = { ...silentLogger, warn: note, error: note };
  const reported: unknown[] = [];
  const runner = new ActorUnitRunner(allObservers([]), logger, {
    'value.converter': 'io.confluent.connect.avro.AvroConverter',
    'value.converter.basic.auth.user.info': 'me:inherited',
  });
  const host = { spawn: () => {}, tell: () => {} } as unknown as ActorHost;
  const events = { reported: (...all: unknown[]) => void reported.push(all) };
  runner.connect(host, events as unknown as UnitRunnerEvents);
  runner.run(unit);
  const { unit: address, fence } = unit;
  const trace = 'Error: password hunter2 refused, me:inherited too';
  runner.status({ address, fence, state: 'FAILED', attempts: 6, executor: 'shared-0', trace });
  runner.event(address, fence, { type: 'stalled', code: 'task.poll_failed', reason: trace });
  // Whose uncaught exception it was is not known.
  const loss = { executor: 'shared-0', what: 'retired', reason: trace, actors: 1 } as const;
  runner.executorLost(loss);
  expect(lines).toHaveLength(3);
  for (const line of lines) {
    expect(line).toContain(
      'Error: password <password> refused, <value.converter.basic.auth.user.info>',
    );
    expect(line).not.toMatch(/hunter2|inherited/);
  }
  // A status tells what went wrong, and no secret.
  const shown = {
    trace: 'Error: password <password> refused, <value.converter.basic.auth.user.info> too',
  };
  expect(reported).toEqual([[address, fence, expect.objectContaining(shown)]]);
});

test('a definition decides how its actor is restarted, also once it was changed', () => {
  const told: Partial<ActorSpec>[] = [];
  const runner = new ActorUnitRunner(allObservers([]), silentLogger);
  const host = {
    spawn: (spec: ActorSpec) => void told.push(spec),
    restart: (_address: string, _fence: number, next: Partial<ActorSpec>) => void told.push(next),
  } as unknown as ActorHost;
  runner.connect(host, {} as UnitRunnerEvents);
  runner.run({ ...unit, config: { 'restart.max.attempts': '0' } });
  runner.update({ ...unit, config: { 'restart.max.attempts': '3' }, definitionVersion: 2 });
  runner.restart(unit.unit, unit.fence);
  expect(told.map(({ restart }) => restart?.attemptsMax)).toEqual([0, 3, 3]);
});

test('a status tells which version of its plugin runs, also of a life that has failed', async () => {
  const reported: unknown[] = [];
  const runner = new ActorUnitRunner(allObservers([]), silentLogger);
  const host = { spawn: () => {}, stopActor: async () => {} } as unknown as ActorHost;
  const events = {
    reported: (_unit: string, _fence: number, status: unknown) => void reported.push(status),
  };
  runner.connect(host, events as unknown as UnitRunnerEvents);
  runner.run(unit);
  const { unit: address, fence } = unit;
  const executor = 'shared-0';
  const told = { address, fence, attempts: 1, executor };
  runner.event(address, fence, { type: 'plugin', class: 'Test', version: '1.0.0' });
  runner.status({ ...told, state: 'RUNNING' });
  runner.event(address, fence, { type: 'plugin', class: 'Test', version: '1.1.0' });
  runner.status({ ...told, state: 'FAILED' });
  expect(reported).toEqual([
    { state: 'RUNNING', attempts: 1, executor, version: '1.0.0' },
    { state: 'FAILED', attempts: 1, executor, version: '1.1.0' },
  ]);
  await runner.stop(address, fence);
  runner.run(unit);
  runner.status({ ...told, state: 'RUNNING' });
  expect(reported.at(-1)).not.toHaveProperty('version');
});

test('a status shows no value of a key that the connector calls a password, and names references', () => {
  const { runner, reported } = reporting();
  const config = {
    'connector.class': 'Clock',
    pin: '1234 5678',
    topic: 'of-today',
    secret: '${vault:db:secret}',
  };
  runner.run({ ...unit, config });
  const trace = 'Error: 1234 5678 refused for of-today; ${vault:db:secret} is not there';
  const { unit: address, fence } = unit;
  runner.status({ address, fence, state: 'FAILED', attempts: 6, executor: 'shared-0', trace });
  expect(reported[0]?.trace).toBe(
    'Error: <pin> refused for of-today; ${vault:db:secret} is not there',
  );
});

test('a status shows no password of a URL, of a connection string, of a transform or a converter', () => {
  const { runner, reported } = reporting();
  const config = {
    'connector.class': 'Clock',
    'connection.url': 'postgres://me:p%40ss@word@host/db',
    dsn: 'host=h user=me password=hunter22',
    transforms: 'm',
    'transforms.m.type': 'com.acme.Mask',
    'transforms.m.pin': '1234 5678',
    'value.converter': 'com.acme.Mask',
    'value.converter.pin': '8765 4321',
  };
  runner.run({ ...unit, config });
  const trace =
    'cannot open postgres://me:p%40ss@word@host/db; with p@ss@word and hunter22, of host=x pwd=other; 1234 5678, 8765 4321';
  const { unit: address, fence } = unit;
  runner.status({ address, fence, state: 'FAILED', attempts: 6, executor: 'shared-0', trace });
  expect(reported[0]?.trace).toBe(
    'cannot open postgres://me:[hidden]@host/db; with <connection.url> and <dsn>, of host=x pwd=[hidden]; ' +
      '<transforms.m.pin>, <value.converter.pin>',
  );
});

/** A runner of one connector and one transform with a key `pin`, and what it reports. */
function reporting(): {
  readonly runner: ActorUnitRunner;
  readonly reported: readonly { readonly trace?: string }[];
} {
  const reported: { readonly trace?: string }[] = [];
  const runner = new ActorUnitRunner(allObservers([]), silentLogger);
  const host = { spawn: () => {}, tell: () => {} } as unknown as ActorHost;
  const events = {
    reported: (_unit: string, _fence: number, report: { readonly trace?: string }) =>
      void reported.push(report),
  };
  runner.connect(host, events as unknown as UnitRunnerEvents);
  const common = {
    version: '1.0.0',
    configKeys: toConfigKeyInfos(defineConfig({ pin: password(), topic: string() }).keys),
  };
  runner.knowPlugins([
    { ...common, class: 'com.acme.Clock', aliases: ['Clock'], type: 'source' },
    { ...common, class: 'com.acme.Mask', aliases: [], type: 'transformation' },
  ]);
  return { runner, reported };
}
