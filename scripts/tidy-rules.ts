/** Rules of this repository that no other tool checks: pure functions from a file to what is wrong with it. */

export interface Finding {
  readonly file: string;
  /** Counted from 1. */
  readonly line: number;
  readonly message: string;
}

type Rule = (file: string, text: string) => Finding[];

export function checkText(file: string, text: string): Finding[] {
  return textRules.flatMap((rule) => rule(file, text));
}

const textRules: readonly Rule[] = [
  focusedTests,
  skippedTests,
  leftoverMarkers,
  machinePaths,
  luaHeaders,
];

const testPattern = /\.test\.ts$/;

function focusedTests(file: string, text: string): Finding[] {
  if (!testPattern.test(file)) return [];
  return matchLines(
    file,
    text,
    /\b(?:test|it|describe)\.only\b/,
    'a focused test hides the others',
  );
}

/** A test that is left out needs a reason: a comment on its line or on the one above. */
function skippedTests(file: string, text: string): Finding[] {
  if (!testPattern.test(file)) return [];
  const lines = text.split('\n');
  return matchLines(
    file,
    text,
    /\b(?:test|it|describe)(?:\.\w+)*\.(?:skip|todo|fails)\b/,
    'a skipped test without a comment that says why',
  ).filter(({ line }) => !/\/\/|\*/.test(`${lines[line - 2] ?? ''}${lines[line - 1] ?? ''}`));
}

function leftoverMarkers(file: string, text: string): Finding[] {
  if (!/\.(ts|mjs|lua)$/.test(file)) return [];
  // Spelled with classes of one letter, so that this file passes its own rule.
  const marker = /\b(?:[T]ODO|[F]IXME|[X]XX)\b/;
  return matchLines(file, text, marker, 'a leftover marker: do it, or open an issue');
}

/** Paths of somebody's machine mean nothing on another one. */
function machinePaths(file: string, text: string): Finding[] {
  const path = /(?<![\w.:/-])\/(?:work|root|Users\/\w+|home\/\w+)\/[\w.-]+/;
  return matchLines(file, text, path, 'a path of one machine');
}

/** A script that is called states what it takes and gives; a fragment that is included need not. */
function luaHeaders(file: string, text: string): Finding[] {
  if (!file.endsWith('.lua') || !/\bKEYS\[/.test(text)) return [];
  const header = text
    .split('\n')
    .filter((line) => line.startsWith('--'))
    .join('\n');
  return ['KEYS', 'ARGV', 'Returns']
    .filter((word) => !new RegExp(`\\b${word}\\b`, 'i').test(header))
    .map((word) => ({ file, line: 1, message: `the header does not state ${word}` }));
}

function matchLines(file: string, text: string, pattern: RegExp, message: string): Finding[] {
  return text
    .split('\n')
    .flatMap((content, index) =>
      pattern.test(content) ? [{ file, line: index + 1, message }] : [],
    );
}

interface PackageManifest {
  readonly name?: string;
  readonly version?: string;
  readonly description?: string;
  readonly license?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

export function checkManifest(file: string, text: string): Finding[] {
  const manifest = JSON.parse(text) as PackageManifest;
  const problems: string[] = [];
  if (!manifest.description) problems.push('the package has no description');
  if (manifest.license !== 'Apache-2.0') problems.push('the license must be Apache-2.0');
  const dependencies = { ...manifest.dependencies, ...manifest.devDependencies };
  for (const [name, range] of Object.entries(dependencies)) {
    // Whole major versions are for what has no say in the result: types, and the Node that runs it.
    if (/^\d+$/.test(range) && (name === 'node' || name.startsWith('@types/'))) continue;
    if (!/^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(range)) {
      problems.push(`${name} must have an exact version, not "${range}"`);
    }
  }
  if (file.startsWith('packages/connectors/')) {
    const allowed = new Set([
      '@sluice/connector-api',
      '@sluice/connector-capture',
      '@sluice/testkit',
    ]);
    for (const name of Object.keys(dependencies)) {
      // Boundaries cannot say it: what the testkit of authors needs, tests of connectors need as well.
      const isForTests = name === '@sluice/connector-testkit' && !manifest.dependencies?.[name];
      if (name.startsWith('@sluice/') && !allowed.has(name) && !isForTests) {
        problems.push(`a connector sees @sluice/connector-api only, not ${name}`);
      }
    }
  }
  return problems.map((message) => ({ file, line: 1, message }));
}

/** A second copy of these would split what they share: connections, error classes, patches. */
const singlePackages = ['ioredis', 'bullmq', 'kafkajs'];

export function checkLock(file: string, text: string): Finding[] {
  const { packages = {} } = JSON.parse(text) as { packages?: Record<string, unknown> };
  return singlePackages.flatMap((name) => {
    const copies = Object.keys(packages).filter((place) => place.endsWith(`node_modules/${name}`));
    return copies.length > 1
      ? [{ file, line: 1, message: `${copies.length} copies of ${name}: ${copies.join(', ')}` }]
      : [];
  });
}
