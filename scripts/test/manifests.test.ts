/** What a published package imports must come with it: in a checkout the dependencies of all lie side by side. */
import { globSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readWorkspaces, type Workspace } from '../pack/workspaces.ts';

/** What they publish is built with all that it imports inside. */
const bundles: ReadonlySet<string> = new Set(['@sluice/dashboard']);

const published = [...readWorkspaces().values()].filter(
  ({ name, isPrivate }) => !isPrivate && !bundles.has(name),
);

/** Names in imports, and names of our packages in any string: some are resolved later. */
const importPatterns = [
  /^\s*(?:import|export)\b[^'"`;]*?\bfrom '([^']+)'/gm,
  /^import '([^']+)'/gm,
  /\bimport\('([^']+)'\)/g,
  /'(@sluice\/[a-z-]+)'/g,
];

const broughtAlong: ReadonlySet<string> = new Set([
  'src/suites.ts',
  'src/arbitraries.ts',
  // Names what another package depends on.
  'src/scaffold/plan.ts',
]);

function importedBy({ folder }: Workspace): Map<string, string> {
  const imported = new Map<string, string>();
  for (const file of globSync('{src,bin}/**/*.{ts,js}', { cwd: folder })) {
    // Suites for authors of adapters and connectors, who bring vitest; property tests bring fast-check.
    if (file.startsWith('src/conformance/') || broughtAlong.has(file)) continue;
    const text = withoutComments(readFileSync(join(folder, file), 'utf8'));
    for (const specifier of importPatterns.flatMap((pattern) =>
      [...text.matchAll(pattern)].map(([, found = '']) => found),
    )) {
      if (specifier.startsWith('.') || isBuiltin(specifier) || specifier === '@sluice/source') {
        continue;
      }
      const parts = specifier.split('/');
      imported.set(parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/'), file);
    }
  }
  return imported;
}

function withoutComments(text: string): string {
  return text.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/^\s*\/\/.*$/gm, '');
}

test.each(published)('$name depends on all that it imports', (workspace) => {
  const imported = importedBy(workspace);
  imported.delete(workspace.name);
  for (const [name, file] of imported) {
    expect(workspace.dependencies, `${name}, in ${file}`).toContain(name);
  }
});

test('imports are found at all', () => {
  const worker = published.find(({ name }) => name === '@sluice/worker');
  expect([...(worker === undefined ? [] : importedBy(worker).keys())]).toEqual(
    expect.arrayContaining(['@sluice/actor', '@sluice/built-in', 'fastify', 'pino']),
  );
});
