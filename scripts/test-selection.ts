/** Which servers a run of the tests needs: none is fetched for test files that are not asked for. */
import { globSync } from 'node:fs';

const kafkaPatterns = [
  '{apps,packages}/**/*.kafka.test.ts',
  '{apps,packages}/**/*.system.test.ts',
  'tests/**/*.test.ts',
];

/** Test files that may want a Kafka, as paths from the repository's root. */
export function listKafkaTests(root: string): string[] {
  return globSync(kafkaPatterns, {
    cwd: root,
    exclude: (path) => /(^|\/)(node_modules|dist)(\/|$)/.test(path),
  });
}

/** Whether one of the files is asked for; without filters all are. As vitest: by a part of the path. */
export function matchesAny(files: readonly string[], filters: readonly string[]): boolean {
  if (filters.length === 0) return files.length > 0;
  // A filter may end with a line: `tests/kill.test.ts:12`.
  const parts = filters.map((filter) => filter.replace(/:\d+$/, '').replace(/^\.\//, ''));
  return files.some((file) => parts.some((part) => file.includes(part)));
}
