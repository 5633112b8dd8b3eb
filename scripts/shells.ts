/** The shells whose completion is tested: Debian's packages, as root. Without them those tests are skipped. */
import { findOnPath } from '@sluice/testkit';
import { installPackages, updateLists, whyNoApt } from './apt.ts';
import { note } from './progress.ts';

const shells = ['zsh', 'fish'] as const;

/** Never fails: a machine without them is fine for everything else. */
export async function obtainShells(): Promise<void> {
  const missing = shells.filter((shell) => findOnPath(shell) === undefined);
  if (missing.length === 0) return;
  const why =
    whyNoApt() ??
    ((await installPackages(missing, note)) === undefined
      ? undefined
      : ((await updateLists(note)) ?? (await installPackages(missing, note))));
  if (why !== undefined) note(`tests of completion skip ${missing.join(' and ')}: ${why}`);
}
