import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pluginsOf } from '@sluice/connector-api';
import { repositoryRoot, spawnNode } from '@sluice/testkit';
import { expect, test } from 'vitest';

async function loadConnectors(): Promise<{ modules: string[]; strange: string[] }> {
  await using loading = spawnNode('packages/built-in/test/fixtures/load-connectors.ts');
  const { code } = await loading.exited;
  expect(code, loading.stderr).toBe(0);
  return JSON.parse(loading.stdout) as { modules: string[]; strange: string[] };
}

test('the modules of built-in connectors load no driver: that is for a start or a validation', async () => {
  const { modules, strange } = await loadConnectors();
  expect(modules.length).toBeGreaterThan(1);
  expect(strange).toEqual([]);
});

test('all packages with connectors are built in', async () => {
  const { modules } = await loadConnectors();
  for (const manifest of globSync('packages/connectors/*/package.json', { cwd: repositoryRoot })) {
    const { name } = JSON.parse(readFileSync(join(repositoryRoot, manifest), 'utf8')) as {
      name: string;
    };
    const folder = manifest.replace('package.json', '');
    const exported = (await import(join(repositoryRoot, folder, 'src/index.ts'))) as object;
    if (!('plugins' in exported)) continue;
    expect(pluginsOf(exported).length, name).toBeGreaterThan(0);
    expect(modules.join(' '), `${name} is in packages/built-in/src/connectors.ts`).toContain(
      folder,
    );
  }
});
