/**
 * The product's own tests, with each guard of the product going through a switch: for the scripts the
 * suites of the store on the fake Redis, for the state machines the unit tests of coordination. Run by `TestBench`.
 */
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import { brainFolder, guardedFiles } from '../../src/mutations/all-guards.ts';

const conditions = ['@sluice/source'];
const files = guardedFiles();
const modules = new Map(
  files
    .filter(({ language }) => language === 'typescript')
    .map(({ file, instrumented }) => [fileURLToPath(new URL(file, brainFolder)), instrumented]),
);

export default defineConfig({
  root: fileURLToPath(new URL('../../../../', import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  plugins: [{ name: 'guards', enforce: 'pre', load: (id) => modules.get(id) }],
  test: {
    include: [
      'packages/simulator/test/redis/conformance.test.ts',
      'packages/simulator/test/redis/stored-state.test.ts',
      'packages/coordination/test/*.test.ts',
    ],
    setupFiles: [fileURLToPath(new URL('setup.ts', import.meta.url))],
    provide: {
      guardCount: files.reduce((sum, { guards }) => sum + guards.length, 0),
      replacedScripts: Object.fromEntries(
        files
          .filter(({ language }) => language === 'lua')
          .map(({ file, instrumented }) => [file, instrumented]),
      ),
    },
    server: { deps: { inline: [/packages\/coordination/] } },
    // What is kept on disk is known by the file as it stands there, not by the guards that it goes through here.
    fsModuleCache: false,
    bail: 1,
    isolate: false,
    maxWorkers: 1,
    pool: 'threads',
    testTimeout: 10_000,
    reporters: [],
  },
});
