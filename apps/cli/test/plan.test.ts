import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type ClusterEvent,
  type Definition,
  type PluginInfo,
  penaltiesOf,
  planChanges,
  type WorkerView,
} from '@sluice/coordination';
import { describe, expect, onTestFinished, test } from 'vitest';

import { compare, surplus } from '../src/changes/compare.ts';
import { aMember, aPlugin, aSnapshot, aView, aWorker, done, run } from './fakes.ts';

const plugin = aPlugin('org.apache.kafka.connect.file.FileStreamSourceConnector');
const options = { movement: 'minimal', builtIn: [] } as const;
const config = { name: 'orders', 'connector.class': 'FileStreamSource', 'tasks.max': '2' };

/** Of two connectors with two tasks each: worker-1 has `orders`, worker-2 has `clicks`. */
function twoWorkers(): ReturnType<typeof aSnapshot> {
  const views = ['orders', 'clicks'].map((name, index) => {
    const worker = `worker-${index + 1}`;
    return aView({ record: { name }, connector: { worker }, tasks: [{ worker }, { worker }] });
  });
  const snapshot = aSnapshot(views, {
    workers: ['worker-1', 'worker-2'].map((name) =>
      aWorker(name, { member: aMember(name, [plugin]) }),
    ),
  });
  const units = [...snapshot.units.values()].map((unit, index) => {
    const worker = unit.connector === 'orders' ? 'worker-1' : 'worker-2';
    return { ...unit, ordinal: index + 1, worker, incarnation: `${worker}-incarnation` };
  });
  return { ...snapshot, units: new Map(units.map((unit) => [unit.unit, unit])) };
}

function plan(definition: Definition): readonly string[] {
  const snapshot = twoWorkers();
  const { units } = planChanges(snapshot, [compare(definition, snapshot)], options);
  return units.map(({ unit, why, from, to }) => `${unit} ${why} ${from ?? '-'}→${to ?? '-'}`);
}

function drainedOf({ member }: WorkerView, returns: boolean): Partial<WorkerView> {
  return { state: 'draining', member: { ...member, state: 'draining', returns } };
}

test('a worker that died twice lately is penalised, one that died once or long ago is not', () => {
  const minuteMs = 60_000;
  const died = (worker: string, atMinute: number): ClusterEvent => {
    const atMs = atMinute * minuteMs;
    return { id: `${atMs}-0`, atMs, type: 'worker.dead', message: '', facts: { worker } };
  };
  const joined = { ...died('once', 60), type: 'worker.drain' };
  const events = [died('twice', 59), joined, died('once', 58), died('twice', 58)];
  const longAgo = [died('old', 2), died('old', 1)];
  const when = { nowMs: 60 * minuteMs, halfLifeMs: 5 * minuteMs };
  const penalties = penaltiesOf([...events, ...longAgo], when);
  expect([...penalties.keys()]).toEqual(['twice']);
  // 1 + 1 · ½^(1/5), a fifth of a half-life later
  expect(penalties.get('twice')).toBeCloseTo((1 + 0.5 ** 0.2) * 0.5 ** 0.2);
});

describe('the plan', () => {
  test('of what stays as it is: nothing', () => {
    expect(plan({ name: 'orders', config })).toEqual([]);
  });

  test('of a new connector: it and its tasks start where there is least', () => {
    expect(plan({ name: 'extra', config: { ...config, name: 'extra' } })).toEqual([
      'connector/extra new -→worker-1',
      'task/extra/0 new -→worker-1',
      'task/extra/1 new -→worker-2',
    ]);
  });

  test('of a new one that is to be stopped: it has no tasks yet', () => {
    const extra = { name: 'extra', config: { ...config, name: 'extra' } };
    expect(plan({ ...extra, initialState: 'STOPPED' })).toEqual(['connector/extra new -→worker-1']);
    expect(plan({ ...extra, initialState: 'PAUSED' })).toHaveLength(3);
  });

  test('of another configuration: what is there restarts, and nothing else moves', () => {
    expect(plan({ name: 'orders', config: { ...config, topic: 'o' } })).toEqual([
      'connector/orders restart worker-1→worker-1',
      'task/orders/0 restart worker-1→worker-1',
      'task/orders/1 restart worker-1→worker-1',
    ]);
  });

  test('of more tasks: they come on top', () => {
    expect(plan({ name: 'orders', config: { ...config, 'tasks.max': '3' } })).toEqual([
      'connector/orders restart worker-1→worker-1',
      'task/orders/0 restart worker-1→worker-1',
      // All are dealt anew, since none keeps its place over a new set of tasks.
      'task/orders/1 restart worker-1→worker-2',
      'task/orders/2 new -→worker-1',
    ]);
  });

  test('of fewer tasks: the last end', () => {
    const units = plan({ name: 'orders', config: { ...config, 'tasks.max': '1' } });
    expect(units).toContain('task/orders/1 end worker-1→-');
    expect(units).toContain('task/orders/0 restart worker-1→worker-1');
  });

  test('of a class that no worker has', () => {
    const snapshot = twoWorkers();
    const definition = {
      name: 'odd',
      config: { name: 'odd', 'connector.class': 'com.acme.Odd', 'tasks.max': '1' },
    };
    const result = planChanges(snapshot, [compare(definition, snapshot)], options);
    expect(result.units.map(({ why }) => why)).toEqual(['no worker', 'no worker']);
    expect(result.problems[0]).toMatch(/com\.acme\.Odd/);
  });

  test('gives work only to workers with every plugin that it names, in the version', () => {
    const smt: PluginInfo = { ...plugin, class: 'acme.Mask', aliases: [], type: 'transformation' };
    const snapshot = twoWorkers();
    const workers = [
      aWorker('worker-1', { member: aMember('worker-1', [plugin]) }),
      aWorker('worker-2', {
        member: aMember('worker-2', [{ ...plugin, version: '2.0.0' }, plugin, smt]),
      }),
    ];
    const placesOf = (keys: Readonly<Record<string, string>>) => {
      const definition = { name: 'extra', config: { ...config, name: 'extra', ...keys } };
      const change = compare(definition, snapshot);
      const { units } = planChanges({ ...snapshot, workers }, [change], {
        ...options,
        builtIn: [{ ...smt, class: 'BuiltIn' }],
      });
      const own = units.filter(({ unit }) => unit.includes('/extra'));
      return [...new Set(own.map(({ to }) => to))];
    };
    expect(placesOf({})).toEqual(['worker-1', 'worker-2']);
    expect(placesOf({ transforms: 'a', 'transforms.a.type': 'BuiltIn' })).toHaveLength(2);
    expect(placesOf({ 'connector.plugin.version': '[2.0,)' })).toEqual(['worker-2']);
    expect(placesOf({ transforms: 'a', 'transforms.a.type': 'acme.Mask' })).toEqual(['worker-2']);
    expect(placesOf({ 'value.converter': 'acme.Converter' })).toEqual([undefined]);
  });

  test('gives nothing to a worker that is being drained, and takes from it what it has', () => {
    const snapshot = twoWorkers();
    const [first, second] = snapshot.workers;
    const draining = (returns: boolean): WorkerView[] =>
      [first, second].flatMap((worker) =>
        worker ? [{ ...worker, ...(worker === second && drainedOf(worker, returns)) }] : [],
      );
    const extra = compare({ name: 'extra', config: { ...config, name: 'extra' } }, snapshot);
    for (const returns of [false, true]) {
      const { units } = planChanges({ ...snapshot, workers: draining(returns) }, [extra], options);
      expect(units.map(({ unit, to }) => `${unit} ${to}`)).toEqual([
        'connector/clicks worker-1',
        'task/clicks/0 worker-1',
        'task/clicks/1 worker-1',
        'connector/extra worker-1',
        'task/extra/0 worker-1',
        'task/extra/1 worker-1',
      ]);
    }
  });

  test('by the formula as it is written, one that will be back keeps its place, and one that leaves does not', () => {
    const snapshot = twoWorkers();
    const tasksMoved = (returns: boolean): string[] => {
      const third = aWorker('worker-3', { member: aMember('worker-3', [plugin]) });
      const workers = [...snapshot.workers, { ...third, ...drainedOf(third, returns) }];
      const literal = { ...options, movement: 'literal' } as const;
      return planChanges({ ...snapshot, workers }, [], literal)
        .units.filter(({ unit }) => unit.startsWith('task/'))
        .map(({ unit, to }) => `${unit} ${to}`);
    };
    // Tasks 0 to 3 of both connectors, mod 2 …
    expect(tasksMoved(false)).toEqual(['task/orders/1 worker-2', 'task/clicks/0 worker-1']);
    // … and mod 3, where the third is the absent one's.
    expect(tasksMoved(true)).toEqual(['task/orders/1 worker-2', 'task/clicks/1 worker-1']);
  });

  test('gives work to a worker that died often once all others have theirs', () => {
    const snapshot = twoWorkers();
    const definition = { name: 'extra', config: { ...config, name: 'extra', 'tasks.max': '1' } };
    const change = compare(definition, snapshot);
    const placeOf = (penalties: ReadonlyMap<string, number>): (string | undefined)[] =>
      planChanges(snapshot, [change], { ...options, penalties }).units.map(({ to }) => to);
    expect(placeOf(new Map())).toEqual(['worker-1', 'worker-1']);
    expect(placeOf(new Map([['worker-1', 1.5]]))).toEqual(['worker-2', 'worker-2']);
  });

  test('of what is pruned: it ends, and the other worker keeps what it has', () => {
    const snapshot = twoWorkers();
    const changes = surplus([{ name: 'orders', config }], snapshot, '*');
    expect(changes.map(({ name, outcome }) => [name, outcome])).toEqual([['clicks', 'deleted']]);
    const { units } = planChanges(snapshot, changes, options);
    expect(units.filter(({ why }) => why === 'end').map(({ unit }) => unit)).toEqual([
      'connector/clicks',
      'task/clicks/0',
      'task/clicks/1',
    ]);
    // One of the two tasks that are left, since both are on one worker.
    expect(units.filter(({ why }) => why === 'move')).toHaveLength(1);
  });

  test('is printed as a table, and --exit-code tells that there is something to do', async () => {
    const more = JSON.stringify({ ...config, 'tasks.max': '3' });
    const result = await run(['plan', '-f', '-', '--exit-code'], {
      stdin: more,
      snapshots: [twoWorkers()],
    });
    expect(result.code).toBe(8);
    expect(result.requests).toEqual([]);
    expect(result.out.split('\n')).toEqual([
      'connector orders would be updated: tasks.max',
      '',
      'UNIT              WHAT      FROM      TO',
      'connector/orders  restarts  worker-1  worker-1',
      'task/orders/0     restarts  worker-1  worker-1',
      'task/orders/1     restarts  worker-1  worker-2',
      'task/orders/2     starts    -         worker-1',
    ]);
  });
});

describe('diff', () => {
  const stored = { ...config, topic: 'old', 'db.password': 'hunter1' };
  const snapshots = [aSnapshot([aView({ record: { config: stored } })])];

  test('shows both sides, without secrets', async () => {
    const stdin = JSON.stringify({ ...config, topic: 'new', 'db.password': 'hunter2' });
    const { out, code } = await run(['diff', '-f', '-'], { stdin, snapshots });
    expect(code).toBe(0);
    expect(out.split('\n')).toEqual([
      'connector orders',
      '- db.password: [hidden]',
      '+ db.password: [hidden]',
      '- topic: old',
      '+ topic: new',
    ]);
  });

  test('--exit-code tells whether there is a difference', async () => {
    const same = await run(['diff', '-f', '-', '--exit-code'], {
      stdin: JSON.stringify(stored),
      snapshots,
    });
    expect(same).toMatchObject({ code: 0, out: 'no difference' });
    const other = await run(['diff', '-f', '-', '--exit-code', '--json'], {
      stdin: JSON.stringify(config),
      snapshots,
    });
    expect(other.code).toBe(8);
    expect(JSON.parse(other.out)).toEqual([
      {
        name: 'orders',
        outcome: 'updated',
        keys: [
          { key: 'db.password', before: '[hidden]', after: null },
          { key: 'topic', before: 'old', after: null },
        ],
      },
    ]);
  });
});

describe('apply --prune', () => {
  const snapshots = [
    aSnapshot(['orders', 'orders-old', 'clicks'].map((name) => aView({ record: { name } }))),
  ];
  const stdin = JSON.stringify(config);

  test('deletes what the files do not have, of what the pattern fits', async () => {
    const result = await run(['apply', '-f', '-', '--prune', 'orders-*'], {
      stdin,
      snapshots,
      outcome: done('orders', 'unchanged'),
    });
    expect(result.requests.map(({ op }) => op)).toEqual(['apply', 'delete']);
    expect(result.requests[1]).toEqual({ op: 'delete', connector: 'orders-old' });
    expect(result.out.split('\n')).toEqual([
      'connector orders unchanged',
      'connector orders-old deleted',
    ]);
  });

  test('--wait ends when nothing is left of what was deleted, and says what is if that takes too long', async () => {
    const stays = aView({ record: { name: 'orders', taskVersion: 1, taskCount: 2 } });
    const old = aView({ record: { name: 'orders-old', uid: 'uid-old' } });
    const before = aSnapshot([stays, old]);
    const stopping = { ...before, connectors: aSnapshot([stays]).connectors };
    const outcome = done('orders', 'unchanged');
    const argv = ['apply', '-f', '-', '--prune', 'orders-*', '--wait', '--timeout', '300ms'];
    const gone = await run(argv, {
      stdin,
      snapshots: [before, stopping, aSnapshot([stays])],
      outcome,
    });
    expect(gone).toMatchObject({
      code: 0,
      out: expect.stringMatching(/all there: orders\ngone: orders-old$/) as string,
    });
    const late = await run(argv, { stdin, snapshots: [before, stopping], outcome });
    expect(late).toMatchObject({
      code: 6,
      err: expect.stringMatching(/waiting for connector\/orders-old.* to stop/) as string,
    });
  });

  test('without a pattern it wants --yes, and --dry-run shows what it would do', async () => {
    const refused = await run(['apply', '-f', '-', '--prune'], { stdin, snapshots });
    expect(refused).toMatchObject({ code: 2, requests: [] });
    const dry = await run(['apply', '-f', '-', '--prune', '--dry-run'], {
      stdin,
      snapshots,
      outcome: done('orders', 'unchanged'),
    });
    expect(dry.requests.map(({ op }) => op)).toEqual(['apply']);
    expect(dry.out.split('\n')).toEqual([
      'connector orders would stay unchanged',
      'connector orders-old would be deleted',
      'connector clicks would be deleted',
    ]);
  });

  test('what somebody else has deleted meanwhile is as well', async () => {
    const applied = done('orders', 'unchanged');
    const missing = {
      kind: 'refused',
      status: 404,
      code: 'connector.unknown',
      message: 'not there',
    } as const;
    const result = await run(['apply', '-f', '-', '--prune', '--yes'], {
      stdin,
      snapshots,
      outcomes: [applied, missing, done('clicks', 'deleted')],
    });
    expect(result).toMatchObject({
      code: 0,
      err: 'connector orders-old has been deleted meanwhile',
    });
    expect(result.out.split('\n')).toEqual([
      'connector orders unchanged',
      'connector clicks deleted',
    ]);
  });

  test('a definition that is refused deletes nothing', async () => {
    const result = await run(['apply', '-f', '-', '--prune', '--yes'], {
      stdin,
      snapshots,
      outcome: { kind: 'refused', status: 400, code: 'connector.invalid', message: 'bad' },
    });
    expect(result.code).toBe(3);
    expect(result.requests).toHaveLength(1);
  });
});

describe('edit', () => {
  const snapshots = [aSnapshot([aView({ record: { version: 4 } })])];

  test('applies what was saved, at the version that was read', async () => {
    const { requests, out } = await run(['edit', 'orders'], {
      snapshots,
      env: { EDITOR: `sed -i 's/tasks.max: .*/tasks.max: "3"/'` },
      outcome: done('orders', 'updated', { version: 5 }),
    });
    expect(requests).toEqual([
      {
        op: 'apply',
        mode: 'update',
        definitions: [{ name: 'orders', config: { ...config, 'tasks.max': '3' } }],
        expectedVersion: 4,
        expectedUid: 'uid-1',
      },
    ]);
    expect(out).toBe('connector orders updated: tasks.max');
  });

  test('asks for nothing if nothing was changed', async () => {
    const { requests, out } = await run(['edit', 'orders'], { snapshots, env: { EDITOR: 'true' } });
    expect(requests).toEqual([]);
    expect(out).toBe('connector orders unchanged');
  });

  test('keeps the edit when it is refused', async () => {
    const { code, err } = await run(['edit', 'orders'], {
      snapshots,
      env: { EDITOR: `sed -i 's/tasks.max: .*/tasks.max: "3"/'` },
      outcome: { kind: 'refused', status: 409, code: 'connector.version_conflict', message: 'no' },
    });
    expect(code).toBe(3);
    const file = /your edit is in (\S+)\)/.exec(err)?.[1] ?? '';
    expect(readFileSync(file, 'utf8')).toContain('tasks.max: "3"');
    rmSync(dirname(file), { recursive: true });
  });

  /** An editor that notes which file it is given, and then does this. */
  function editorThat(does: string): { readonly EDITOR: string; readonly file: () => string } {
    const noted = mkdtempSync(join(tmpdir(), 'sluice-editor-'));
    onTestFinished(() => rmSync(noted, { recursive: true }));
    return {
      EDITOR: `note() { echo "$1" > ${noted}/new; mv ${noted}/new ${noted}/file; ${does}; }; note`,
      file: () => readFileSync(join(noted, 'file'), 'utf8').trim(),
    };
  }

  test.each([
    ['return 1', 'ended with 1'],
    ['rm "$1"', 'left no file'],
    ['kill -9 $$', 'ended with a signal'],
  ])(
    'an editor that does %s applies nothing, and leaves no file with passwords',
    async (does, said) => {
      const { EDITOR, file } = editorThat(does);
      const result = await run(['edit', 'orders'], { snapshots, env: { EDITOR } });
      expect(result).toMatchObject({ code: 2, requests: [] });
      expect(result.err).toMatch(new RegExp(`^error: the editor "[^]*" ${said}`));
      expect(existsSync(dirname(file()))).toBe(false);
    },
  );

  test('what would end it ends the editor, and leaves no file with passwords either', async () => {
    const { EDITOR, file } = editorThat('exec sleep 60');
    const before = process.listeners('SIGTERM');
    const edited = run(['edit', 'orders'], { snapshots, env: { EDITOR } });
    await expect.poll(file).toContain('connector.yaml');
    const own = process.listeners('SIGTERM').filter((each) => !before.includes(each));
    for (const told of own) told('SIGTERM');
    expect(await edited).toMatchObject({ code: 2, requests: [] });
    expect(existsSync(dirname(file()))).toBe(false);
    expect(process.listeners('SIGTERM')).toEqual(before);
  });
});
