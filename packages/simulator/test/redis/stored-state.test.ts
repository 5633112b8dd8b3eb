import { describeStoredStates } from '@sluice/coordination-redis/conformance';

import { makeFakeRedis } from './fake-store.ts';

describeStoredStates('the fake Redis', async (cluster) => makeFakeRedis({ cluster }));
