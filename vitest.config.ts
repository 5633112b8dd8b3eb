import { availableParallelism } from 'node:os';

import { defineConfig } from 'vitest/config';

// Tests read the sources of every package through this export condition, so that they need no build.
const conditions = ['@sluice/source'];
// What is waited for comes soon, unless the machine is busy with something else.
const expectation = { poll: { timeout: 15_000 } };
const shared = {
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  // What vitest itself loads: the global setup.
  environments: { __vitest__: { resolve: { conditions, externalConditions: conditions } } },
};

/** Those of several processes that measure how long something takes: what runs beside them would be measured too. */
const timing = [
  'tests/{dashboard,drain,freeze,kill,leader,misbehaviour,quickstart}.test.ts',
  'tests/{reconfigure,redis-emptied,redis-outage,restarts,telemetry}.test.ts',
  '{apps,packages}/{actor,worker}/**/*.system.test.ts',
];

/**
 * unit: no I/O, fake clock. redis: `*.redis.test.ts`, a real redis-server per file.
 * kafka: `*.kafka.test.ts`, on one broker that is started for all of them.
 * databases: `*.database.test.ts`, a real PostgreSQL or MariaDB.
 * system: `tests/` and `*.system.test.ts`, several real processes or threads, kill -9.
 * timing: those of them that measure how long something takes, one after the other.
 * long: `*.long.test.ts`, which wait for minutes, or show what others show nearly as well; not part of `npm test`, but of
 *   `npm run test:long`.
 *
 * Vitest wants projects with other numbers of workers in other groups, which it runs in their order; those without
 * parallelism come last.
 */
export default defineConfig({
  ...shared,
  test: {
    projects: [
      {
        ...shared,
        test: {
          expect: expectation,
          name: 'unit',
          // They take milliseconds, or a second or two; a machine that is busy with something else, many times that.
          testTimeout: 30_000,
          hookTimeout: 30_000,
          // By default one core would be left idle.
          maxWorkers: Math.max(2, availableParallelism()),
          // A process and its modules anew for each file would take longer than the tests do.
          isolate: false,
          // The JavaScript is that of the templates for connectors.
          include: [
            '{apps,packages,scripts,chaos,bench,conformance,examples}/**/*.test.ts',
            'apps/cli/templates/**/*.test.js',
          ],
          exclude: [
            '**/*.redis.test.ts',
            '**/*.kafka.test.ts',
            '**/*.database.test.ts',
            '**/*.system.test.ts',
            '**/*.long.test.ts',
            '**/node_modules/**',
            '**/dist/**',
          ],
        },
      },
      {
        ...shared,
        test: {
          expect: expectation,
          name: 'redis',
          include: ['{apps,packages}/**/*.redis.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 40_000,
          hookTimeout: 60_000,
          // More than cores: they wait for Redis most of the time.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          expect: expectation,
          name: 'kafka',
          include: ['{apps,packages}/**/*.kafka.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          globalSetup: ['packages/testkit/src/shared-kafka-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...shared,
        test: {
          expect: expectation,
          name: 'databases',
          include: ['{apps,packages}/**/*.database.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 60_000,
          hookTimeout: 60_000,
          // As many as for Redis, beside which they run.
          maxWorkers: 4,
          sequence: { groupOrder: 1 },
        },
      },
      {
        ...shared,
        test: {
          expect: expectation,
          name: 'system',
          include: ['tests/**/*.test.ts', '{apps,packages}/**/*.system.test.ts'],
          exclude: [...timing, '**/*.long.test.ts', '**/node_modules/**', '**/dist/**'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        ...shared,
        test: {
          expect: expectation,
          name: 'timing',
          include: timing,
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        ...shared,
        test: {
          expect: expectation,
          name: 'long',
          include: ['{tests,apps,packages}/**/*.long.test.ts'],
          exclude: ['**/node_modules/**', '**/dist/**'],
          testTimeout: 90_000,
          hookTimeout: 60_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
