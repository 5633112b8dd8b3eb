// Needs no Redis, but files and threads, which the unit tests do without.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

import { hasPlaces, pluginPlaces } from '../src/local-plugins.ts';
import { run } from './fakes.ts';

const clock = fileURLToPath(new URL('../../../examples/clock.ts', import.meta.url));

function definition(config: Readonly<Record<string, string>> = {}): string {
  return JSON.stringify({ name: 'ticks', 'connector.class': 'clock', topic: 'ticks', ...config });
}

/** A directory with one package, whose plugin is the clock. */
function pluginDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-plugins-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const folder = join(directory, 'acme-clock');
  mkdirSync(folder);
  const manifest = { name: 'acme-clock', version: '1.0.0', type: 'module' };
  writeFileSync(
    join(folder, 'package.json'),
    JSON.stringify({ ...manifest, sluice: { plugins: ['./clock.ts'] } }),
  );
  symlinkSync(clock, join(folder, 'clock.ts'));
  return directory;
}

test('plugins are looked for where the options and the settings of workers say', () => {
  const env = { SLUICE_PLUGINS: 'a.ts, b', SLUICE_PLUGIN_PATH: '/plugins' };
  expect(pluginPlaces({ plugin: ['c.ts,d.ts'], pluginPath: ['more', 'and'] }, env)).toEqual({
    modules: ['a.ts', 'b', 'c.ts', 'd.ts'],
    directories: ['/plugins', 'more', 'and'],
  });
  expect(hasPlaces(pluginPlaces({}, { SLUICE_PLUGINS: ' , ' }))).toBe(false);
});

test('a definition is judged by plugins that no worker has yet', async () => {
  const unknown = await run(['validate', '-f', '-'], { stdin: definition() });
  expect(unknown).toMatchObject({ code: 3, out: expect.stringContaining('clock') as string });
  for (const argv of [
    ['--plugin', clock],
    ['--plugin-path', pluginDirectory()],
  ]) {
    const known = await run(['validate', '-f', '-', ...argv], { stdin: definition() });
    expect(known, known.err + known.out).toMatchObject({
      code: 0,
      out: 'connector ticks is valid',
    });
    const wrong = await run(['validate', '-f', '-', ...argv], {
      stdin: definition({ everyMs: '0' }),
    });
    expect(wrong.code).toBe(3);
    expect(wrong.out).toMatch(/^ {2}everyMs: Invalid value 0/m);
  }
});

test('what cannot be loaded is told, and is no reason to judge nothing', async () => {
  const result = await run(['validate', '-f', '-', '--plugin', './no-such.ts', clock], {
    stdin: definition(),
  });
  expect(result).toMatchObject({ code: 0, out: 'connector ticks is valid' });
  expect(result.err).toMatch(/^warning: .*no-such\.ts/);
});

test('a plan may be made as if workers had plugins that they do not have', async () => {
  const stdin = definition();
  const without = await run(['plan', '-f', '-'], { stdin, env: { SLUICE_PLUGINS: clock } });
  expect(without.out).toMatch(/task\/ticks\/0 +waits: no worker can run it/);
  const planned = await run(['plan', '-f', '-', '--plugin', clock], { stdin });
  expect(planned.out).toMatch(/task\/ticks\/0 +starts +- +worker-1/);
});
