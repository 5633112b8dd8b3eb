import type { Scenario } from '../scenario.ts';
import { changeScenarios } from './changes.ts';
import { logScenarios } from './log-faults.ts';
import { networkScenarios } from './network.ts';
import { partitionScenarios } from './partitions.ts';
import { processScenarios } from './processes.ts';
import { failoverScenarios } from './redis-failover.ts';
import { redisScenarios } from './redis-faults.ts';

export const scenarios: readonly Scenario[] = [
  ...processScenarios,
  ...redisScenarios,
  ...failoverScenarios,
  ...logScenarios,
  ...networkScenarios,
  ...partitionScenarios,
  ...changeScenarios,
];
