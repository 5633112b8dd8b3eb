/** What is shipped is compiled JavaScript: it has to run without the sources that all other tests run. */
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { type Cluster, type NodeProcess, spawnNode, startCluster, waitFor } from '@sluice/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { type Installation, installCompiled } from './support/installation.ts';
import { linesIn } from './support/numbered-file.ts';

let installation: Installation;
let folder: string;

beforeAll(() => {
  installation = installCompiled();
  folder = mkdtempSync(join(tmpdir(), 'sluice-compiled-'));
}, 180_000);

afterAll(() => {
  installation?.[Symbol.dispose]();
  if (folder) rmSync(folder, { recursive: true });
});

test('packages hold what their manifests name, and neither sources nor tests', () => {
  for (const [name, files] of installation.files) {
    const strange = files.filter((file) => /^(src|test|bench)\//.test(file));
    expect(strange, name).toEqual([]);
    expect(
      files.some((file) => /^dist\/.*\.js$/.test(file)),
      name,
    ).toBe(true);
    const manifest = readFileSync(
      join(installation.folder, 'node_modules', name, 'package.json'),
      'utf8',
    );
    for (const named of namedFiles(JSON.parse(manifest))) expect(files, name).toContain(named);
  }
  expect(installation.files.has('@sluice/testkit')).toBe(false);
});

test('compiled apps run a pipeline, and plugins in TypeScript and JavaScript', async () => {
  const [input, output] = [join(folder, 'input.txt'), join(folder, 'output.txt')];
  writeFileSync(input, 'first\n');
  await using cluster = await startCluster({
    installation: installation.folder,
    workers: 1,
    env: { SLUICE_PLUGINS: [typescriptPlugin(), javascriptPlugin()].join(',') },
  });
  const applied = await sluice(cluster, ['apply', '-f', pipeline(input, output), '--wait']);
  expect(applied).toMatchObject({ code: 0, stderr: '' });

  appendFileSync(input, 'second\n');
  await waitFor(() => linesIn(output), {
    what: 'the lines to arrive',
    until: (lines) => lines.length >= 2,
    timeoutMs: 30_000,
  });
  expect(linesIn(output)).toEqual(['first', 'second']);

  // Sources of both plugins, one in a process of its own, into one sink.
  await waitFor(() => new Set(linesIn(join(folder, 'beats.txt'))), {
    what: 'beats of both plugins',
    until: (lines) =>
      lines.has('from TypeScript') && lines.has('from JavaScript, in a process of its own'),
    timeoutMs: 30_000,
  });

  const groups = await sluice(cluster, ['log', 'groups', '--json']);
  expect(JSON.parse(groups.stdout)).toEqual(
    expect.arrayContaining([expect.objectContaining({ group: 'connect-sink', topic: 'lines' })]),
  );
  const version = await sluice(cluster, ['--version']);
  expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  expect(await cluster.api.read('/connector-plugins')).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ class: 'org.apache.kafka.connect.file.FileStreamSinkConnector' }),
      expect.objectContaining({ class: 'TypescriptBeat' }),
      expect.objectContaining({ class: 'JavascriptBeat' }),
    ]),
  );
});

test('the compiled command line runs a connector that is being written', async () => {
  await using child = startSluice(['dev', typescriptPlugin()], {});
  await child.waitForLine(/^beats .*from TypeScript/);
  await child.kill('SIGINT');
  expect(await child.exited).toEqual({ code: 0, signal: null });
});

function namedFiles({ bin, exports }: { bin?: object; exports?: object }): string[] {
  const targets: unknown[] = [
    ...Object.values(bin ?? {}),
    ...Object.values(exports ?? {}).flatMap((target: string | object) =>
      typeof target === 'string'
        ? [target]
        : // Only those who have the sources set our own condition.
          Object.entries(target).flatMap(([name, file]) =>
            name === '@sluice/source' ? [] : [file as unknown],
          ),
    ),
  ];
  return targets.map((target) => String(target).replace(/^\.\//, ''));
}

function startSluice(args: readonly string[], env: Readonly<Record<string, string>>): NodeProcess {
  const entry = join(installation.folder, 'node_modules/@sluice/cli/bin/sluice.js');
  return spawnNode(entry, { name: `sluice ${args.join(' ')}`, args, cwd: folder, env });
}

async function sluice(
  { name, redisUrl }: Cluster,
  args: readonly string[],
): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const env = { REDIS_URL: redisUrl, SLUICE_CLUSTER: name, SLUICE_PROFILE: 'fast', NO_COLOR: '1' };
  await using command = startSluice(args, env);
  const { code } = await command.exited;
  return { code, stdout: command.stdout, stderr: command.stderr };
}

function pipeline(input: string, output: string): string {
  const strings = {
    'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
    'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
  };
  const sink = { 'connector.class': 'FileStreamSink', ...strings };
  const configs = {
    source: { 'connector.class': 'FileStreamSource', file: input, topic: 'lines', ...strings },
    sink: { ...sink, file: output, topics: 'lines' },
    typescript: { 'connector.class': 'TypescriptBeat', ...strings },
    javascript: { 'connector.class': 'JavascriptBeat', 'sluice.executor': 'dedicated', ...strings },
    beats: { ...sink, file: join(folder, 'beats.txt'), topics: 'beats' },
  };
  const path = join(folder, 'pipeline.json');
  const definitions = Object.entries(configs).map(([name, config]) => ({ name, config }));
  writeFileSync(path, JSON.stringify(definitions));
  return path;
}

function typescriptPlugin(): string {
  const helper = "export const text: string = 'from TypeScript';\n";
  writeFileSync(join(folder, 'text.ts'), helper);
  const head = "import { text } from './text.ts';\ninterface Offset { readonly n: number }\n";
  return beatPlugin('beat.ts', `${head}${beatSource('TypescriptBeat', 'text')}`);
}

function javascriptPlugin(): string {
  const where = "`from JavaScript, in ${process.send ? 'a process of its own' : 'a thread'}`";
  return beatPlugin('beat.js', beatSource('JavascriptBeat', where));
}

function beatPlugin(file: string, source: string): string {
  const path = join(folder, file);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(path, source);
  return path;
}

function beatSource(name: string, value: string): string {
  return `import { defineSource } from '@sluice/connector-api';
export default defineSource({
  name: '${name}', version: '1.0.0', config: {},
  async *run({ offset, signal }) {
    for (let n = Number(offset?.n ?? 0) + 1; !signal.aborted; n += 1) {
      yield { topic: 'beats', value: ${value}, offset: { n } };
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  },
});
`;
}
