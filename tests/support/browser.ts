/** The dashboard in a real Chromium: the one that SLUICE_CHROMIUM names, else the one on the PATH. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '@sluice/kernel';
import { findOnPath, type Member, repositoryRoot } from '@sluice/testkit';
import axe, { type AxeResults } from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { build } from 'vite';

/** The machine may have other things to do. */
const patienceMs = 20_000;
const dashboard = join(repositoryRoot, 'apps', 'dashboard');
/** Only when they are asked for: SCREENSHOTS=1. */
const pictures = fileURLToPath(new URL('../../docs/images', import.meta.url));

export type Theme = 'light' | 'dark';

export async function buildDashboard(): Promise<void> {
  await build({ root: dashboard, logLevel: 'warn' });
}

export async function startBrowser(): Promise<Browser> {
  const executablePath =
    process.env['SLUICE_CHROMIUM'] ??
    ['chromium', 'chromium-browser', 'google-chrome'].map((name) => findOnPath(name)).find(Boolean);
  if (executablePath === undefined) {
    throw new SluiceError(
      'test.no_chromium',
      'there is no Chromium: install Debian\'s package "chromium", or name a Chromium or Chrome in SLUICE_CHROMIUM',
    );
  }
  // As root, where no sandbox can be; it opens pages of this repository only.
  const args = process.getuid?.() === 0 ? ['--no-sandbox'] : [];
  return await chromium.launch({ executablePath, args });
}

export interface OpenOptions {
  readonly theme?: Theme;
  readonly size?: { readonly width: number; readonly height: number };
}

/** A page of a coordinator, and whatever went wrong in it. */
export class DashboardPage {
  readonly page: Page;
  readonly #base: string;
  readonly #errors: string[] = [];

  static async open(
    browser: Browser,
    { url }: Pick<Member, 'url'>,
    { theme = 'light', size = { width: 1280, height: 800 } }: OpenOptions = {},
  ): Promise<DashboardPage> {
    const options: BrowserContextOptions = { colorScheme: theme, viewport: size };
    const context = await browser.newContext(options);
    context.setDefaultTimeout(patienceMs);
    return new DashboardPage(await context.newPage(), new URL('/ui', url).href);
  }

  private constructor(page: Page, base: string) {
    this.page = page;
    this.#base = base;
    page.on('pageerror', ({ message }) => this.#errors.push(message));
    page.on('console', (message) => {
      // A policy that is broken, a key that is missing: what the network says is told by the page.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.#errors.push(message.text());
      }
    });
  }

  /** As if the system changed its theme. */
  async become(theme: Theme): Promise<void> {
    await this.page.emulateMedia({ colorScheme: theme });
    await this.page.locator(`html[data-theme=${theme}]`).waitFor();
  }

  /** A page that is open goes on asking and drawing. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.page.context().close();
  }

  /** Errors of scripts and broken policies so far. */
  get errors(): readonly string[] {
    return this.#errors;
  }

  /** `path` below `/ui`. Until the page has its heading. */
  async goto(path: string): Promise<void> {
    await this.page.goto(`${this.#base}${path}`);
    await this.page.locator('h1').first().waitFor();
  }

  async press(button: string | RegExp): Promise<void> {
    await this.page
      .getByRole('button', { name: button, exact: typeof button === 'string' })
      .click();
  }

  /** In the dialog that asks. */
  async confirm(button: string | RegExp): Promise<void> {
    await this.page.getByRole('dialog').getByRole('button', { name: button }).click();
  }

  /** A notice that says how an action ended. */
  async waitForNotice(text: string | RegExp): Promise<void> {
    await this.page.locator('.toast').filter({ hasText: text }).first().waitFor();
  }

  /** What axe finds that is serious or worse: `rule: elements`. `rules`: of axe, instead of all. */
  async seriousViolations(rules?: readonly string[]): Promise<string[]> {
    await this.page.evaluate(axe.source);
    const options = rules ? JSON.stringify({ runOnly: rules }) : '';
    const { violations } = await this.page.evaluate<AxeResults>(`axe.run(${options})`);
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(' | ')}`);
  }

  /** By how much the page is wider than its window, px. */
  async overflow(): Promise<number> {
    return await this.page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    );
  }

  /** What can be pressed or typed in, and lies beyond the right edge of the window, where nothing scrolls it there. */
  async outOfReach(): Promise<string[]> {
    return await this.page.evaluate<string[]>(`(() => {
      const scrolls = (element) => {
        for (let at = element.parentElement; at; at = at.parentElement) {
          if (at.scrollWidth > at.clientWidth && /auto|scroll/.test(getComputedStyle(at).overflowX)) return true;
        }
        return false;
      };
      return [...document.querySelectorAll('a, button, input, select')]
        .filter((each) => each.checkVisibility() && each.getBoundingClientRect().left > innerWidth - 8 && !scrolls(each))
        .map((each) => each.outerHTML.slice(0, 120));
    })()`);
  }

  /** `ready`: what a picture needs, and a test does not. */
  async picture(name: string, ready?: () => Promise<void>): Promise<void> {
    if (process.env['SCREENSHOTS'] !== '1') return;
    await ready?.();
    mkdirSync(pictures, { recursive: true });
    await this.page.screenshot({ path: join(pictures, `dashboard-${name}.png`) });
  }
}
