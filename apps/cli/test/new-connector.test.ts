import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { repositoryRoot } from '@sluice/testkit';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { exitCodes } from '../src/exit-codes.ts';
import { classNameOf, nameProblem, planScaffold, toolVersions } from '../src/scaffold/plan.ts';
import { readTemplate } from '../src/scaffold/template.ts';
import { run } from './fakes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-new-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true });
});

describe('sluice new connector', () => {
  test('writes a package, and says what comes next', async () => {
    const dir = join(folder, 'orders');
    const { code, out } = await run(['new', 'connector', 'acme-orders', '--dir', dir]);
    expect(code).toBe(exitCodes.ok);
    expect(readdirSync(dir, { recursive: true }).map(String).sort()).toEqual(
      [
        '.gitignore',
        'README.md',
        'connector.yaml',
        'package.json',
        'src',
        'src/index.ts',
        'test',
        'test/contract.test.ts',
        'test/server.ts',
        'tsconfig.json',
        'vitest.config.js',
      ].sort(),
    );
    expect(readFileSync(join(dir, 'src/index.ts'), 'utf8')).toContain("name: 'AcmeOrdersSource'");
    expect(readFileSync(join(dir, 'connector.yaml'), 'utf8')).toContain('name: acme-orders\n');
    expect(out).toContain('npm test');
    expect(out).toContain(`SLUICE_PLUGINS=${join(dir, 'src/index.ts')}`);
  });

  test('writes nothing with --dry-run, and lists what it would', async () => {
    const dir = join(folder, 'orders');
    const args = ['new', 'connector', 'orders', '--sink', '--js', '--json', '--dry-run'];
    const { out } = await run([...args, '--dir', dir]);
    const { files, written } = JSON.parse(out) as { files: string[]; written: boolean };
    expect(written).toBe(false);
    expect(files).toContain('src/index.js');
    expect(files.some((file) => file.endsWith('.ts') || file === 'tsconfig.json')).toBe(false);
    expect(readdirSync(folder)).toEqual([]);
  });

  test('overwrites nothing', async () => {
    const dir = join(folder, 'orders');
    mkdirSync(dir);
    writeFileSync(join(dir, 'precious.txt'), 'x');
    const { code, err } = await run(['new', 'connector', 'orders', '--dir', dir]);
    expect(code).toBe(exitCodes.invalid);
    expect(err).toContain('is not empty, and nothing in it is overwritten: choose another --dir');
    expect(readdirSync(dir)).toEqual(['precious.txt']);
    const file = await run(['new', 'connector', 'orders', '--dir', join(dir, 'precious.txt')]);
    expect(file.err).toContain('is not a folder');
  });

  test.each([
    [['Orders'], 'lower-case'],
    [['../orders'], 'lower-case'],
    [['orders--x'], 'single hyphens'],
    [['o'.repeat(101)], 'longer than 100'],
    [['orders', '--sink', '--source'], 'give one of the two'],
  ])('refuses %j', async (args, message) => {
    const { code, err } = await run(['new', 'connector', ...args]);
    expect(code).toBe(exitCodes.usage);
    expect(err).toContain(message);
  });
});

describe('sluice new transform', () => {
  test('writes a package with what is tested here, into a directory that workers look in', async () => {
    const argv = ['new', 'transform', 'acme-hash', '--plugin-path', folder];
    const { code, out } = await run(argv);
    expect(code).toBe(exitCodes.ok);
    const dir = join(folder, 'acme-hash');
    expect(readdirSync(dir, { recursive: true }).map(String).sort()).toEqual(
      [
        '.gitignore',
        'README.md',
        'connector.yaml',
        'package.json',
        'src',
        'src/index.ts',
        'test',
        'test/transform.test.ts',
        'tsconfig.json',
        'vitest.config.js',
      ].sort(),
    );
    expect(readFileSync(join(dir, 'src/index.ts'), 'utf8')).toContain("name: 'AcmeHashTransform'");
    expect(readFileSync(join(dir, 'connector.yaml'), 'utf8')).toContain(
      'transforms.hash.type: AcmeHashTransform\n',
    );
    const manifest = JSON.parse(readFileSync(join(dir, 'package.json'), 'utf8')) as {
      scripts: object;
      sluice: object;
    };
    expect(manifest).toMatchObject({ sluice: { plugins: ['./src/index.ts'] } });
    expect(Object.keys(manifest.scripts)).toEqual(['test', 'preview', 'typecheck']);
    expect(out).toContain(`A worker that has ${folder} in SLUICE_PLUGIN_PATH finds it`);
    expect((await run(['new', 'transform', 'b', '--dir', 'b', '--plugin-path', 'c'])).code).toBe(2);
  });

  test('says so, too, where the path is a setting', async () => {
    const argv = ['new', 'transform', 'acme-hash', '--dir', join(folder, 'mine')];
    const { out } = await run(argv, { env: { SLUICE_PLUGIN_PATH: `/none,${folder}` } });
    expect(out).toContain(`A worker that has ${folder} in SLUICE_PLUGIN_PATH finds it`);
  });
});

test('classes are named after the package and what they are', () => {
  expect(nameProblem('acme-orders2')).toBeUndefined();
  expect(classNameOf('acme-orders', 'source')).toBe('AcmeOrdersSource');
  expect(classNameOf('orders-sink', 'sink')).toBe('OrdersSink');
  expect(classNameOf('sink', 'sink')).toBe('SinkSink');
  expect(classNameOf('acme-hash', 'transform')).toBe('AcmeHashTransform');
});

describe('what is written', () => {
  const options = { name: 'orders', kind: 'source', language: 'ts', version: '1.2.3' } as const;

  test('takes our packages in the version of the CLI, or from the checkout that it runs from', () => {
    const manifestFor = (checkout: string | undefined) => {
      const files = planScaffold({ ...options, checkout }, {});
      const text = files.find(({ path }) => path === 'package.json')?.text ?? '';
      return JSON.parse(text) as { dependencies: object; devDependencies: object };
    };
    expect(manifestFor(undefined).dependencies).toEqual({ '@sluice/connector-api': '1.2.3' });
    expect(manifestFor('/code/sluice').devDependencies).toMatchObject({
      '@sluice/connector-testkit': 'file:/code/sluice/packages/connector-testkit',
    });
  });

  test('takes the tools that the templates are tested with', () => {
    const text = readFileSync(join(repositoryRoot, 'package.json'), 'utf8');
    const { devDependencies } = JSON.parse(text) as { devDependencies: object };
    expect(devDependencies).toMatchObject(toolVersions);
  });

  test.each(['source', 'sink', 'transform'] as const)(
    'is the same %s in both languages',
    (kind) => {
      vi.spyOn(process, 'emitWarning').mockReturnValue();
      const typescript = readTemplate({ kind, language: 'ts' });
      const javascript = readTemplate({ kind, language: 'js' });
      const bare = (code: string): string => code.replaceAll(/[\s,]|\.(ts|js)\b/g, '');
      for (const [path, code] of Object.entries(typescript)) {
        const other = javascript[path.replace(/\.ts$/, '.js')] ?? '';
        const stripped = path.endsWith('.ts') ? stripTypeScriptTypes(code) : code;
        expect(bare(other)).toBe(
          bare(stripped).replaceAll('return(awaitresponse.json());', 'returnawaitresponse.json();'),
        );
      }
      vi.restoreAllMocks();
    },
  );
});
