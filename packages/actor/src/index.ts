export { DelayMeter } from './executor/delay-meter.ts';
export { processUsage } from './executor/usage-meter.ts';
export { type ActorHostParts, createActorHost } from './host/actor-host.ts';
export { Mailbox } from './mailbox.ts';
export {
  decideRestart,
  defaultRestartPolicy,
  type RestartDecision,
  type RestartPolicy,
  Supervisor,
} from './supervisor.ts';
export type {
  Actor,
  ActorContext,
  ActorFactory,
  ActorHost,
  ActorHostEvents,
  ActorHostOptions,
  ActorSpec,
  ActorState,
  ActorStatus,
  ExecutorLoss,
  Lease,
  ProcessUsage,
} from './types.ts';
