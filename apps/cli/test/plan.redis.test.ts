import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeOwnedFolder, type RedisHandle, startRedis, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { LiveCluster } from './live-cluster.ts';

let redis: RedisHandle;

beforeAll(async () => {
  redis = await startRedis();
});

afterAll(async () => {
  await redis.stop();
});

function definition(name: string, tasksMax: number): string {
  const config = { 'connector.class': 'FakeSource', 'tasks.max': tasksMax };
  return JSON.stringify({ name, config });
}

async function cluster(): Promise<LiveCluster> {
  const started = new LiveCluster(redis.url);
  await started.startCoordinator();
  await started.startWorker('worker-1');
  await started.startWorker('worker-2');
  await waitFor(async () => (await started.cli(['get', 'workers', '--json'])).out, {
    what: 'two workers',
    until: (out) => (JSON.parse(out) as unknown[]).length === 2,
  });
  return started;
}

interface Planned {
  readonly units: readonly { unit: string; why: string; to: string | null }[];
}

/** Where everything is, of the units that are asked for. */
async function ownersOf(live: LiveCluster, units: readonly string[]): Promise<(string | null)[]> {
  const { out } = await live.cli(['get', 'tasks', '--json']);
  const tasks = JSON.parse(out) as { unit: string; worker: string | null }[];
  return units.map((unit) => tasks.find((task) => task.unit === unit)?.worker ?? null);
}

test('what is planned is what then happens', async () => {
  await using live = await cluster();
  expect((await live.cli(['apply', '-f', '-', '--wait'], definition('orders', 3))).code).toBe(0);
  expect((await live.cli(['apply', '-f', '-', '--wait'], definition('clicks', 2))).code).toBe(0);

  const changes = `[${definition('orders', 5)}, ${definition('clicks', 2)}, ${definition('new', 2)}]`;
  const planned = await live.cli(['plan', '-f', '-', '--json'], changes);
  const { units } = JSON.parse(planned.out) as Planned;
  const tasks = units.filter(({ unit }) => unit.startsWith('task/'));
  expect(tasks.map(({ unit, why }) => `${unit} ${why}`)).toEqual([
    'task/orders/0 restart',
    'task/orders/1 restart',
    'task/orders/2 restart',
    'task/orders/3 new',
    'task/orders/4 new',
    'task/new/0 new',
    'task/new/1 new',
  ]);

  expect((await live.cli(['apply', '-f', '-', '--wait'], changes)).code).toBe(0);
  const owners = await ownersOf(
    live,
    tasks.map(({ unit }) => unit),
  );
  // Which of the two connectors is dealt first is a race; how many tasks each worker gets is not.
  const loads = (workers: readonly (string | null)[]): unknown =>
    Object.fromEntries(
      Map.groupBy(workers, String)
        .entries()
        .map(([name, all]) => [name, all.length]),
    );
  expect(loads(owners)).toEqual(loads(tasks.map(({ to }) => to)));
});

test('an edit over somebody else’s change is refused, and kept', async () => {
  await using live = await cluster();
  await live.cli(['apply', '-f', '-', '--wait'], definition('orders', 1));
  const folder = makeOwnedFolder('edit');
  const editor = join(folder, 'editor.sh');
  const [opened, go] = [join(folder, 'opened'), join(folder, 'go')];
  writeFileSync(
    editor,
    `echo "$1" > ${opened}\nwhile [ ! -e ${go} ]; do sleep 0.02; done\necho '  topic: mine' >> "$1"\n`,
  );
  const editing = live.cli(['edit', 'orders'], '', { EDITOR: `sh ${editor}` });
  const file = await waitFor(() => readFileSync(opened, 'utf8').trim(), { what: 'the editor' });
  expect((await live.cli(['apply', '-f', '-'], definition('orders', 2))).out).toMatch(/updated/);
  writeFileSync(go, '');

  const refused = await editing;
  expect(refused.code).toBe(3);
  expect(refused.err).toMatch(/connector orders is at version 2, not 1/);
  expect(readFileSync(file, 'utf8')).toContain('topic: mine');
  rmSync(dirname(file), { recursive: true });

  const again = await live.cli(['edit', 'orders'], '', { EDITOR: `sh ${editor}` });
  expect(again).toEqual({ code: 0, out: 'connector orders updated: topic', err: '' });
});
