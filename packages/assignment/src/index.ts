export { distributeModulo } from './distribute-modulo.ts';
export { planAssignment } from './plan-assignment.ts';
export type {
  AssignmentMove,
  AssignmentPlan,
  AssignmentPolicy,
  MoveCause,
  PlannerTask,
  PlannerWorker,
} from './types.ts';
