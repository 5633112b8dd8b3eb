/** All suites, in the order in which they run. */
import { api } from './api/index.ts';
import type { Suite } from './case.ts';
import { clients } from './clients/index.ts';
import { records } from './records/index.ts';

export const suites: readonly Suite[] = [records, api, clients];
