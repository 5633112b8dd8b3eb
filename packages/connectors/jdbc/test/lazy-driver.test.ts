import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

test('a worker that only lists the connectors loads no driver', () => {
  const entry = new URL('../src/index.ts', import.meta.url).href;
  const script = `
    import { registerHooks } from 'node:module';
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    const { plugins } = await import(${JSON.stringify(entry)});
    console.log(plugins.length, loaded.filter((url) => /node_modules\\/(pg|mysql2)\\//.test(url)).length);`;
  const output = execFileSync(
    process.execPath,
    ['--conditions=@sluice/source', '--input-type=module', '-e', script],
    { encoding: 'utf8' },
  );
  expect(output.trim()).toBe('2 0');
});
