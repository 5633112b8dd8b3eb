/**
 * What some tests look at our work with: Debian's packages, as root. Without them those tests are skipped, but for those
 * in a browser, which fail.
 */
import { findOnPath } from '@sluice/testkit';
import { installPackages, updateLists, whyNoApt } from './apt.ts';
import { note } from './progress.ts';

interface Tool {
  readonly program: string;
  readonly package: string;
}

/** The shells whose completion is tested. */
export async function obtainShells(): Promise<void> {
  await obtain('of completion', [
    { program: 'zsh', package: 'zsh' },
    { program: 'fish', package: 'fish' },
  ]);
}

/** Prometheus' own judge of alert rules. */
export async function obtainPromtool(): Promise<void> {
  await obtain('of alert rules', [{ program: 'promtool', package: 'prometheus' }]);
}

/** The browser of the tests of the dashboard, unless there is one that they take (tests/support/browser.ts). */
export async function obtainChromium(): Promise<void> {
  const others = ['chromium-browser', 'google-chrome'];
  const isThere = others.some((program) => findOnPath(program) !== undefined);
  if (isThere || process.env['SLUICE_CHROMIUM'] !== undefined) return;
  await obtain('of the dashboard', [{ program: 'chromium', package: 'chromium' }]);
}

/** Never fails: a machine without them is fine for everything else. */
async function obtain(tests: string, tools: readonly Tool[]): Promise<void> {
  const missing = tools
    .filter(({ program }) => findOnPath(program) === undefined)
    .map((tool) => tool.package);
  if (missing.length === 0) return;
  const why =
    whyNoApt() ??
    ((await installPackages(missing, note)) === undefined
      ? undefined
      : ((await updateLists(note)) ?? (await installPackages(missing, note))));
  if (why !== undefined) note(`tests ${tests} lack ${missing.join(' and ')}: ${why}`);
}
