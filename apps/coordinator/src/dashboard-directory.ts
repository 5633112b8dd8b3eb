/** Where the built files of the dashboard are: in its package, if that is installed. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const manifest = '@sluice/dashboard/package.json';

/** Undefined: it is not installed. Whether it is built, shows when somebody asks for it. */
export function dashboardDirectory(): string | undefined {
  const { resolve } = createRequire(import.meta.url);
  try {
    const path = resolve(manifest);
    return existsSync(path) ? join(dirname(path), 'dist') : undefined;
  } catch {
    return undefined;
  }
}
