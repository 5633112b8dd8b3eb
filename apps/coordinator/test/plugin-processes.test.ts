import { fileURLToPath } from 'node:url';
import { silentLogger } from '@sluice/kernel';
import { afterEach, expect, test, vi } from 'vitest';

import { CoordinatorPlugins } from '../src/plugin-processes.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

test('a module that exits, and what it could read, costs nothing of the others', async () => {
  vi.stubEnv('SLUICE_SECRETS_KEYS', 'k1:secret');
  const warnings: unknown[] = [];
  const fixture = (name: string): string =>
    fileURLToPath(new URL(`fixtures/${name}.ts`, import.meta.url));
  const plugins = new CoordinatorPlugins(
    {
      plugins: ['exits-on-import', 'tells-environment'].map(fixture),
      pluginPath: [],
      pluginLookMs: 60_000,
    },
    { ...silentLogger, warn: (fields: unknown) => void warnings.push(fields) },
  );
  await plugins.start();
  const { failures, index } = await plugins.inventory();
  const classes = index.map((each) => each.class);
  expect(classes).toContain('DatagenSource');
  // Named after what it found of the keys of secrets.
  expect(classes).toContain('KeysAreHidden');
  expect(failures).toEqual([
    { specifier: expect.any(String), error: expect.stringContaining('exit code 3') },
  ]);
  expect(warnings).toEqual([{ error: failures[0]?.error }]);
  await plugins.stop();
});
