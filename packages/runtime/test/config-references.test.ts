/** References in definitions: resolved for the plugin, and nowhere to be seen outside of it. */

import {
  ConnectError,
  type ConnectorConfig,
  defineConfig,
  password,
  type SinkRecord,
  string,
} from '@sluice/connector-api';
import type { Logger } from '@sluice/kernel';
import type { RuntimeEvent } from '@sluice/runtime';
import {
  type ConfigProvider,
  ConfigResolver,
  type ResolveConfig,
} from '@sluice/runtime/references';
import { expect, test } from 'vitest';

import { sinkOf, sourceOf } from './support/plugins.ts';
import { RuntimeUnderTest } from './support/runtime-under-test.ts';

const secret = 'hunter2-of-today';

function vault(values: Readonly<Record<string, string>> = { password: secret }): ResolveConfig {
  const provider: ConfigProvider = {
    get: async (_path, keys) =>
      new Map(keys.flatMap((key) => (values[key] === undefined ? [] : [[key, values[key]]]))),
  };
  return new ConfigResolver(new Map([['vault', provider]])).resolve;
}

function notes(): { readonly logger: Logger; readonly lines: string[] } {
  const lines: string[] = [];
  const note = (fields: object, message: string): void =>
    void lines.push(`${message} ${JSON.stringify(fields)}`);
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  return { logger, lines };
}

const definition = { password: '${vault:db:password}', topic: 't' };

test('a connector starts with values, and what it makes is told with references', async () => {
  const started: ConnectorConfig[] = [];
  const { lines, logger } = notes();
  const runtime = new RuntimeUnderTest({
    plugin: {
      ...sourceOf(() => {
        throw new Error('not created here');
      }),
      createConnector: () => ({
        start: (config, context) => {
          started.push(config);
          context.logger.info({ url: `db://u:${secret}@h`, deep: [{ secret }] }, `with ${secret}`);
        },
        taskConfigs: () => [
          { password: secret, 'task.work': JSON.stringify({ url: `db://u:${secret}@h` }) },
        ],
      }),
    },
    options: { resolveConfig: vault(), logger },
  });
  const rig = await runtime.started({ config: definition }, { kind: 'connector' });
  expect(rig.failure).toBeUndefined();
  expect(started).toMatchObject([{ password: secret, topic: 't' }]);
  const event = rig.events.find(
    (each): each is RuntimeEvent & { type: 'task-configs' } => each.type === 'task-configs',
  );
  expect(event?.configs).toMatchObject([
    {
      password: '${vault:db:password}',
      'task.work': '{"url":"db://u:${vault:db:password}@h"}',
    },
  ]);
  expect(lines).toEqual([
    'with <vault:db:password> {"url":"db://u:<vault:db:password>@h","deep":[{"secret":"<vault:db:password>"}]}',
  ]);
  await runtime.clock.settled(rig.stop());
});

test('a secret from a file that ends with a line end is told as its reference, as the plugin reads it', async () => {
  const runtime = new RuntimeUnderTest({
    plugin: {
      ...sourceOf(() => {
        throw new Error('not created here');
      }),
      createConnector: () => ({
        start: () => {},
        taskConfigs: () => [{ password: secret, pin: secret, dsn: `u:${secret}@h` }],
      }),
    },
    options: { resolveConfig: vault({ password: ` ${secret}\n` }) },
  });
  const rig = await runtime.started({ config: definition }, { kind: 'connector' });
  const event = rig.events.find(
    (each): each is RuntimeEvent & { type: 'task-configs' } => each.type === 'task-configs',
  );
  expect(event?.configs).toMatchObject([
    {
      password: '${vault:db:password}',
      pin: '${vault:db:password}',
      dsn: 'u:${vault:db:password}@h',
    },
  ]);
  await runtime.clock.settled(rig.stop());
});

test('a reference that stands for nothing fails the connector, and is named', async () => {
  const runtime = new RuntimeUnderTest({
    plugin: sourceOf(() => {
      throw new Error('not created here');
    }),
    options: { resolveConfig: vault({}) },
  });
  const rig = await runtime.started({ config: definition }, { kind: 'connector' });
  expect(rig.failure?.message).toBe(
    'Invalid value ${vault:db:password} for configuration password: config provider vault has no password at db',
  );
});

test('without providers a definition with a reference is refused', async () => {
  const runtime = new RuntimeUnderTest({
    plugin: sourceOf(() => {
      throw new Error('not created here');
    }),
  });
  const rig = await runtime.started({ config: definition });
  expect(rig.failure?.message).toContain('there is no config provider vault here, but: none');
});

test('a task is started with values, also those that it inherits, and its trace has none', async () => {
  const configs: ConnectorConfig[] = [];
  const runtime = new RuntimeUnderTest({
    plugin: sourceOf(() => ({
      start: (config, context) => void configs.push(config, context.configs()),
      poll: async () => {
        throw new Error(`cannot log in with ${secret}`, { cause: new Error(`bad ${secret}`) });
      },
      stop: () => {},
    })),
    options: {
      resolveConfig: vault({ password: secret, converter: 'JsonConverter' }),
      workerConfig: { 'key.converter': '${vault:converter}', 'value.converter': 'JsonConverter' },
    },
  });
  const rig = await runtime.started({ config: definition });
  await runtime.clock.until('it fails', () => rig.failure !== undefined);
  expect(configs).toMatchObject([{ password: secret }, { password: secret }]);
  expect(rig.failure?.message).toContain(secret);
  expect(rig.trace).toContain('cannot log in with <vault:db:password>');
  expect(rig.trace).not.toContain(secret);
  await runtime.clock.settled(rig.stop());
});

test('a dead letter says what went wrong without the secret', async () => {
  const runtime = new RuntimeUnderTest({
    plugin: sinkOf(() => {
      let report: (record: SinkRecord, error: unknown) => Promise<void>;
      return {
        start: (_config, context) => {
          report = (record, error) =>
            context.errantRecordReporter()?.report(record, error) ?? Promise.resolve();
        },
        put: async (records) => {
          for (const record of records) void report(record, new Error(`refused for ${secret}`));
        },
        stop: () => {},
      };
    }),
    options: { resolveConfig: vault() },
  });
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({
    config: {
      ...definition,
      topics: 't',
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': 'dead',
      'errors.deadletterqueue.context.headers.enable': 'true',
    },
  });
  await runtime.clock.until('it is dead', () => runtime.values('dead').length === 1);
  const texts = headersOfLetter(runtime);
  expect(texts).toContain('refused for <vault:db:password>');
  expect(texts.join('\n')).not.toContain(secret);
  await runtime.clock.settled(rig.stop());
});

test('nor with one that stands in the definition itself', async () => {
  const keys = { pin: 'pin-1234', 'db.password': 'hunter22', url: 'db://me:s3cr3t@host/a' };
  const plugin = sinkOf(() => ({
    start: () => {},
    put: () => {
      throw new ConnectError(`refused for ${Object.values(keys).join(', ')} (s3cr3t) in ns-orders`);
    },
    stop: () => {},
  }));
  const runtime = new RuntimeUnderTest({
    plugin: {
      ...plugin,
      configDef: defineConfig({ pin: password(), namespace: string() }),
    },
  });
  runtime.store.createTopic('t', 1);
  runtime.append('t', 0, 'a');
  const rig = await runtime.started({
    config: {
      ...keys,
      namespace: 'ns-orders',
      topics: 't',
      'errors.tolerance': 'all',
      'errors.deadletterqueue.topic.name': 'dead',
      'errors.deadletterqueue.context.headers.enable': 'true',
      'errors.deadletterqueue.put.enable': 'true',
    },
  });
  await runtime.clock.until('it is dead', () => runtime.values('dead').length === 1);
  const texts = headersOfLetter(runtime);
  expect(texts).toContain(
    'refused for <pin>, <db.password>, db://me:[hidden]@host/a (<url>) in ns-orders',
  );
  expect(texts.join('\n')).not.toMatch(/pin-1234|hunter22|s3cr3t/);
  await runtime.clock.settled(rig.stop());
});

function headersOfLetter(runtime: RuntimeUnderTest): string[] {
  const headers = runtime.store.topic('dead')?.[0]?.at(0)?.headers ?? [];
  return headers.map(([, value]) => Buffer.from(value ?? []).toString());
}
