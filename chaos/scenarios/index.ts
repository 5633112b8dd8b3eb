import type { Scenario } from '../scenario.ts';
import { changeScenarios } from './changes.ts';
import { logScenarios } from './log-faults.ts';
import { processScenarios } from './processes.ts';
import { redisScenarios } from './redis-faults.ts';

export const scenarios: readonly Scenario[] = [
  ...processScenarios,
  ...redisScenarios,
  ...logScenarios,
  ...changeScenarios,
];
