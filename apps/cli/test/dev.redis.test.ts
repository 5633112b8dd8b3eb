// Needs no Redis, but files, threads and processes, which the unit tests do without.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type NodeProcess, spawnNode } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

let folder = '';
const started: NodeProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-dev-'));
});

afterEach(async () => {
  await Promise.all(started.splice(0).map((child) => child.stop()));
  await rm(folder, { recursive: true, force: true });
});

function dev(...args: string[]): NodeProcess {
  const child = spawnNode('apps/cli/src/main.ts', { args: ['dev', ...args], cwd: folder });
  started.push(child);
  return child;
}

function counter(extra = ''): string {
  return `import { defineSource, int } from '@sluice/connector-api';
import { word } from './word.ts';
export default defineSource({
  name: 'counter', version: '1.0.0', config: { everyMs: int().default(20) },
  async *run({ config, offset, signal }) {
    for (let n = Number(offset?.n ?? 0) + 1; !signal.aborted; n += 1) {
      yield { topic: 'numbers', key: word, value: { n }, offset: { n } };
      await new Promise((resolve) => setTimeout(resolve, config.everyMs));
    }
  },
});
${extra}`;
}

async function writeModule(source: string, word = 'one'): Promise<void> {
  await writeFile(join(folder, 'word.ts'), `export const word: string = '${word}';\n`);
  await writeFile(join(folder, 'counter.ts'), source);
}

describe('sluice dev', () => {
  test('prints records, and goes on where it was when an imported file is saved', async () => {
    await writeModule(counter());
    const child = dev('./counter.ts', '--config', 'everyMs=10');
    await child.waitForLine(/^numbers {2}"one" {2}\{"n":3\} {2}offset \{"n":3\}$/);
    await writeFile(join(folder, 'word.ts'), "export const word: string = 'two';\n");
    const [first = ''] = await child.waitForLine(/^numbers {2}"two" {2}.*$/);
    const before = [...child.stdout.matchAll(/"one" {2}\{"n":(\d+)\}/g)].map((match) =>
      Number(match[1]),
    );
    expect(Number(/"n":(\d+)/.exec(first)?.[1])).toBe(Math.max(...before) + 1);
    child.kill('SIGINT').catch(() => {});
    expect(await child.exited).toEqual({ code: 0, signal: null });
  });

  test('says what a module threw on import, and runs it once it is mended', async () => {
    await writeModule("throw new Error('boom');\n");
    const child = dev('./counter.ts');
    await child.waitForLine(/^error: counter\.ts threw while it was imported:$/);
    await child.waitForLine(/^Error: boom$/);
    await child.waitForLine(/^waiting for the file to be saved/);
    // One that blocks its thread for ever cannot keep it from the next version either.
    await writeModule(
      "import { writeSync } from 'node:fs';\nwriteSync(2, 'blocking\\n');\nfor (;;);\n",
    );
    await child.waitForLine(/^blocking$/);
    await writeModule(counter());
    await child.waitForLine(/^numbers {2}"one"/);
  });

  test.each([
    {
      what: 'is no plugin',
      source: 'export const a = 1;\n',
      says: 'exports no connector',
      code: 3,
    },
    {
      what: 'does not accept its configuration',
      source: counter().replace('.default(20)', ''),
      says: 'Missing required configuration "everyMs"',
      code: 3,
    },
    {
      what: 'fails while it runs',
      source: counter().replace('for (', "throw new Error('no source');\n    for ("),
      says: 'Error: no source',
      code: 7,
    },
  ])('--no-watch ends with $code when the module $what', async ({ source, says, code }) => {
    await writeModule(source);
    const child = dev('./counter.ts', '--no-watch');
    expect((await child.exited).code).toBe(code);
    expect(child.stderr).toContain(says);
  });
});
