/** The dashboard in a real Chromium, on a cluster of real processes: what people do with it. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Cluster, limitMs, makeOwnedFolder, startCluster, waitFor } from '@sluice/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildDashboard, DashboardPage, startBrowser } from './support/browser.ts';
import { showLogsOnFailure, tasks } from './support/cluster-facts.ts';

const plugins = ['stubborn', 'picky'].map((name) =>
  fileURLToPath(new URL(`./support/${name}-plugin.ts`, import.meta.url)),
);
const folder = makeOwnedFolder('dashboard');
const broken = join(folder, 'broken');
const input = join(folder, 'lines.txt');
const numbers = join(folder, 'numbers.txt');
const text = { 'value.converter': 'org.apache.kafka.connect.storage.StringConverter' };

let cluster: Cluster;
let browser: Browser;

beforeAll(async () => {
  writeFileSync(input, Array.from({ length: 30 }, (_, line) => `line ${line}\n`).join(''));
  await buildDashboard();
  cluster = await startCluster({
    workers: 0,
    // A browser keeps a small machine busy: leases of a second would expire by that alone.
    profile: 'default',
    env: { SLUICE_PLUGINS: plugins.join(','), SLUICE_PROTOCOL_QUIET_SECONDS: '1' },
  });
  // One after the other: beside a browser, all at once is much for a small machine.
  for (let worker = 0; worker < 3; worker += 1) await cluster.addWorker();
  browser = await startBrowser();
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

async function open(options?: Parameters<typeof DashboardPage.open>[2]): Promise<DashboardPage> {
  const [coordinator] = cluster.coordinators;
  if (!coordinator) throw new Error('there is a coordinator');
  return await DashboardPage.open(browser, coordinator, options);
}

async function ownersOf(connector: string): Promise<(string | null)[]> {
  return (await tasks(cluster, connector)).map(({ worker }) => worker);
}

test('an empty cluster says how to begin', async () => {
  await using dashboard = await open();
  await dashboard.goto('/');
  await dashboard.page.getByText('No connectors yet').waitFor();
  expect(await dashboard.page.getByText('sluice apply -f connector.yaml').count()).toBe(1);
  expect(dashboard.errors).toEqual([]);
});

test('a connector is created by the wizard, after a preview, and runs', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/create');
  await page.getByLabel('Search plugins').fill('file source');
  await page.locator('.tile').first().click();
  await page.locator('#connector-name').fill('lines');
  const field = (key: string) => page.locator(`[data-key="${key}"] input`);
  await field('file').fill(input);
  // What is wrong stands at its field.
  await field('tasks.max').fill('many');
  await page.locator('[data-key="tasks.max"] .error').waitFor();
  await field('tasks.max').fill('1');
  await field('topic').fill('lines');
  await page.locator('[data-key="tasks.max"] .error').waitFor({ state: 'detached' });

  await dashboard.press('Read ten records');
  await page.locator('.records li').nth(9).waitFor();
  expect(await page.locator('.records li').first().textContent()).toContain('line 0');
  await dashboard.picture('create');

  await dashboard.press('Review');
  await page.getByText('cURL', { exact: true }).click();
  await page.getByText(/curl -X PUT/).waitFor();
  await dashboard.press('Create lines');
  await dashboard.waitForNotice('Created lines');
  await page.locator('tr[data-task="task/lines/0"]').getByText('running').waitFor();
  await cluster.waitForRunning('lines');
  expect(dashboard.errors).toEqual([]);
});

test('what failed is found at once, and restarted in bulk', async () => {
  // Something that flows besides.
  await cluster.apply('clicks', {
    'connector.class': 'VerifiableSource',
    topic: 'clicks',
    throughput: '40',
    'tasks.max': '2',
  });
  await cluster.apply('clicks-to-files', {
    'connector.class': 'VerifiableSink',
    topics: 'clicks',
    file: join(folder, 'clicks.jsonl'),
    'tasks.max': '2',
  });
  writeFileSync(broken, '');
  await cluster.apply('stubborn', {
    'connector.class': 'StubbornSource',
    topic: 'numbers',
    broken,
    'tasks.max': '6',
    'restart.max.attempts': '0',
  });
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/');
  const failed = page.locator('.state-bar').getByText('6 failed');
  await failed.waitFor();
  await dashboard.picture('overview', async () => {
    await page.locator('.chart-box[data-samples="15"]').first().waitFor();
  });
  // One click from the number to what it counts.
  await failed.click();
  await page.waitForURL(({ search }) => search === '?state=FAILED');
  const rows = page.locator('tr[data-task^="task/stubborn/"]');
  await rows.nth(5).waitFor();
  await rows.filter({ hasText: 'is in the way' }).first().waitFor();
  await dashboard.picture('tasks');
  rmSync(broken);
  await page.getByLabel('Select all that are shown').check();
  await dashboard.press('Restart 6');
  await dashboard.waitForNotice('Restarted 6 tasks');
  await rows.first().waitFor({ state: 'detached' });
  await cluster.waitForRunning('stubborn', 6);
  expect(dashboard.errors).toEqual([]);
  // From here on a task that a busy machine held up comes back by itself.
  await cluster.api.patch('/connectors/stubborn/config', { 'restart.max.attempts': '-1' });
});

test('a worker is cordoned with one press, and uncordoned; the lease of the leader is seen', async () => {
  await waitFor(async () => await cluster.api.read<{ protocol: number }>('/sluice/leader'), {
    what: 'a protocol that knows cordoned workers',
    until: ({ protocol }) => protocol === 2,
    timeoutMs: 20_000,
  });
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/workers');
  const row = page.locator('tr[data-worker="worker-2"]');
  await row.getByRole('button', { name: 'Cordon', exact: true }).click();
  await dashboard.waitForNotice('worker-2 is cordoned');
  await row.getByText('cordoned', { exact: true }).waitFor();
  await dashboard.goto('/');
  await page.getByText('1 cordoned').click();
  await page.getByRole('heading', { name: 'Workers' }).waitFor();
  expect(await page.locator('tr[data-worker]').count()).toBe(1);
  await page.goBack();
  await page.getByText(/^lease: \d+\.\d s left$/).waitFor();
  await dashboard.goto('/workers');
  await row.getByRole('button', { name: 'Uncordon' }).click();
  await dashboard.waitForNotice('worker-2 takes part again');
  await row.getByRole('button', { name: 'Cordon', exact: true }).waitFor();
  expect(dashboard.errors).toEqual([]);
});

test('the tasks of a killed worker are seen to move within its lease', async () => {
  await cluster.waitForRunning('stubborn', 6);
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/placement');
  const squares = (worker: string) =>
    page.locator(`td[data-worker="${worker}"] [data-task^="task/stubborn/"]`);
  await squares('worker-2').nth(1).waitFor();
  await cluster.worker('worker-2').process.kill('SIGKILL');
  const killedAtMs = performance.now();
  // Between two workers a task is in the column of those that have none.
  await waitFor(
    async () => (await squares('worker-1').count()) + (await squares('worker-3').count()),
    {
      what: 'all squares to be with the workers that are left',
      until: (count) => count === 6,
      timeoutMs: 40_000,
    },
  );
  const tookMs = performance.now() - killedAtMs;
  await page.locator('.task-square.moved[data-task^="task/stubborn/"]').first().waitFor();
  await dashboard.picture('placement');
  // A lease is over after 4 s; the rest is for claims, and for a machine that has a browser to draw besides.
  expect(tookMs).toBeLessThan(limitMs(12_000));
  expect(await squares('worker-2').count()).toBe(0);
  expect(new Set(await ownersOf('stubborn'))).toEqual(new Set(['worker-1', 'worker-3']));
  await cluster.addWorker({ name: 'worker-2' });
  await squares('worker-2').nth(1).waitFor();
  expect(dashboard.errors).toEqual([]);
  // Nothing of it is left to do when the next test looks where tasks are.
  await waitFor(async () => await tasks(cluster), {
    what: 'the tasks to be balanced',
    until: (all) => {
      const loads = [...Map.groupBy(all, ({ worker }) => worker).values()].map(
        (each) => each.length,
      );
      const isEven = Math.max(...loads) - Math.min(...loads) <= 1;
      return loads.length === 3 && isEven && all.every(({ state }) => state === 'RUNNING');
    },
    timeoutMs: 60_000,
  });
});

test('each task has a lane along time, with where it was, for how long, and why', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/connectors/stubborn/events');
  const lanes = page.locator('[data-lane^="task/stubborn/"]');
  await lanes.nth(5).waitFor();
  await lanes.nth(5).locator('.running').last().waitFor();
  // Of those of the worker that was killed; what fails again and again has many bars.
  const moved = /^stubborn\/\d starting on worker-[13] for .*: .*lease of worker-2/;
  await waitFor(
    async () => {
      let told = '';
      for (const bar of (await lanes.locator('.starting').all()).toReversed()) {
        await bar.dispatchEvent('pointerover');
        told = await page.locator('.lane-told').innerText();
        if (moved.test(told)) break;
      }
      return told;
    },
    {
      what: 'a bar to tell why its task moved',
      until: (told) => moved.test(told),
      timeoutMs: 40_000,
    },
  );
  await page.getByText('2m', { exact: true }).click();
  await page.waitForURL(({ searchParams }) => searchParams.get('span') === '2m');
  await dashboard.picture('lanes');
  // A name opens the task, with its own lane.
  await lanes.first().getByRole('link').click();
  await page.locator('.side-panel .lane-bar.running').last().waitFor();
  await dashboard.goto('/events/tasks');
  await page.locator('[data-lane="task/stubborn/0"]').waitFor();
  expect(dashboard.errors).toEqual([]);
});

test('a rerun is shown before it happens, and nothing is done', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/placement');
  await page.locator('td[data-worker="worker-1"] [data-task^="task/stubborn/"]').first().waitFor();
  const before = await ownersOf('stubborn');
  await dashboard.press('What if …');
  await page.getByLabel('worker-1').check();
  await dashboard.press('Show the plan');
  await page.getByText(/\d+ units? would move/).waitFor();
  const leaving = page.locator('td[data-worker="worker-1"] .task-square.leaving');
  const coming = page.locator('td[data-worker] .task-square.coming');
  await leaving.first().waitFor();
  expect(await coming.count()).toBe(await leaving.count());
  expect(await page.locator('td[data-worker="worker-1"] .task-square.coming').count()).toBe(0);
  await dashboard.picture('plan');
  await dashboard.press('Close the plan');
  await leaving.first().waitFor({ state: 'detached' });
  expect(await ownersOf('stubborn')).toEqual(before);
  // The squares are one stop of the Tab key; arrows go on from it.
  await page.locator('.task-square[tabindex="0"]').focus();
  await page.keyboard.press('End');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: /^Task / }).waitFor();
  expect(await page.locator('.task-square[tabindex="0"]').count()).toBe(1);
  expect(dashboard.errors).toEqual([]);
});

test('a configuration is edited, its difference seen before it is saved', async () => {
  await cluster.waitForRunning('stubborn', 6);
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/connectors/stubborn/configuration');
  await page.locator('[data-key="tasks.max"] input').fill('4');
  const change = page.locator('.diff tr[data-key="tasks.max"]').first();
  await change.waitFor();
  expect(await change.locator('del').textContent()).toBe('6');
  expect(await change.locator('ins').textContent()).toBe('4');
  expect(await page.locator('.configuration .diff tr').count()).toBe(1);
  await dashboard.picture('configuration');
  await dashboard.press('Review and save');
  await dashboard.confirm('Save');
  await dashboard.waitForNotice('Saved 1 change to stubborn');
  await waitFor(async () => await tasks(cluster, 'stubborn'), {
    what: 'four tasks',
    until: (seen) => seen.length === 4,
    timeoutMs: 30_000,
  });
  const { body } = await cluster.api.get<Record<string, string>>('/connectors/stubborn/config');
  expect(body).toMatchObject({ 'tasks.max': '4', topic: 'numbers' });
  expect(dashboard.errors).toEqual([]);
});

test('a change that somebody else made meanwhile is not overwritten', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/connectors/stubborn/configuration');
  await page.locator('[data-key="topic"] input').fill('mine');
  await page.locator('.diff tr[data-key="topic"]').waitFor();
  const { body } = await cluster.api.get<Record<string, string>>('/connectors/stubborn/config');
  await cluster.apply('stubborn', { ...body, topic: 'theirs' });
  await dashboard.press('Review and save');
  await dashboard.confirm('Save');
  await dashboard.waitForNotice('Save stubborn: not done');
  const after = await cluster.api.get<Record<string, string>>('/connectors/stubborn/config');
  expect(after.body).toMatchObject({ topic: 'theirs' });
});

test('a dead letter is looked at and replayed', async () => {
  writeFileSync(numbers, '6\n7\n');
  await cluster.apply('numbers-in', {
    'connector.class': 'FileStreamSource',
    file: numbers,
    topic: 'picked',
    ...text,
  });
  await cluster.apply('picky', {
    'connector.class': 'PickySink',
    file: join(folder, 'out.txt'),
    topics: 'picked',
    ...text,
    'errors.tolerance': 'all',
    'errors.deadletterqueue.topic.name': 'dead',
    'errors.deadletterqueue.context.headers.enable': 'true',
    'errors.deadletterqueue.put.enable': 'true',
  });
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/connectors/picky/dead-letters');
  const letters = page.locator('tr[data-letter]');
  const look = async (count: number): Promise<void> => {
    await waitFor(
      async () => {
        if ((await letters.count()) === 0) await page.reload();
        else await dashboard.press('Look again');
        await letters.first().waitFor({ timeout: 2_000 });
        return await letters.count();
      },
      { what: `${count} dead letters`, until: (seen) => seen === count, timeoutMs: 30_000 },
    );
  };
  await look(1);
  expect(await letters.first().textContent()).toContain('7 violates a constraint');
  await dashboard.picture('dead-letters');
  await letters.first().getByRole('checkbox').check();
  await dashboard.press('Replay 1');
  await dashboard.confirm('Replay 1');
  await dashboard.waitForNotice('Replayed 1 record to picked');
  await letters.filter({ hasText: 'replayed' }).waitFor();
  // It is refused again, and is a letter again.
  await look(2);
  expect(dashboard.errors).toEqual([]);
});

test('records of a topic are looked at as the converters read them, from wherever one likes', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  const records = page.locator('tr[data-record]');
  await dashboard.goto('/connectors/numbers-in/topics');
  // 6, 7, and 7 again, which was replayed; the newest come first.
  await records.nth(2).waitFor();
  expect(await records.first().textContent()).toContain('0/2');
  await records.first().getByRole('button', { name: 'Record 0/2' }).click();
  const opened = page.locator('.opened');
  await opened.getByText('"7"').first().waitFor();
  await dashboard.picture('records');
  await page.getByLabel('From').selectOption('an offset');
  await page.getByLabel('Offset', { exact: true }).fill('1');
  await page.keyboard.press('Enter');
  await page.getByText('2 records, the oldest first').waitFor();
  expect(await records.first().textContent()).toContain('0/1');
  expect(new URL(page.url()).searchParams.get('offset')).toBe('1');
  await page.goBack();
  await page.getByText('3 records, the oldest first').waitFor();
  expect(dashboard.errors).toEqual([]);
});

test('how far a sink is behind is told by partition', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/connectors/picky');
  await page.getByRole('link', { name: /^lag / }).click();
  const row = page.locator('tr[data-partition="picked/0"]');
  await row.locator('.offset').getByText('3', { exact: true }).waitFor();
  await page.getByText('Group connect-picky: 1 partition, 0 records behind.').waitFor();
  const cells = await row.locator('td').allTextContents();
  expect(cells.slice(0, 4)).toEqual(['picked/0', '3', '3', '0']);
  expect(dashboard.errors).toEqual([]);
});

test('an offset is changed while its connector is stopped, after a look at the difference', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/connectors/numbers-in/offsets');
  const row = page.locator('.offsets tbody tr');
  await row.waitFor();
  const edit = row.getByRole('button', { name: 'Edit' });
  expect(await edit.getAttribute('title')).toContain('Stop numbers-in first');
  await dashboard.press('Stop');
  await dashboard.confirm('Stop numbers-in');
  await dashboard.waitForNotice('Stopped numbers-in');
  await page.getByText('its offsets can be changed').waitFor();
  await edit.click();
  const field = row.getByRole('textbox');
  await field.fill('{"position": ');
  await row.locator('.error').getByText('this is no JSON').waitFor();
  await field.fill('{"position": 2}');
  await row.getByRole('button', { name: 'Save' }).click();
  const dialog = page.getByRole('dialog');
  expect(await dialog.locator('del').textContent()).toBe('{"position":4}');
  expect(await dialog.locator('ins').textContent()).toBe('{"position":2}');
  await dashboard.confirm('Change the offset');
  await dashboard.waitForNotice(/altered successfully/);
  await row.getByText('{"position":2}').waitFor();
  const { body } = await cluster.api.get('/connectors/numbers-in/offsets');
  expect(body).toMatchObject({ offsets: [{ offset: { position: 2 } }] });
  await dashboard.press('Reset all');
  await page.getByRole('dialog').getByRole('textbox').fill('numbers-in');
  await dashboard.confirm('Reset offsets');
  await page.getByText('No offsets yet').waitFor();
  expect(dashboard.errors).toEqual([]);
});

test('what destroys asks, names what it destroys, and says that it was done', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/connectors/lines');
  await dashboard.press('Delete');
  const dialog = page.getByRole('dialog');
  await dialog.getByText('Delete lines?').waitFor();
  await dialog.getByRole('textbox').fill('line');
  expect(
    await dialog.getByRole('button', { name: 'Delete lines' }).getAttribute('aria-disabled'),
  ).toBe('true');
  await dialog.getByRole('textbox').fill('lines');
  await dashboard.confirm('Delete lines');
  await dashboard.waitForNotice('Deleted lines');
  expect((await cluster.api.get('/connectors/lines')).status).toBe(404);
});

test('the keyboard goes everywhere, and rows are opened by it', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/');
  await page.locator('.fleet').waitFor();
  await page.keyboard.press('g');
  await page.keyboard.press('t');
  await page.getByRole('heading', { name: 'Tasks' }).waitFor();
  await page.locator('tr[data-task]').first().waitFor();
  await page.keyboard.press('j');
  await page.keyboard.press('j');
  await page.keyboard.press('Enter');
  const task = page.getByRole('complementary', { name: /^Task / });
  await task.waitFor();
  await page.goBack();
  await task.waitFor({ state: 'detached' });
  await page.keyboard.press('Enter');
  await task.waitFor();
  // Whoever goes by keyboard is there at once.
  await page.locator('.side-panel:focus').waitFor();
  await page.keyboard.press('Escape');
  await task.waitFor({ state: 'detached' });
  await page.keyboard.press('/');
  await page.keyboard.type('nothing has this name');
  await page.getByText('No task matches the filter.').waitFor();
  await page.waitForURL(({ searchParams }) => searchParams.get('q') === 'nothing has this name');
  await page.keyboard.press('Escape');
  await page.keyboard.press('?');
  await page.getByRole('dialog', { name: 'Keys' }).waitFor();
  expect(dashboard.errors).toEqual([]);
});

/** With what is there when it has come. */
const pages: readonly (readonly [path: string, content: string])[] = [
  ['/', '.fleet'],
  ['/connectors', 'tr[data-connector="stubborn"]'],
  ['/connectors/stubborn', 'tr[data-task]'],
  ['/connectors/stubborn/configuration', '[data-key="topic"] input'],
  ['/connectors/stubborn/offsets', '.offsets tbody tr'],
  ['/connectors/stubborn/topics', '.plain-list li'],
  ['/connectors/picky/topics', 'tr[data-record]'],
  ['/connectors/picky/offsets', 'tr[data-partition]'],
  ['/connectors/stubborn/dead-letters', '.empty'],
  ['/connectors/stubborn/events?span=1h', '.lane-bar'],
  ['/connectors/stubborn/logs', '.tabs [aria-current]'],
  ['/tasks?task=stubborn/0', '.side-panel .facts'],
  ['/workers', 'tr[data-worker]'],
  ['/placement', '.task-square[data-task]'],
  ['/events', '.event-list li'],
  ['/events/tasks?span=1h', '.lane-bar'],
  ['/events/errors', '.tabs [aria-current]'],
  ['/create', '.tile'],
  ['/create?class=StubbornSource', '[data-key="topic"] input'],
];

/** Of the column that says why, px; where a page has none, there is room enough. */
async function causeWidth({ page }: DashboardPage): Promise<number> {
  const [box] = await page.locator('th.why').all();
  return (await box?.boundingBox())?.width ?? Number.POSITIVE_INFINITY;
}

test('a long name and a narrow window do not make a page wider than its window', async () => {
  const name = `${'a-name-that-was-made-of-a-path/'.repeat(3)}ü-数据-${'0123456789'.repeat(2)}`;
  await cluster.apply(name, {
    'connector.class': 'FileStreamSource',
    file: input,
    topic: 'lines',
    ...text,
  });
  await cluster.waitForRunning(name);
  const encoded = encodeURIComponent(name);
  const paths = [
    ['/', '.fleet'],
    ['/connectors', `tr[data-connector="${name}"]`],
    ['/tasks', `tr[data-task="task/${name}/0"]`],
    ['/workers', 'tr[data-worker]'],
    ['/placement', `tr[data-connector="${name}"]`],
    [`/connectors/${encoded}`, 'tr[data-task]'],
    [`/connectors/${encoded}/configuration`, '[data-key="topic"] input'],
    ['/connectors/picky/offsets', 'tr[data-partition]'],
    ['/connectors/picky/topics', 'tr[data-record]'],
    ['/connectors/picky/dead-letters', 'tr[data-letter]'],
    [`/connectors/${encoded}/events?task=${encoded}%2F0`, '.side-panel .lane-bar'],
  ] as const;
  const tables = ['/connectors', '/tasks', '/workers'];
  for (const width of [1024, 768, 390]) {
    await using dashboard = await open({ size: { width, height: 800 } });
    for (const [path, content] of paths) {
      if (width === 768 && !tables.includes(path)) continue;
      if (width === 1024 && path.startsWith('/connectors/picky')) continue;
      await dashboard.goto(path);
      await dashboard.page.locator(content).first().waitFor();
      expect(await dashboard.overflow(), `${path} at ${width}`).toBe(0);
      expect(await dashboard.outOfReach(), `${path} at ${width}`).toEqual([]);
      expect(await causeWidth(dashboard), `${path} at ${width}`).toBeGreaterThan(60);
    }
    expect(dashboard.errors).toEqual([]);
  }
});

test('a connector of any name is reached by link, by reload and by Back, and steered', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  for (const name of ['..', 'a/b%2F?c=1#d 🚚']) {
    const config = {
      'connector.class': 'FileStreamSource',
      file: input,
      topic: 'odd',
      name,
    };
    // The API has no address for some that a program would ask for.
    await cluster.api.put('/sluice/apply', [{ name, config }]);
    await dashboard.goto('/connectors');
    await page.locator(`tr[data-connector="${name}"]`).getByRole('link').first().click();
    await page.getByRole('heading', { name, exact: true }).waitFor();
    const running = page.locator(`tr[data-task="task/${name}/0"]`).getByText('running');
    await running.waitFor();
    await page.getByRole('link', { name: 'Configuration' }).click();
    await page.locator('[data-key="file"] input').waitFor();
    await page.reload();
    await page.locator('[data-key="file"] input').waitFor();
    await page.goBack();
    await running.waitFor();
    await dashboard.press('Pause');
    await dashboard.waitForNotice(`Paused ${name}`);
    await dashboard.press('Delete');
    await page.getByRole('dialog').getByRole('textbox').fill(name);
    await dashboard.confirm(`Delete ${name}`);
    await dashboard.waitForNotice(`Deleted ${name}`);
  }
  expect(dashboard.errors).toEqual([]);
});

test('no page has a serious barrier, light or dark', { timeout: 240_000 }, async () => {
  await using dashboard = await open();
  for (const [path, content] of pages) {
    await dashboard.goto(path);
    await dashboard.page.locator(content).first().waitFor();
    for (const theme of ['light', 'dark'] as const) {
      await dashboard.become(theme);
      // All that a theme changes.
      const rules = theme === 'dark' ? ['color-contrast'] : undefined;
      expect(await dashboard.seriousViolations(rules), `${path}, ${theme}`).toEqual([]);
      if (path === '/workers') await dashboard.picture(`workers-${theme}`);
      if (path === '/connectors/stubborn') await dashboard.picture(`connector-${theme}`);
    }
  }
  expect(dashboard.errors).toEqual([]);
});

test('while Redis does not answer the data is said to be old, and then it is not', async () => {
  await using dashboard = await open();
  await dashboard.goto('/');
  const banner = dashboard.page.getByText(/Data is .* old: the coordinator cannot read Redis/);
  await dashboard.page.locator('.fleet').waitFor();
  await cluster.redis?.kill('SIGSTOP');
  try {
    await banner.waitFor();
  } finally {
    await cluster.redis?.kill('SIGCONT');
  }
  await banner.waitFor({ state: 'detached' });
});

// The last one: it ends the coordinator.
test('data that grows old is said to be old', async () => {
  await using dashboard = await open();
  await dashboard.goto('/');
  await dashboard.page.locator('.fleet').waitFor();
  await expect.poll(() => dashboard.page.locator('.banner').count(), { timeout: 15_000 }).toBe(0);
  await cluster.coordinators[0]?.process.kill('SIGKILL');
  await dashboard.page.getByText(/Data is \d+(\.\d)? s old: no coordinator answers/).waitFor();
  expect(await dashboard.page.locator('.fleet').count()).toBe(1);
});
