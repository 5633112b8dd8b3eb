/** How the planner sees a member that is not dead. Pure. */
import type { PlannerWorker } from '@sluice/assignment';

import type { MemberRecord } from './model.ts';

/** Who drains leaves, cordoned or not. */
export function plannerStateOf({ state, returns, cordoned }: MemberRecord): PlannerWorker['state'] {
  if (state === 'up') return cordoned ? 'cordoned' : 'up';
  return returns ? 'held' : 'leaving';
}
