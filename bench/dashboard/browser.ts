/** The overview in a real Chromium: how long until it can be used, and until what happened is on the screen. */
import type { Browser } from 'playwright-core';

import { buildDashboard, DashboardPage, startBrowser } from '../../tests/support/browser.ts';

export interface BrowserMeasured {
  /** From the address to numbers, of each visit: with a cache that is empty. */
  readonly usableMs: readonly number[];
  /** From before a task was reported as failed to the count of failed tasks that has it. */
  readonly shownMs: readonly number[];
}

const visits = 5;
const changes = 10;
const patienceMs = 20_000;

/** `fail` makes one more task fail. @returns how many have. */
export async function measureBrowser(
  url: string,
  fail: (round: number) => Promise<number>,
): Promise<BrowserMeasured> {
  await buildDashboard();
  const browser = await startBrowser();
  try {
    const usableMs: number[] = [];
    for (let visit = 0; visit < visits; visit++) usableMs.push(await visitOverview(browser, url));
    await using dashboard = await DashboardPage.open(browser, { url });
    await dashboard.goto('/');
    const shownMs: number[] = [];
    for (let round = 0; round < changes; round++) {
      const askedMs = performance.now();
      const failed = await fail(round);
      const count = dashboard.page.locator('.state-bar').getByText(`${failed} failed`);
      await count.waitFor({ timeout: patienceMs });
      shownMs.push(performance.now() - askedMs);
    }
    return { usableMs, shownMs };
  } finally {
    await browser.close();
  }
}

async function visitOverview(browser: Browser, url: string): Promise<number> {
  await using dashboard = await DashboardPage.open(browser, { url });
  const beganMs = performance.now();
  await dashboard.goto('/');
  await dashboard.page.locator('.state-bar li').first().waitFor({ timeout: patienceMs });
  return performance.now() - beganMs;
}
