import type { Connector, ConnectorContext, SourcePlugin } from '@sluice/connector-api';
import { MemoryLog, MemoryLogStore } from '@sluice/record-log/memory';
import {
  type ConnectorPayload,
  createRuntimeFactory,
  PluginRegistry,
  type RuntimeEvent,
} from '@sluice/runtime';
import { expect, test } from 'vitest';

import { ActorRig } from './support/actor-rig.ts';
import { sourceOf } from './support/plugins.ts';
import { VirtualClock } from './support/virtual-clock.ts';

interface Scripted {
  readonly clock: VirtualClock;
  readonly journal: string[];
  readonly context: () => ConnectorContext;
  readonly rig: (payload?: Partial<ConnectorPayload>) => ActorRig;
  readonly started: (payload?: Partial<ConnectorPayload>) => Promise<ActorRig>;
}

function scripted(overrides: Partial<Connector> = {}): Scripted {
  const clock = new VirtualClock();
  const journal: string[] = [];
  let context: ConnectorContext | undefined;
  const plugin: SourcePlugin = {
    ...sourceOf(() => {
      throw new Error('not created here');
    }),
    class: 'org.acme.OrdersSourceConnector',
    createConnector: () => ({
      start: (config, given) => {
        context = given;
        journal.push(`start ${config['table']}`);
      },
      taskConfigs: (maxTasks) => {
        journal.push(`taskConfigs ${maxTasks}`);
        return [{ shard: '0' }, { shard: '1' }];
      },
      stop: () => void journal.push('stop'),
      ...overrides,
    }),
  };
  const factory = createRuntimeFactory({
    log: new MemoryLog(new MemoryLogStore()),
    plugins: new PluginRegistry([plugin]),
    cluster: 'test',
    clock,
    threadMs: clock.threadMs,
  });
  const rig = (payload: Partial<ConnectorPayload> = {}): ActorRig =>
    new ActorRig({
      clock,
      factory,
      kind: 'connector',
      address: 'connector/orders',
      payload: {
        connector: 'orders',
        config: {
          name: 'orders',
          'connector.class': 'org.acme.OrdersSourceConnector',
          'tasks.max': '2',
          table: 't1',
          'value.converter': 'JsonConverter',
          'errors.log.enable': 'true',
        },
        targetState: 'STARTED',
        definitionVersion: 1,
        ...payload,
      } satisfies ConnectorPayload,
    });
  return {
    clock,
    journal,
    rig,
    context: () => {
      if (!context) throw new Error('not started');
      return context;
    },
    started: async (payload) => {
      const started = rig(payload).start();
      await clock.until('it starts', () => started.isStarted || started.failure !== undefined);
      return started;
    },
  };
}

type Published = RuntimeEvent & { readonly type: 'task-configs' };

function published(rig: ActorRig): Published[] {
  return rig.events.flatMap((event) => (event.type === 'task-configs' ? [event] : []));
}

test('starts the plugin and tells its task configurations, with the keys that the runtime needs', async () => {
  const { clock, journal, started } = scripted();
  const rig = await started();
  expect(journal).toEqual(['start t1', 'taskConfigs 2']);
  const runtimeKeys = {
    name: 'orders',
    'connector.class': 'org.acme.OrdersSourceConnector',
    'value.converter': 'JsonConverter',
    'errors.log.enable': 'true',
    'task.class': 'org.acme.OrdersSourceTask',
  };
  expect(published(rig)).toEqual([
    {
      type: 'task-configs',
      definitionVersion: 1,
      configs: [
        { shard: '0', ...runtimeKeys },
        { shard: '1', ...runtimeKeys },
      ],
    },
  ]);
  await clock.settled(rig.stop());
  expect(journal.at(-1)).toBe('stop');
});

test('more tasks than tasks.max fail the connector in Kafka Connect’s words', async () => {
  const { started } = scripted({ taskConfigs: () => [{}, {}, {}] });
  const rig = await started();
  expect(rig.failure?.message).toContain(
    'The connector orders has generated 3 tasks, which is greater than 2, the maximum number of tasks it is configured to create. ',
  );
  expect(published(rig)).toEqual([]);
});

test('more tasks than tasks.max are let through when it is not enforced', async () => {
  const { started } = scripted({ taskConfigs: () => [{}, {}, {}] });
  const config = {
    'connector.class': 'org.acme.OrdersSourceConnector',
    'tasks.max.enforce': 'false',
  };
  expect(published(await started({ config }))[0]?.configs).toHaveLength(3);
});

test('a paused or stopped connector is not started until its target is STARTED', async () => {
  for (const targetState of ['PAUSED', 'STOPPED'] as const) {
    const { clock, journal, started } = scripted();
    const rig = await started({ targetState });
    expect(journal).toEqual([]);
    expect(rig.states).toEqual(['PAUSED']);
    rig.target('STARTED');
    await clock.until('it runs', () => published(rig).length === 1);
    rig.target('PAUSED');
    await clock.until('it is stopped', () => journal.at(-1) === 'stop');
    expect(rig.states).toEqual(['PAUSED', 'RUNNING', 'PAUSED']);
    await clock.settled(rig.stop());
    expect(journal).toEqual(['start t1', 'taskConfigs 2', 'stop']);
  }
});

test('a new definition stops the old instance before the new one starts, once', async () => {
  const { clock, journal, started } = scripted();
  const rig = await started();
  const config = {
    'connector.class': 'org.acme.OrdersSourceConnector',
    'tasks.max': '3',
    table: 't2',
  };
  rig.tell({ type: 'reconfigure', config, definitionVersion: 2 });
  rig.tell({ type: 'reconfigure', config, definitionVersion: 2 });
  await clock.until('it tells them', () => published(rig).length === 2);
  expect(journal).toEqual(['start t1', 'taskConfigs 2', 'stop', 'start t2', 'taskConfigs 3']);
  expect(published(rig).map(({ definitionVersion }) => definitionVersion)).toEqual([1, 2]);
  await clock.settled(rig.stop());
});

test('after a failure the next life begins with the definition that was told last', async () => {
  let isBroken = false;
  const { clock, rig, started } = scripted({
    taskConfigs: () => {
      if (isBroken) throw new Error('no such table');
      return [{}];
    },
  });
  const first = await started();
  isBroken = true;
  const config = { 'connector.class': 'org.acme.OrdersSourceConnector', table: 't2' };
  first.tell({ type: 'reconfigure', config, definitionVersion: 7 });
  await clock.until('it fails', () => first.failure !== undefined);
  expect(first.failure?.message).toBe('no such table');
  await clock.settled(first.stop());
  isBroken = false;
  const second = rig().start();
  await clock.until('it starts', () => second.isStarted);
  expect(published(second)[0]?.definitionVersion).toBe(7);
});

test('requests for new task configurations that come together are one', async () => {
  const { clock, context, started } = scripted();
  const rig = await started();
  context().requestTaskReconfiguration();
  context().requestTaskReconfiguration();
  await clock.until('it tells them', () => published(rig).length === 2);
  await clock.settled(rig.stop());
  context().requestTaskReconfiguration();
  await clock.pass(100);
  expect(published(rig)).toHaveLength(2);
});

test('raiseError fails the connector, but not from an instance of the past', async () => {
  const { clock, context, started } = scripted();
  const rig = await started();
  const old = context();
  rig.tell({
    type: 'reconfigure',
    config: { 'connector.class': 'org.acme.OrdersSourceConnector', 'tasks.max': '2' },
    definitionVersion: 2,
  });
  await clock.until('it is reconfigured', () => published(rig).length === 2);
  old.raiseError(new Error('late'));
  expect(rig.failure).toBeUndefined();
  context().raiseError(new Error('schema changed'));
  expect(rig.failure?.message).toBe('schema changed');
});

test('an unknown class fails with what there is', async () => {
  const rig = await scripted().started({ config: { 'connector.class': 'Nope' } });
  expect(rig.failure?.message).toContain("no connector plugin is called 'Nope'");
});

test.each(['zero', '0', '1.5', ''])('tasks.max %j is refused', async (tasksMax) => {
  const config = {
    'connector.class': 'org.acme.OrdersSourceConnector',
    'tasks.max': tasksMax,
  };
  const rig = await scripted().started({ config });
  expect(rig.failure?.message).toBe(
    'tasks.max of connector orders must be a whole number, at least 1',
  );
});

test('a stop that throws still ends the connector', async () => {
  const { clock, started } = scripted({
    stop: () => {
      throw new Error('stuck');
    },
  });
  const rig = await started();
  await clock.settled(rig.stop());
  expect(rig.failure).toBeUndefined();
});

test('what is not supported yet is refused by name, and what asks for nothing is not', async () => {
  const base = { 'connector.class': 'org.acme.OrdersSourceConnector', 'tasks.max': '2' };
  const refused = await scripted().started({
    config: {
      ...base,
      'exactly.once.support': 'required',
      'producer.override.acks': '1',
      'topic.creation.default.partitions': '6',
    },
  });
  expect(refused.failure?.message.split('\n')).toEqual([
    expect.stringMatching(/^This worker does not have exactly-once source support enabled\./),
    'Configuration producer.override.acks is not supported yet: remove it',
    'Configuration topic.creation.default.partitions is not supported yet: remove it',
  ]);
  const accepted = await scripted().started({
    config: {
      ...base,
      transforms: 'mask',
      'transforms.mask.type': 'MaskField$Value',
      'transforms.mask.fields': 'name',
      'errors.tolerance': 'all',
      'exactly.once.support': 'requested',
      'consumer.override.group.id': 'mine',
    },
  });
  expect(accepted.failure).toBeUndefined();
});

test('a connector whose transforms are wrong fails with every problem, by name', async () => {
  const { failure } = await scripted().started({
    config: {
      'connector.class': 'org.acme.OrdersSourceConnector',
      transforms: 'a,b',
      'transforms.a.type': 'Cast$Value',
      'transforms.a.spec': 'x:nothing',
    },
  });
  expect(failure?.message.split('\n')).toEqual([
    'transforms.a.spec: Invalid type found in casting spec: nothing',
    'Missing required configuration "transforms.b.type" which has no default value.',
  ]);
});
