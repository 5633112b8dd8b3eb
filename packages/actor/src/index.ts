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
  Lease,
} from './types.ts';
