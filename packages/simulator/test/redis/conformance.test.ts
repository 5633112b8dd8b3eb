import { describeCoordinationStore } from '@sluice/coordination/conformance';

import { makeFakeStore } from './fake-store.ts';

describeCoordinationStore('the fake Redis', async () => makeFakeStore());
