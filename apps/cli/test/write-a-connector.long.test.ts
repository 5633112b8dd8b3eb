/** Walks docs/guides/write-a-connector.md: its commands as they stand there, in a folder of their own. */
import { type ChildProcess, execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';
import { freePort, repositoryRoot, spawnGuarded, startCluster, waitFor } from '@sluice/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

/** From scaffold to first record, on a busy machine; the page promises it. */
const walkLimitMs = 120_000;

let folder = '';
let env: NodeJS.ProcessEnv = {};
const started: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-walk-'));
  const port = await freePort();
  const outer = Object.entries(process.env).filter(([name]) => !/^(VITEST|NODE_ENV)/.test(name));
  env = {
    ...Object.fromEntries(outer),
    PORT: String(port),
    PATH: [folder, dirname(process.execPath), process.env['PATH']].join(delimiter),
  };
  // What stands for an installation: the packages of this repository, and what they need.
  await command('sluice', `exec node '${join(repositoryRoot, 'apps/cli/bin/sluice.js')}' "$@"`);
  const npm = (await promisify(execFile)('which', ['npm'])).stdout.trim();
  await command(
    'npm',
    `if [ "$1" = install ]; then ln -s '${join(repositoryRoot, 'node_modules')}' node_modules
else exec '${npm}' "$@"; fi`,
  );
});

afterEach(async () => {
  // With all that npm started.
  for (const { pid } of started.splice(0)) if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

async function command(name: string, script: string): Promise<void> {
  await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`);
  await chmod(join(folder, name), 0o755);
}

interface Block {
  readonly kind: string;
  readonly text: string;
}

async function blocksOfGuide(): Promise<Block[]> {
  const path = join(repositoryRoot, 'docs/guides/write-a-connector.md');
  const text = await readFile(path, 'utf8');
  return [...text.matchAll(/^```(sh background|sh|text)\n([\s\S]*?)^```$/gm)].map(
    ([, kind = '', block = '']) => ({ kind, text: block }),
  );
}

async function shell(script: string, cwd: string): Promise<string> {
  const { stdout } = await promisify(execFile)('sh', ['-ec', script], {
    cwd,
    env,
    timeout: walkLimitMs,
  });
  return stdout;
}

/** Runs on; resolves when it has printed each of the lines. */
async function background(script: string, cwd: string, lines: readonly string[]): Promise<void> {
  const child = spawnGuarded({ command: 'sh', args: ['-c', script], cwd, env, detached: true });
  started.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  await waitFor(() => output, {
    what: `${script.trim()} to print ${lines.join(' and ')}`,
    until: (seen) => lines.every((line) => seen.includes(line)),
    timeoutMs: walkLimitMs,
  });
}

// The fourth, a source in TypeScript, is what the guide writes.
test.each(['--source --js', '--sink', '--sink --js'])(
  'sluice new connector %s writes tests that pass at once',
  { timeout: 120_000 },
  async (flags) => {
    const name = `acme${flags.replaceAll(' ', '').replaceAll('--', '-')}`;
    const scaffold = `sluice new connector ${name} ${flags}\ncd ${name}\nnpm install\nnpm test`;
    const output = stripVTControlCharacters(await shell(scaffold, folder));
    expect(output).toMatch(/Tests +\d+ passed/);
    expect(output).not.toMatch(/\d+ failed/);
  },
);

test('the walk of the guide works as it stands there, within its time', {
  timeout: 240_000,
}, async () => {
  const blocks = await blocksOfGuide();
  const kinds = blocks.map(({ kind }) => kind);
  expect(kinds).toEqual(['sh', 'sh background', 'text', 'sh background', 'text', 'text', 'sh']);
  const [scaffold, server, serverSays, dev, devSays, previewSays, onCluster] = blocks.map(
    ({ text }) => text,
  );
  const beganMs = performance.now();

  const output = await shell(scaffold ?? '', folder);
  expect(output).toContain('Tests');
  expect(output).not.toMatch(/\d+ failed/);
  const project = join(folder, 'acme-items');
  // The port of the page may be in use here.
  const yaml = join(project, 'connector.yaml');
  const definition = await readFile(yaml, 'utf8');
  await writeFile(yaml, definition.replace(':4000', `:${String(env['PORT'])}`));

  const linesOf = (text = ''): string[] =>
    text
      .replace(':4000', `:${String(env['PORT'])}`)
      .trim()
      .split('\n');
  await background(server ?? '', project, linesOf(serverSays));
  await background(dev ?? '', project, linesOf(devSays));
  const walkMs = performance.now() - beganMs;
  console.log(`from scaffold to first record: ${(walkMs / 1_000).toFixed(1)} s`);
  expect(walkMs).toBeLessThan(walkLimitMs);

  const [prompt = '', ...previewed] = linesOf(previewSays);
  expect(await shell(prompt.replace('$ ', ''), project)).toBe(`${previewed.join('\n')}\n`);

  await using cluster = await startCluster({
    workers: 1,
    env: { SLUICE_PLUGINS: join(project, 'src/index.ts') },
  });
  env = {
    ...env,
    REDIS_URL: cluster.redisUrl,
    SLUICE_CLUSTER: cluster.name,
    SLUICE_PROFILE: 'fast',
  };
  const [apply = '', topics = ''] = (onCluster ?? '').trim().split('\n');
  expect(await shell(apply, project)).toContain('acme-items');
  await waitFor(async () => await shell(topics, project), {
    what: 'the first record in the topic',
    until: (seen) => /^acme-items +1 +[1-9]/m.test(seen),
    timeoutMs: 30_000,
    intervalMs: 500,
  });
});
