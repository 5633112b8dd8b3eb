import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';

test('a worker that only loads the connector does not load its driver', () => {
  const script = `
    await import(${JSON.stringify(join(import.meta.dirname, '..', 'src', 'index.ts'))});
    const { createRequire } = await import('node:module');
    const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('/mysql2/'));
    process.stdout.write(String(loaded.length));`;
  const output = execFileSync(
    process.execPath,
    ['--conditions=@sluice/source', '--input-type=module', '-e', script],
    { cwd: import.meta.dirname, encoding: 'utf8' },
  );
  expect(output).toBe('0');
});
