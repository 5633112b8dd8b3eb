/** What `sluice new` writes, as data: nothing here touches a disk. */
import { join } from 'node:path';

export interface ScaffoldOptions {
  readonly name: string;
  readonly kind: 'source' | 'sink' | 'transform';
  readonly language: 'ts' | 'js';
  /** Of our packages. */
  readonly version: string;
  /** The folder of a checkout that the CLI runs from: its packages are used as they lie there. */
  readonly checkout: string | undefined;
}

export interface ScaffoldFile {
  /** Relative to the new folder. */
  readonly path: string;
  readonly text: string;
}

/** Files of a template, by path. */
export type Template = Readonly<Record<string, string>>;

/** What the templates are tested with. */
export const toolVersions = { vitest: '5.1.1', typescript: '7.0.2', '@types/node': '24' } as const;

const nameLengthMax = 100;

/** Why a name cannot be one of a package, a plugin and a topic at once. */
export function nameProblem(name: string): string | undefined {
  if (name.length > nameLengthMax) return `it is longer than ${String(nameLengthMax)} characters`;
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(name))
    return 'it must be lower-case letters and digits, with single hyphens between words, such as acme-orders';
  return undefined;
}

/** `acme-orders` → `AcmeOrdersSource`; `orders-sink` → `OrdersSink`. */
export function classNameOf(name: string, kind: ScaffoldOptions['kind']): string {
  const words = name.split('-').map((word) => word.charAt(0).toUpperCase() + word.slice(1));
  const suffix = { source: 'Source', sink: 'Sink', transform: 'Transform' }[kind];
  if (words.length > 1 && words.at(-1) === suffix) words.pop();
  return words.join('') + suffix;
}

/** @param template of that kind and language. */
export function planScaffold(options: ScaffoldOptions, template: Template): ScaffoldFile[] {
  const { checkout, kind, language, name } = options;
  const filled = Object.entries(template).map(([path, text]) => ({
    path,
    text: text
      .replaceAll('template-name', name)
      .replaceAll(/Template(Source|Sink|Transform)/g, classNameOf(name, kind))
      .replaceAll('ENTRY', entryOf(language)),
  }));
  return [
    { path: 'package.json', text: json(manifestOf(options)) },
    ...(language === 'ts' ? [{ path: 'tsconfig.json', text: json(tsconfigOf(checkout)) }] : []),
    ...(checkout === undefined ? [] : [{ path: 'vitest.config.js', text: checkoutVitestConfig }]),
    { path: '.gitignore', text: 'node_modules/\n' },
    ...filled,
  ].toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

export function entryOf(language: ScaffoldOptions['language']): string {
  return `src/index.${language}`;
}

function manifestOf({ checkout, kind, language, name, version }: ScaffoldOptions): object {
  const ours = (path: string): string =>
    checkout === undefined ? version : `file:${join(checkout, path)}`;
  const entry = `./${entryOf(language)}`;
  return {
    name,
    version: '0.1.0',
    private: true,
    description: `A ${kind === 'transform' ? kind : `${kind} connector`} for Sluice.`,
    type: 'module',
    exports: entry,
    sluice: { plugins: [entry] },
    scripts: {
      test: 'vitest run',
      ...(kind === 'transform'
        ? { preview: `sluice preview -f connector.yaml --plugin ${entry} --records 3` }
        : {
            server: `node test/server.${language}`,
            dev: `sluice dev ${entry} -f connector.yaml`,
          }),
      ...(language === 'ts' ? { typecheck: 'tsc' } : {}),
    },
    dependencies: { '@sluice/connector-api': ours('packages/connector-api') },
    devDependencies: {
      '@sluice/cli': ours('apps/cli'),
      ...(kind === 'transform'
        ? {}
        : { '@sluice/connector-testkit': ours('packages/connector-testkit') }),
      ...(language === 'ts'
        ? { '@types/node': toolVersions['@types/node'], typescript: toolVersions.typescript }
        : {}),
      vitest: toolVersions.vitest,
    },
    engines: { node: '>=24' },
  };
}

function tsconfigOf(checkout: string | undefined): object {
  return {
    compilerOptions: {
      target: 'esnext',
      lib: ['esnext'],
      module: 'nodenext',
      strict: true,
      noEmit: true,
      // Node runs the sources as they are.
      erasableSyntaxOnly: true,
      allowImportingTsExtensions: true,
      verbatimModuleSyntax: true,
      skipLibCheck: true,
      types: ['node'],
      ...(checkout === undefined ? {} : { customConditions: ['@sluice/source'] }),
    },
    include: ['src', 'test'],
  };
}

const checkoutVitestConfig = `/** The packages of Sluice come from a checkout: their sources are used, so that they need no build. */
const conditions = ['@sluice/source'];

export default {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
};
`;

function json(value: object): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}
