/** The templates that come with the CLI, in `templates/<kind>`: `<language>/` and what both languages share. */
import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ScaffoldOptions, Template } from './plan.ts';

/** The same from `src/` and from `dist/`. */
const cliFolder = fileURLToPath(new URL('../../', import.meta.url));

export function readTemplate({
  kind,
  language,
}: Pick<ScaffoldOptions, 'kind' | 'language'>): Template {
  const folder = join(cliFolder, 'templates', kind);
  return Object.fromEntries([
    ...filesIn(folder, '*.*'),
    ...filesIn(join(folder, language), '**/*.*'),
  ]);
}

function filesIn(folder: string, pattern: string): (readonly [string, string])[] {
  return globSync(pattern, { cwd: folder }).map(
    (path) => [path.replaceAll('\\', '/'), readFileSync(join(folder, path), 'utf8')] as const,
  );
}

/** The folder of the checkout, if the CLI runs from its sources there. */
export function checkoutFolder(): string | undefined {
  const folder = join(cliFolder, '../..');
  const isCheckout =
    import.meta.url.endsWith('.ts') && existsSync(join(folder, 'packages/connector-testkit'));
  return isCheckout ? folder.replace(/[/\\]$/, '') : undefined;
}

export function cliVersion(): string {
  const text = readFileSync(join(cliFolder, 'package.json'), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
