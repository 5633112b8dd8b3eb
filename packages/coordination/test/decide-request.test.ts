import { describe, expect, test } from 'vitest';

import type { ClusterView } from '../src/cluster-view.ts';
import { decideRequest, refuseUndecidable } from '../src/decide-request.ts';
import { PluginCatalog } from '../src/plugin-catalog.ts';
import type { LogPromise, RequestDecision } from '../src/request-decision.ts';
import type { Definition, RequestBody } from '../src/requests.ts';
import {
  actor,
  changesOf,
  clockPlugin,
  connector,
  member,
  plugin,
  type Records,
  task,
  viewOf,
} from './records.ts';

const everyMs = {
  name: 'everyMs',
  type: 'INT',
  required: false,
  default_value: '1000',
  importance: 'LOW',
  documentation: '',
  group: null,
  order: 1,
  width: 'NONE',
  display_name: 'everyMs',
  dependents: [],
  rules: { min: 1 },
} as const;
const catalog = new PluginCatalog([
  { ...clockPlugin, configKeys: [everyMs] },
  plugin('example.Printer', { type: 'sink', aliases: ['Printer'] }),
  plugin('example.Mask', { type: 'transformation' }),
  plugin('./broken.ts', { error: 'no default export' }),
]);
const running = viewOf({
  members: [member('w1'), member('w2', { state: 'draining' }), member('w3', { state: 'dead' })],
  connectors: [connector('orders', { version: 3, taskEpoch: 7, taskCount: 2, taskVersion: 3 })],
  units: [actor('orders'), task('orders', 0), task('orders', 1)],
});

function decide(body: RequestBody, records?: Records): RequestDecision {
  const view = records ? viewOf(records) : running;
  return decideRequest(body, { view, catalog, newUid: () => 'new-uid', nowMs: 5_000 });
}

function clock(name: string, config: Record<string, string> = {}): Definition {
  return { name, config: { 'connector.class': 'Clock', ...config } };
}

function apply(
  definitions: readonly Definition[],
  rest: Partial<Extract<RequestBody, { op: 'apply' }>> = {},
): RequestBody {
  return { op: 'apply', mode: 'upsert', definitions, ...rest };
}

/** Refused, and nothing at all is to be written. */
function expectRefused(decision: RequestDecision, refusal: object): void {
  expect(decision.result).toMatchObject({ kind: 'refused', ...refusal });
  expect(decision.mutation).toEqual({ connectors: [], restart: [] });
}

describe('a mask in place of a password', () => {
  const pin = {
    ...everyMs,
    name: 'pin',
    type: 'PASSWORD',
    default_value: null,
    rules: {},
  } as const;
  const shown = { ...pin, name: 'shown.token', type: 'STRING' } as const;
  const safe = new PluginCatalog([{ ...clockPlugin, configKeys: [everyMs, pin, shown] }]);
  const decideSafely = (config: Record<string, string>): RequestDecision =>
    decideRequest(apply([clock('orders', config)]), {
      view: running,
      catalog: safe,
      newUid: () => 'new-uid',
      nowMs: 5_000,
    });

  test.each([
    ['pin', '[hidden]'],
    ['pin', ' [hidden] '],
    ['value.converter.basic.auth.user.info', '[hidden]'],
    ['url', 'db://me:[hidden]@host'],
    ['url', 'jdbc:x://h?user=me&password=[hidden]'],
  ])('is refused: %s = %s', (key, value) => {
    expectRefused(decideSafely({ [key]: value }), {
      status: 400,
      code: 'config.masked',
      message: expect.stringContaining(`for ${key}: give the value`) as string,
    });
  });

  test('is a value like any other where no password stands', () => {
    const config = { 'shown.token': '[hidden]', 'transforms.m.replacement': '[hidden]' };
    expect(decideSafely(config).result).toMatchObject({ kind: 'done' });
  });
});

describe('apply', () => {
  test('creates what does not exist', () => {
    const { mutation, result, events } = decide(apply([clock('logs', { everyMs: '5' })]));
    const record = {
      name: 'logs',
      uid: 'new-uid',
      version: 1,
      config: { 'connector.class': 'Clock', everyMs: '5', name: 'logs' },
      type: 'source',
      targetState: 'STARTED',
      lifecycle: 'live',
      taskEpoch: 0,
      taskCount: 0,
      taskVersion: 0,
      createdAtMs: 5_000,
    };
    expect(mutation).toEqual({ connectors: [{ record }], restart: [] });
    // The result is kept for days, the configuration is not in it.
    const { config: _config, ...kept } = record;
    expect(result).toEqual({
      kind: 'done',
      connectors: [{ name: 'logs', outcome: 'created', record: kept }],
    });
    expect(events).toMatchObject([
      { type: 'connector.created', message: 'connector logs created (version 1)' },
    ]);
  });

  test('creates it in the state that is asked for; an alias and a sink are understood', () => {
    const printer = { name: 'print', config: { 'connector.class': 'Printer', topics: 'a' } };
    const { mutation } = decide(apply([{ ...printer, initialState: 'PAUSED' }]));
    expect(mutation.connectors[0]?.record).toMatchObject({ type: 'sink', targetState: 'PAUSED' });
  });

  test('updates a configuration that differs, from the version that it has seen', () => {
    const { mutation, result } = decide(apply([clock('orders', { everyMs: '5' })]));
    expect(mutation.connectors).toMatchObject([
      {
        record: { uid: 'uid of orders', version: 4, taskEpoch: 7, taskCount: 2, taskVersion: 3 },
        expected: {
          version: 3,
          uid: 'uid of orders',
          targetState: 'STARTED',
          lifecycle: 'live',
        },
      },
    ]);
    expect(result).toMatchObject({ connectors: [{ outcome: 'updated', record: { version: 4 } }] });
  });

  test('the same configuration again changes nothing and is no event', () => {
    const { mutation, result, events } = decide(apply([clock('orders')]));
    expect(mutation.connectors).toEqual([]);
    expect(result).toMatchObject({
      connectors: [{ outcome: 'unchanged', record: { version: 3 } }],
    });
    expect(events).toEqual([]);
  });

  test.each([
    ['a key less', { config: { 'connector.class': 'Clock', name: 'orders', everyMs: '5' } }],
    ['a key more', { config: { name: 'orders' } }],
  ])('%s is another configuration', (_what, stored) => {
    const records = { connectors: [connector('orders', stored)] };
    expect(decide(apply([clock('orders')]), records).result).toMatchObject({
      connectors: [{ outcome: 'updated' }],
    });
  });

  test('over a namesake that is being deleted it creates another connector, which goes on from its epoch', () => {
    const records = {
      connectors: [connector('orders', { lifecycle: 'deleting', taskEpoch: 7, version: 9 })],
    };
    const { mutation, result } = decide(apply([clock('orders')], { mode: 'create' }), records);
    expect(mutation.connectors).toMatchObject([
      {
        record: { uid: 'new-uid', version: 1, taskEpoch: 7, taskCount: 0, lifecycle: 'live' },
        expected: { uid: 'uid of orders', lifecycle: 'deleting', version: 9 },
      },
    ]);
    expect(result).toMatchObject({ connectors: [{ outcome: 'created' }] });
  });

  test('a dry run says what would happen, and does nothing', () => {
    const { mutation, result, events } = decide(
      apply([clock('logs'), clock('orders', { everyMs: '5' })], { dryRun: true }),
    );
    expect(mutation).toEqual({ connectors: [], restart: [] });
    expect(events).toEqual([]);
    expect(result).toMatchObject({
      kind: 'done',
      connectors: [{ outcome: 'created' }, { outcome: 'updated' }],
    });
  });

  test('of several, one that is wrong keeps all from being applied; the answer names each problem', () => {
    const decision = decide(
      apply([clock('good'), clock('bad', { everyMs: '0' }), { name: 'worse', config: {} }]),
    );
    expectRefused(decision, { status: 400, code: 'connector.invalid' });
    const errors = decision.result.kind === 'refused' ? decision.result.errors : [];
    expect(errors?.some((error) => error.startsWith('bad: '))).toBe(true);
    expect(
      errors?.some((error) => error.includes('give connector worse a "connector.class"')),
    ).toBe(true);
    expect(errors?.some((error) => error.includes('good'))).toBe(false);
    expect(decision.events).toEqual([]);
  });

  test('of one that exists, as the version that is expected, or with its name in it, is done', () => {
    const update = apply([clock('orders', { everyMs: '5' })], {
      mode: 'update',
      expectedVersion: 3,
      expectedUid: 'uid of orders',
    });
    expect(decide(update).result).toMatchObject({ connectors: [{ outcome: 'updated' }] });
    expect(decide(apply([clock('orders', { name: 'orders' })])).result).toMatchObject({
      connectors: [{ outcome: 'unchanged' }],
    });
  });

  test('several at once', () => {
    const { mutation } = decide(apply([clock('a'), clock('b')]));
    expect(mutation.connectors.map(({ record }) => record.name)).toEqual(['a', 'b']);
  });
});

describe('apply is refused', () => {
  test('if it defines more than one script should write', () => {
    const many = Array.from({ length: 10_001 }, (_, number) => clock(`clock-${number}`));
    expectRefused(decide(apply(many)), { status: 400, code: 'request.too_large' });
    expect(decide(apply(many.slice(1))).result.kind).toBe('done');
  });

  test.each<[string, RequestBody, object]>([
    [
      'create over one that exists',
      apply([clock('orders')], { mode: 'create' }),
      { status: 409, code: 'connector.exists', message: 'Connector orders already exists' },
    ],
    [
      'update of one that does not exist',
      apply([clock('logs')], { mode: 'update' }),
      { status: 404, code: 'connector.unknown', message: 'Connector logs not found' },
    ],
    [
      'another version than expected',
      apply([clock('orders')], { expectedVersion: 2 }),
      {
        status: 409,
        code: 'connector.version_conflict',
        message: 'connector orders is at version 3, not 2: read it again and repeat the change',
      },
    ],
    [
      'an expected version of one that does not exist',
      apply([clock('logs')], { expectedVersion: 1 }),
      { status: 409, message: expect.stringContaining('is at version none, not 1') },
    ],
    [
      'another uid than expected',
      apply([clock('orders')], { expectedVersion: 3, expectedUid: 'uid-of-another' }),
      {
        status: 409,
        code: 'connector.version_conflict',
        message:
          'connector orders was deleted and created anew: read it again and repeat the change',
      },
    ],
    [
      'a name twice',
      apply([clock('logs'), clock('logs')]),
      {
        status: 400,
        code: 'connector.invalid',
        message: expect.stringContaining('connector "logs" is defined twice in one request'),
      },
    ],
    [
      'no name',
      apply([clock(' ')]),
      { status: 400, message: expect.stringContaining('a connector needs a "name"') },
    ],
    [
      'a name in the configuration that is another',
      apply([clock('logs', { name: 'other' })]),
      {
        status: 400,
        code: 'connector.name_mismatch',
        message:
          "Connector name configuration (other) doesn't match connector name in the URL (logs)",
      },
    ],
    [
      'no class',
      apply([{ name: 'logs', config: {} }]),
      {
        status: 400,
        code: 'connector.no_class',
        message:
          'Connector config {} contains no connector type: give connector logs a "connector.class", one of example.Clock, example.Printer',
      },
    ],
    [
      'an empty class',
      apply([{ name: 'logs', config: { 'connector.class': '' } }]),
      { status: 400, code: 'connector.no_class' },
    ],
    [
      'a class that nobody has',
      apply([{ name: 'logs', config: { 'connector.class': 'com.example.Missing' } }]),
      {
        status: 400,
        code: 'plugin.unknown',
        message:
          'Failed to find any class that implements Connector and which name matches ' +
          'com.example.Missing, available connectors are: example.Clock, ' +
          'example.Printer; plugins that failed to load: ./broken.ts (no default export)',
      },
    ],
    [
      'a class that is no connector',
      apply([{ name: 'logs', config: { 'connector.class': 'example.Mask' } }]),
      {
        status: 400,
        message: expect.stringContaining('"example.Mask" is a transformation, not a connector'),
      },
    ],
    [
      'a value against a rule',
      apply([clock('logs', { everyMs: 'soon' })]),
      {
        status: 400,
        code: 'connector.invalid',
        message: expect.stringMatching(
          /^Connector configuration is invalid and contains the following 1 error\(s\):\n.*everyMs.*\nYou can also find/,
        ),
      },
    ],
    [
      'a number of tasks that is none',
      apply([clock('logs', { 'tasks.max': 'zero' })]),
      { status: 400, message: expect.stringContaining('tasks.max') },
    ],
  ])('%s', (_what, body, refusal) => {
    expectRefused(decide(body), refusal);
  });

  test('what the coordinator knows to be wrong besides is refused together with the rest', () => {
    const decided = decideRequest(apply([clock('logs', { transforms: 'x', 'tasks.max': '0' })]), {
      view: running,
      catalog,
      newUid: () => 'new-uid',
      nowMs: 0,
      checkConfig: (config) => [
        { key: 'transforms.x.type', message: `no type for ${String(config['transforms'])}` },
      ],
    });
    expectRefused(decided, {
      status: 400,
      code: 'connector.invalid',
      message: expect.stringMatching(/following 2 error\(s\):\n.*tasks\.max.*\nno type for x\n/),
    });
  });

  describe('what releases at its source what it has read', () => {
    const slots = new PluginCatalog([plugin('example.Slot', { movesExternalCursor: true })]);
    const definition = { name: 'slot', config: { 'connector.class': 'example.Slot' } };
    const decideWith = (logPromise?: LogPromise, plugins = slots) =>
      decideRequest(apply([definition]), {
        view: running,
        catalog: plugins,
        newUid: () => 'new-uid',
        nowMs: 0,
        logPromise,
      });

    test.each(['eventual', 'volatile'] as const)('is refused on a log that is %s', (durability) => {
      expectRefused(decideWith({ durability, meaning: 'Set appendfsync always.' }), {
        status: 400,
        code: 'connector.invalid',
        message: expect.stringMatching(
          /contains the following 1 error\(s\):\nexample\.Slot releases at its source .* durably, and this one does not\. Set appendfsync always\.\n/,
        ),
      });
    });

    test('what releases nothing is not', () => {
      const plain = new PluginCatalog([plugin('example.Slot')]);
      expect(decideWith({ durability: 'volatile', meaning: '' }, plain).result.kind).toBe('done');
    });

    test('is taken by a log that is durable, or has not said yet what it is', () => {
      expect(decideWith({ durability: 'durable', meaning: '' }).result.kind).toBe('done');
      // The task asks when it starts.
      expect(decideWith().result.kind).toBe('done');
    });
  });

  describe('with a version', () => {
    const versions = new PluginCatalog([
      plugin('example.Clock', { aliases: ['Clock'], configKeys: [everyMs] }),
      plugin('example.Clock', {
        aliases: ['Clock'],
        version: '2.0.0',
        type: 'sink',
        configKeys: [{ ...everyMs, name: 'size' }],
      }),
    ]);
    const decideOn = (version: string, config: Record<string, string> = {}) =>
      decideRequest(apply([clock('logs', { 'connector.plugin.version': version, ...config })]), {
        view: running,
        catalog: versions,
        newUid: () => 'new-uid',
        nowMs: 0,
      });

    test('it is judged by the keys of that version, and has its type', () => {
      const { mutation } = decideOn('[1.0,2.0)', { everyMs: '5' });
      expect(mutation.connectors[0]?.record).toMatchObject({ type: 'source' });
      expectRefused(decideOn('1.0.0', { everyMs: '0' }), {
        message: expect.stringContaining('everyMs: Value must be at least 1'),
      });
      expect(decideOn('latest', { topics: 't', everyMs: '0' }).mutation).toMatchObject({
        connectors: [{ record: { type: 'sink' } }],
      });
    });

    test('one that no worker has is refused on both keys, with those that there are', () => {
      const line =
        'Plugin Clock not found that matches the version range [3.0], available versions: [1.0.0, 2.0.0]';
      expectRefused(decideOn('3.0', { everyMs: '0', size: '0', topics: 't' }), {
        status: 400,
        code: 'connector.invalid',
        message: expect.stringContaining(`the following 2 error(s):\n${line}\n${line}\n`),
      });
    });

    test('what is no range is refused', () => {
      expectRefused(decideOn('[1.0', { topics: 't' }), {
        status: 400,
        message: expect.stringContaining(
          'Invalid value [1.0 for configuration connector.plugin.version: Unbounded range: [1.0',
        ),
      });
    });
  });

  test('while no worker has announced a plugin, the answer says so', () => {
    const { result } = decideRequest(apply([clock('logs')]), {
      view: viewOf({}),
      catalog: new PluginCatalog([]),
      newUid: () => 'new-uid',
      nowMs: 0,
    });
    expect(result).toMatchObject({
      code: 'plugin.unknown',
      message: expect.stringMatching(/: none \(no worker has announced any: start one\)$/),
    });
  });
});

describe('delete', () => {
  test('retires the tasks and the connector’s own unit', () => {
    const { mutation, result, events } = decide({ op: 'delete', connector: 'orders' });
    expect(mutation.connectors).toMatchObject([
      {
        record: { lifecycle: 'deleting', version: 3 },
        expected: { lifecycle: 'live', version: 3 },
        retireTasks: true,
        retireConnector: true,
      },
    ]);
    expect(result).toMatchObject({ connectors: [{ name: 'orders', outcome: 'deleted' }] });
    expect(events).toMatchObject([{ type: 'connector.deleted' }]);
  });

  test.each([
    ['one that does not exist', {}],
    ['one that is being deleted', { connectors: [connector('gone', { lifecycle: 'deleting' })] }],
  ])('%s is refused', (_what, records) => {
    expectRefused(decide({ op: 'delete', connector: 'gone' }, records), {
      status: 404,
      message: 'Connector gone not found',
    });
  });
});

describe('a target state', () => {
  test.each(['PAUSED', 'STARTED'] as const)('%s keeps the tasks', (state) => {
    const from = state === 'PAUSED' ? 'STARTED' : 'PAUSED';
    const records = { connectors: [connector('orders', { targetState: from })] };
    const { mutation, result } = decide({ op: 'target', connector: 'orders', state }, records);
    expect(mutation.connectors).toEqual([
      {
        record: connector('orders', { targetState: state }),
        expected: { version: 1, uid: 'uid of orders', targetState: from, lifecycle: 'live' },
      },
    ]);
    expect(result).toMatchObject({ connectors: [{ outcome: 'updated' }] });
  });

  test('STOPPED retires the tasks and forgets their set', () => {
    const { mutation } = decide({ op: 'target', connector: 'orders', state: 'STOPPED' });
    expect(mutation.connectors).toMatchObject([
      {
        record: { targetState: 'STOPPED', taskCount: 0, taskVersion: 0, taskEpoch: 7, version: 3 },
        retireTasks: true,
      },
    ]);
    expect(mutation.connectors[0]).not.toHaveProperty('retireConnector');
  });

  test('the state that it has already changes nothing', () => {
    const { mutation, result, events } = decide({
      op: 'target',
      connector: 'orders',
      state: 'STARTED',
    });
    expect(mutation.connectors).toEqual([]);
    expect(result).toMatchObject({ connectors: [{ outcome: 'unchanged' }] });
    expect(events).toEqual([]);
  });

  test.each(['STARTED', 'PAUSED', 'STOPPED'] as const)(
    '%s of an unknown connector is refused in Kafka Connect’s words',
    (state) => {
      expectRefused(decide({ op: 'target', connector: 'gone', state }), {
        status: 404,
        code: 'connector.unknown',
        message: 'Unknown connector gone',
      });
    },
  );
});

describe('restart', () => {
  const failed = { status: { state: 'FAILED', sinceMs: 1, attempts: 3 } } as const;
  const records: Records = {
    connectors: [connector('orders')],
    units: [
      actor('orders'),
      task('orders', 0, failed),
      task('orders', 1),
      task('orders', 2, { retired: true }),
    ],
  };
  const restart = (rest: Partial<Extract<RequestBody, { op: 'restart' }>>): RequestDecision =>
    decide({ op: 'restart', connector: 'orders', ...rest }, records);

  test.each([
    ['the connector alone', {}, ['connector/orders']],
    ['one task', { task: 1 }, ['task/orders/1']],
    [
      'connector and tasks, not what is being removed',
      { includeTasks: true },
      ['connector/orders', 'task/orders/0', 'task/orders/1'],
    ],
    ['what failed', { includeTasks: true, onlyFailed: true }, ['task/orders/0']],
    ['nothing of it failed', { onlyFailed: true }, []],
    ['a task that did not fail', { task: 1, onlyFailed: true }, []],
  ])('%s', (_what, rest, expected) => {
    const { mutation, result, events } = restart(rest);
    expect(mutation).toEqual({ connectors: [], restart: expected });
    expect(result).toMatchObject({ kind: 'done', units: expected });
    expect(events).toHaveLength(expected.length > 0 ? 1 : 0);
  });

  test('the event says what is restarted', () => {
    const told = (rest: Parameters<typeof restart>[0], units = records.units ?? []): unknown =>
      decide({ op: 'restart', connector: 'orders', ...rest }, { ...records, units }).events[0]
        ?.message;
    const everyFailed = records.units?.map((unit) => ({ ...unit, ...failed }));
    const failedTasks = [actor('orders'), task('orders', 0, failed), task('orders', 1, failed)];
    expect(told({ task: 1 })).toBe('restart of task/orders/1 of orders asked for');
    expect(told({ includeTasks: true })).toBe(
      'restart of 3 units (connector and tasks) of orders asked for',
    );
    const onlyFailed = { includeTasks: true, onlyFailed: true };
    expect(told(onlyFailed, everyFailed)).toMatch(/3 units \(connector and tasks\)/);
    expect(told(onlyFailed, failedTasks)).toMatch(/2 units \(tasks\)/);
  });

  test.each([
    ['an unknown connector', { connector: 'gone' }, 'Unknown connector: gone'],
    ['an unknown task', { task: 9 }, 'Unknown task: orders-9'],
    ['a task that is being removed', { task: 2 }, 'Unknown task: orders-2'],
  ])('%s is refused', (_what, rest, message) => {
    expectRefused(restart(rest), { status: 404, message });
  });
});

describe('drain', () => {
  test.each(['w1', 'w2'])('%s, up or draining already', (worker) => {
    const { mutation, result } = decide({ op: 'drain', worker });
    expect(mutation).toEqual({
      connectors: [],
      restart: [],
      worker: { worker, incarnation: `${worker}#1`, change: 'drain' },
    });
    expect(result).toEqual({ kind: 'done', connectors: [] });
  });

  test.each(['w3', 'w9'])('%s, dead or unknown, is refused', (worker) => {
    expectRefused(decide({ op: 'drain', worker }), {
      status: 404,
      code: 'worker.unknown',
      message: `no worker "${worker}" is up; there are: w1, w2`,
    });
  });

  test('without any worker the answer says so', () => {
    expectRefused(decide({ op: 'drain', worker: 'w1' }, {}), {
      message: 'no worker "w1" is up; there are: none',
    });
  });
});

describe('cordon and uncordon', () => {
  const members = [member('w1'), member('w2', { cordoned: true }), member('w3', { state: 'dead' })];
  const newer = (): ClusterView => {
    const view = viewOf({ members });
    view.apply(changesOf({}, { revision: 2, protocol: 2 }));
    return view;
  };
  const decideNow = (body: RequestBody, view = newer()): RequestDecision =>
    decideRequest(body, { view, catalog, newUid: () => 'new-uid', nowMs: 5_000 });

  test.each([
    ['cordon', 'w1', ['w1 is cordoned: it keeps what it runs, and gets nothing new']],
    ['cordon', 'w2', []],
    ['uncordon', 'w1', []],
    ['uncordon', 'w2', ['w2 is not cordoned any more']],
  ] as const)('%s %s is written, and told if it is new', (op, worker, messages) => {
    const { mutation, result, events } = decideNow({ op, worker });
    expect(mutation).toEqual({
      connectors: [],
      restart: [],
      worker: { worker, incarnation: `${worker}#1`, change: op },
    });
    expect(result).toEqual({ kind: 'done', connectors: [] });
    expect(events.map(({ message }) => message)).toEqual(messages);
    expect(events.every(({ type }) => type === `worker.${op}`)).toBe(true);
  });

  test.each(['w3', 'w9'])('%s, dead or unknown, is refused by name', (worker) => {
    const message = `no worker "${worker}" is up; there are: w1, w2`;
    const refused = { status: 404, code: 'worker.unknown' };
    expectRefused(decideNow({ op: 'cordon', worker }), { ...refused, message });
    expectRefused(decideNow({ op: 'uncordon', worker }), {
      ...refused,
      message: `${message}; if the name is cordoned, that is kept for a week: uncordon it once a worker runs under it`,
    });
  });

  test('while a leader may come that does not know it, whatever it says itself, only uncordon is done', () => {
    const older = viewOf({ members });
    expectRefused(decideNow({ op: 'cordon', worker: 'w1' }, older), {
      status: 409,
      code: 'request.newer_protocol',
      message: expect.stringContaining('"cordon" needs version 2 of the protocol'),
    });
    const { result } = decideNow({ op: 'uncordon', worker: 'w2' }, older);
    expect(result.kind).toBe('done');
  });
});

describe('what cannot be understood', () => {
  test('a kind of request that this version does not know is refused by name', () => {
    const body = { op: 'teleport', worker: 'w1' } as unknown as RequestBody;
    expectRefused(decide(body), {
      status: 400,
      code: 'request.unknown',
      message: expect.stringContaining('"teleport"'),
    });
  });

  test('a malformed one is refused under its id, and leaves an event', () => {
    const request = { id: 'r1', position: '1-1', body: null as unknown as RequestBody };
    const decision = refuseUndecidable(request);
    expectRefused(decision, { status: 400, code: 'request.malformed' });
    expect(decision.events).toMatchObject([
      { type: 'request.refused', message: 'refused request r1: request.malformed' },
    ]);
  });
});
