/** The dashboard for those who have to say who they are: signing in, and what a viewer is refused. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tokenProof, tokenText } from '@sluice/access';
import { type Cluster, makeOwnedFolder, startCluster } from '@sluice/testkit';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { buildDashboard } from '../scripts/quickstart/dashboard.ts';
import { DashboardPage, startBrowser } from './support/browser.ts';
import { showLogsOnFailure } from './support/cluster-facts.ts';

const folder = makeOwnedFolder('dashboard-access');
const roles = ['viewer', 'admin'] as const;
let cluster: Cluster;
let browser: Browser;

beforeAll(async () => {
  const callers = join(folder, 'callers');
  const lines = roles.map(
    (role) => `the-${role}:${role}:${tokenText(tokenProof(`secret-${role}`))}`,
  );
  writeFileSync(callers, lines.join('\n'));
  // Only if it is not built yet: another test may serve it meanwhile.
  const told: string[] = [];
  await buildDashboard((text) => told.push(text));
  expect(told.join('')).not.toContain('not built');
  const env = { SLUICE_AUTH_FILE: callers };
  // The cluster asks its API without saying who it is: it cannot wait for what it starts.
  cluster = await startCluster({ coordinators: 0, workers: 0, env });
  await cluster.addCoordinator();
  await cluster.addWorker();
  browser = await startBrowser();
}, 240_000);

afterAll(async () => {
  await browser?.close();
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});

beforeEach(() => showLogsOnFailure(cluster));

async function open(theme: 'light' | 'dark' = 'light'): Promise<DashboardPage> {
  const [coordinator] = cluster.coordinators;
  if (!coordinator) throw new Error('there is a coordinator');
  return await DashboardPage.open(browser, coordinator, { theme });
}

async function signIn({ page }: DashboardPage, role: (typeof roles)[number]): Promise<void> {
  await page.getByLabel('Name').fill(`the-${role}`);
  await page.getByRole('textbox', { name: 'Password' }).fill(`secret-${role}`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('button', { name: 'Sign out' }).waitFor();
}

test('who is not signed in sees nothing but a form, and is told why a password is refused', async () => {
  await using dashboard = await open();
  const { page } = dashboard;
  await dashboard.goto('/tasks');
  await page.getByRole('heading', { name: 'Sign in to Sluice' }).waitFor();
  await dashboard.picture('sign-in');
  expect(await dashboard.seriousViolations()).toEqual([]);
  await page.getByLabel('Name').fill('the-viewer');
  await page.getByRole('textbox', { name: 'Password' }).fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').waitFor();
  await signIn(dashboard, 'viewer');
  // Where it was asked to go.
  await page.getByRole('heading', { name: 'Tasks' }).waitFor();
  await dashboard.press('Sign out');
  await page.getByRole('heading', { name: 'Sign in to Sluice' }).waitFor();
  expect(dashboard.errors).toEqual([]);
});

test('a viewer sees what may not be done, and why, and the server refuses it too', async () => {
  await using dashboard = await open('dark');
  const { page } = dashboard;
  await dashboard.goto('/workers');
  await signIn(dashboard, 'viewer');
  const drain = page.getByRole('button', { name: 'Drain' });
  await drain.waitFor();
  expect(await drain.getAttribute('aria-disabled')).toBe('true');
  expect(await drain.getAttribute('title')).toContain('Needs the role operator: you are a viewer');
  // Pressed all the same, it says so and does nothing.
  await drain.click({ force: true });
  await dashboard.waitForNotice('Not allowed');
  const status = await page.evaluate<number>(
    `fetch('/sluice/workers/worker-1/drain', { method: 'POST' }).then(({ status }) => status)`,
  );
  expect(status).toBe(403);
  await dashboard.goto('/create');
  await page.getByText('You may not create connectors').waitFor();
  expect(dashboard.errors).toEqual([]);
});

test('an admin is not refused', async () => {
  await using dashboard = await open();
  await dashboard.goto('/workers');
  await signIn(dashboard, 'admin');
  const drain = dashboard.page.getByRole('button', { name: 'Drain' });
  await drain.waitFor();
  expect(await drain.getAttribute('aria-disabled')).toBeNull();
});
