/** Which servers a run of the tests needs: none is fetched for test files that are not asked for. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const kafkaPatterns = [
  '{apps,packages}/**/*.kafka.test.ts',
  '{apps,packages}/**/*.system.test.ts',
  '{apps,packages}/**/*.long.test.ts',
  'tests/**/*.test.ts',
];

const databasePatterns = [
  '{apps,packages}/**/*.database.test.ts',
  '{apps,packages}/**/*.long.test.ts',
  'tests/**/*.test.ts',
];

/** One of the examples starts both. */
const startsDatabase = /\b(?:start|use)(?:Postgres|Mariadb)\b|\bsupport\/example\.ts\b/;

/** Most speak of Kafka, if only as org.apache.kafka: these words start one. */
const startsKafka = /\b(?:start|useShared)Kafka|KAFKA_BROKERS|--kafka\b/;

/** Test files that start a Kafka, as paths from the repository's root. */
export function listKafkaTests(root: string): string[] {
  const files = globSync(kafkaPatterns, { cwd: root, exclude: isNotOurs });
  return files.filter((file) => startsKafka.test(readFileSync(join(root, file), 'utf8')));
}

/** Test files that start a PostgreSQL or a MariaDB, as paths from the repository's root. */
export function listDatabaseTests(root: string): string[] {
  const files = globSync(databasePatterns, { cwd: root, exclude: isNotOurs });
  return files.filter((file) => startsDatabase.test(readFileSync(join(root, file), 'utf8')));
}

/** Whether one of the files is asked for; without filters all are. As vitest: by a part of the path. */
export function matchesAny(files: readonly string[], filters: readonly string[]): boolean {
  if (filters.length === 0) return files.length > 0;
  // A filter may end with a line: `tests/kill.test.ts:12`.
  const parts = filters.map((filter) => filter.replace(/:\d+$/, '').replace(/^\.\//, ''));
  return files.some((file) => parts.some((part) => file.includes(part)));
}

function isNotOurs(path: string): boolean {
  return /(^|\/)(node_modules|dist)(\/|$)/.test(path);
}
