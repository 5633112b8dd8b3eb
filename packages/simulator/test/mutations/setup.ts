/** In each file of tests that a mutation is tried with: breaks the guard that is to be broken. See `TestBench`. */
import { writeFileSync } from 'node:fs';
import { afterAll, inject } from 'vitest';

import { breakGuard, observedGuards, observeGuards } from '../../src/mutations/guard-switch.ts';

const { broken, observedTo } = inject('guardsOfRun');
observeGuards(inject('guardCount'));
if (broken) breakGuard(broken);

afterAll(() => {
  if (observedTo !== undefined) writeFileSync(observedTo, observedGuards());
});
