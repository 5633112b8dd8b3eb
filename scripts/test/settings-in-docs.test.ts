/** The list of settings in the documents is that of the code. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { repositoryRoot } from '@sluice/testkit';
import { expect, test } from 'vitest';

const page = 'docs/reference/settings.md';
const settingPattern = /\b(?:REDIS_URL|(?:SLUICE|KAFKA|OTEL)_[A-Z0-9]+(?:_+[A-Z0-9]+)*)\b/g;

/** Named like settings. */
const others: ReadonlySet<string> = new Set([
  // Stages of a record, as in Kafka Connect's dead letters.
  'KAFKA_CONSUME',
  'KAFKA_PRODUCE',
  // From a worker to its child processes.
  'SLUICE_EXECUTOR_PARENT_PID',
]);

/** Names that are put together, by how they begin. */
const families = [
  'SLUICE_CONFIG_PROVIDERS',
  'SLUICE_KEY_CONVERTER',
  'SLUICE_VALUE_CONVERTER',
  'SLUICE_HEADER_CONVERTER',
  'KAFKA_SASL_OAUTHBEARER',
  'OTEL_EXPORTER_OTLP',
];

function read(file: string): string {
  return readFileSync(join(repositoryRoot, file), 'utf8');
}

function filesLike(...patterns: string[]): string[] {
  return globSync(patterns, { cwd: repositoryRoot }).filter(
    (file) => !file.includes('node_modules'),
  );
}

/** The names in strings and in destructuring. */
function settingsOfCode(): Map<string, string> {
  const found = new Map<string, string>();
  const files = filesLike('apps/*/src/**/*.ts', 'packages/*/src/**/*.ts').filter(
    (file) => !/^packages\/(testkit|simulator)\//.test(file),
  );
  for (const file of files) {
    const names = read(file).matchAll(
      /'(REDIS_URL|(?:SLUICE|KAFKA|OTEL)_[A-Z0-9_]*[A-Z0-9])'|[{,] (SLUICE_[A-Z_]+): \w/g,
    );
    for (const [, text, taken] of names) {
      const name = text ?? taken ?? '';
      if (!others.has(name)) found.set(name, file);
    }
  }
  return found;
}

function isOfFamily(name: string): boolean {
  return families.some((family) => name === family || name.startsWith(`${family}_`));
}

test(`every setting that is read is in ${page}`, () => {
  const listed = new Set(read(page).match(settingPattern));
  const settings = settingsOfCode();
  expect(settings.size).toBeGreaterThan(50);
  const missing = [...settings].filter(([name]) => !listed.has(name));
  expect(missing).toEqual([]);
});

test('every setting that a document names is read', () => {
  const settings = settingsOfCode();
  const documents = filesLike('docs/**/*.md', 'README.md', 'SECURITY.md', 'packages/**/README.md');
  expect(documents).toContain(page);
  const unknown = documents.flatMap((file) =>
    [...new Set(read(file).match(settingPattern))]
      .filter((name) => !settings.has(name) && !others.has(name) && !isOfFamily(name))
      .map((name) => `${name} in ${file}`),
  );
  expect(unknown).toEqual([]);
});
