/**
 * Tests of one mutation that the simulator did not notice: for a script the conformance suite of the store, for a
 * brain the unit tests of coordination. `SLUICE_MUTATION` names a folder with
 * the mutation, `mutation.json`; the report goes there too, `report.json`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

import type { Mutation } from '../../src/mutations/mutation.ts';

const folder = process.env['SLUICE_MUTATION'] ?? '';
const mutation = JSON.parse(readFileSync(join(folder, 'mutation.json'), 'utf8')) as Mutation;
const conditions = ['@sluice/source'];
const broken = fileURLToPath(
  new URL(`../../../coordination/src/${mutation.file}`, import.meta.url),
);

export default defineConfig({
  root: fileURLToPath(new URL('../../../../', import.meta.url)),
  resolve: { conditions },
  ssr: { resolve: { conditions, externalConditions: conditions } },
  plugins: [
    {
      name: 'mutation',
      enforce: 'pre',
      load: (id) =>
        mutation.language === 'typescript' && id === broken ? mutation.text : undefined,
    },
  ],
  test: {
    include:
      mutation.language === 'lua'
        ? ['packages/simulator/test/redis/conformance.test.ts']
        : ['packages/coordination/test/*.test.ts'],
    provide: {
      replacedScripts: mutation.language === 'lua' ? { [mutation.file]: mutation.text } : {},
    },
    // It would keep what another mutation was turned into.
    fsModuleCache: false,
    bail: 1,
    isolate: false,
    maxWorkers: 1,
    testTimeout: 10_000,
    reporters: ['json'],
    outputFile: join(folder, 'report.json'),
  },
});
