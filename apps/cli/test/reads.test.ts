import type { ClusterEvent } from '@sluice/coordination';
import { describe, expect, test } from 'vitest';

import { aMember, aPlugin, aSnapshot, aView, aWorker, nowMs, run } from './fakes.ts';

const events: ClusterEvent[] = [
  {
    id: '2-0',
    atMs: nowMs - 5_000,
    type: 'assignment.rerun',
    message: 'modulo rerun: lease of worker-2 expired, N 3→2, 20 orphaned, 20 moved',
    facts: {},
  },
  {
    id: '1-0',
    atMs: nowMs - 60_000,
    type: 'connector.created',
    message: 'connector orders created (version 1)',
    facts: { connector: 'orders' },
  },
];

const troubled = aSnapshot([
  aView({ record: { name: 'fine' } }),
  aView({
    record: { name: 'orders' },
    tasks: [{}, { state: 'FAILED', trace: 'Error: disk full\n    at put', attempts: 5 }],
  }),
  aView({
    record: { name: 'waits' },
    tasks: [
      {
        state: 'RESTARTING',
        attempts: 2,
        nextRetryAtMs: nowMs + 8_000,
        trace: 'Error: refused',
      },
    ],
  }),
  aView({ record: { name: 'stuck' }, tasks: [{ stalled: true }] }),
]);

describe('get', () => {
  test('connectors: abnormal first, with the reason', async () => {
    const { out } = await run(['get', 'connectors'], { snapshots: [troubled] });
    expect(out.split('\n')).toEqual([
      'NAME    TYPE    STATE    TASKS  AGE    NOTE',
      'orders  source  RUNNING  1/2    1h00m  task 1 FAILED: Error: disk full',
      'stuck   source  RUNNING  0/1    1h00m  task 0 RUNNING, stalled',
      'waits   source  RUNNING  0/1    1h00m  task 0 RESTARTING: start 3 in 8s; Error: refused',
      'fine    source  RUNNING  2/2    1h00m',
    ]);
  });

  test('tasks: abnormal first', async () => {
    const { out } = await run(['get', 'tasks'], { snapshots: [troubled] });
    const lines = out.split('\n');
    expect(lines[0]).toMatch(/^TASK +STATE +WORKER +SINCE +STARTS +NOTE$/);
    expect(lines[1]).toMatch(/^orders\/1 +FAILED +worker-1 +1m00s +5 +Error: disk full$/);
    expect(lines[2]).toMatch(/^stuck\/0 +RUNNING, stalled/);
    expect(lines[3]).toMatch(/^waits\/0 +RESTARTING/);
    expect(lines).toHaveLength(7);
  });

  test('tasks of one connector', async () => {
    const { out } = await run(['get', 'tasks', 'waits'], { snapshots: [troubled] });
    expect(out.split('\n')).toHaveLength(2);
  });

  test('workers: lost ones first, with the age of the beat', async () => {
    const broken = { ...aPlugin('com.acme.Broken'), error: 'threw' };
    const workers = [
      aWorker('worker-1', { units: ['connector/orders', 'task/orders/0', 'task/orders/1'] }),
      aWorker('worker-2', {
        state: 'lost',
        beatAgeMs: 3_400,
        member: aMember('worker-2', [broken]),
      }),
    ];
    const { out } = await run(['get', 'workers'], { snapshots: [aSnapshot([], { workers })] });
    const lines = out.split('\n');
    expect(lines[1]).toMatch(
      /^worker-2 +lost +2 +0 +0 +3\.4s +host-a +4711 +plugins that failed to load: com\.acme\.Broken$/,
    );
    expect(lines[2]).toMatch(/^worker-1 +up +1 +2 +1 +0\.1s/);
  });

  test('events: the oldest first, as a log', async () => {
    const { out } = await run(['get', 'events'], { events });
    expect(out.split('\n').slice(1)).toEqual([
      '1m00s  connector.created  connector orders created (version 1)',
      '5s     assignment.rerun   modulo rerun: lease of worker-2 expired, N 3→2, 20 orphaned, 20 moved',
    ]);
  });

  test('events of one connector', async () => {
    const { out } = await run(['get', 'events', 'orders'], { events });
    expect(out.split('\n')).toHaveLength(2);
  });

  test('plugins, in singular and plural', async () => {
    for (const kind of ['plugin', 'plugins']) {
      expect((await run(['get', kind])).out).toContain('FileStreamSourceConnector');
    }
  });

  test.each(['connectors', 'tasks', 'workers', 'events', 'plugins'])(
    '%s tells what to do when there are none',
    async (kind) => {
      const empty = aSnapshot([], { workers: [], plugins: [] });
      const { out, code } = await run(['get', kind], { snapshots: [empty] });
      expect(code).toBe(0);
      expect(out).toMatch(/^(there are no|no plugins)/);
    },
  );

  test('tells on the side that no coordinator is up', async () => {
    const { out, err } = await run(['get', 'connectors'], {
      snapshots: [aSnapshot([aView()], { leader: undefined })],
    });
    expect(err).toContain('no coordinator is up');
    expect(out).not.toContain('coordinator');
  });

  test.each(['connectors', 'tasks', 'workers', 'events', 'plugins'])(
    '%s --json prints a list, and no configuration',
    async (kind) => {
      const { out } = await run(['get', kind, '--json'], { snapshots: [troubled], events });
      expect(Array.isArray(JSON.parse(out))).toBe(true);
      expect(out).not.toContain('tasks.max');
    },
  );

  test('--json may stand before the command', async () => {
    const { out } = await run(['--json', 'get', 'tasks', 'orders'], { snapshots: [troubled] });
    expect(JSON.parse(out)).toMatchObject([
      {
        unit: 'task/orders/1',
        task: 1,
        state: 'FAILED',
        worker: 'worker-1',
        attempts: 5,
        fence: 7,
      },
      { unit: 'task/orders/0', state: 'RUNNING' },
    ]);
  });
});

describe('describe', () => {
  test('a connector: state, configuration, tasks, traces, events', async () => {
    const config = {
      'connector.class': 'X',
      'db.password': 'hunter2',
      topic: 'orders',
      'restart.max.attempts': '-1',
    };
    const view = aView({
      record: { config },
      tasks: [{}, { state: 'FAILED', trace: 'Error: disk full\n    at put' }],
    });
    const { out } = await run(['describe', 'orders'], { snapshots: [aSnapshot([view])], events });
    expect(out).toMatch(/^Connector: +orders$/m);
    expect(out).toMatch(/^State: +RUNNING since 1m00s, is to be STARTED$/m);
    expect(out).toMatch(/^Starts: +1 since it last ran well, and as many more as it takes$/m);
    expect(out).toMatch(/^ {2}db\.password: +\[hidden\]$/m);
    expect(out).toMatch(/^ {2}topic: +orders$/m);
    expect(out).toMatch(/^Trace of task\/orders\/1:\n {2}Error: disk full\n {6}at put$/m);
    expect(out).toMatch(/connector orders created/);
    expect(out).not.toContain('hunter2');
  });

  test.each([['orders/1'], ['task', 'orders/1']])('a task: %s %s', async (...argv) => {
    const { out } = await run(['describe', ...argv], { snapshots: [aSnapshot([aView()])] });
    expect(out).toMatch(/^Task: +orders\/1$/m);
    expect(out).toMatch(/^Fence: +7$/m);
    expect(out).toMatch(/^Starts: +1 since it last ran well, of at most 6$/m);
  });

  test('a task shows its own configuration without secrets', async () => {
    const { out } = await run(['describe', 'orders/0'], { snapshots: [aSnapshot([aView()])] });
    expect(out).toMatch(/^ {2}file: +\/tmp\/a$/m);
    expect(out).not.toContain('hunter2');
  });

  test('a worker', async () => {
    const { out } = await run(['describe', 'worker', 'worker-1']);
    expect(out).toMatch(/^State: +up, last beat 0\.1s ago$/m);
    expect(out).toMatch(/^Process: +4711 on host-a, 127\.0\.0\.1:8084$/m);
  });

  test('lists what there is when the name is wrong', async () => {
    const { err } = await run(['describe', 'order'], { snapshots: [aSnapshot([aView()])] });
    expect(err).toBe(
      'error: there is no connector, task or worker order; there are: orders, worker-1',
    );
  });

  test('--json hides secrets as well', async () => {
    const view = aView({ record: { config: { 'connector.class': 'X', token: 'hunter2' } } });
    const { out } = await run(['describe', 'orders', '--json'], { snapshots: [aSnapshot([view])] });
    expect(JSON.parse(out)).toMatchObject({ name: 'orders', config: { token: '[hidden]' } });
  });
});
