/**
 * The timings of simulated clusters: those of the default profile, four times as long, which gives a virtual minute
 * fewer beats and turns to play but as many faults. What the proportions promise, they promise here.
 */
import { type SettlingOptions, type TimingProfile, timingProfiles } from '@sluice/coordination';

const scale = 4;

const { default: usual } = timingProfiles;

export const profile: TimingProfile = {
  heartbeatIntervalMs: scale * usual.heartbeatIntervalMs,
  pauseAfterMs: scale * usual.pauseAfterMs,
  quiesceAfterMs: scale * usual.quiesceAfterMs,
  killAfterMs: scale * usual.killAfterMs,
  deadAfterMs: scale * usual.deadAfterMs,
  leaderLeaseMs: scale * usual.leaderLeaseMs,
  leaderRenewMs: scale * usual.leaderRenewMs,
  // Wake-ups do most of the work; more would only be looks at nothing.
  tickMs: 1_000,
};

export const settling: SettlingOptions = {
  quietMs: 2_000,
  maxMs: 8_000,
  roundShare: 0.3,
  penaltyHalfLifeMs: 60_000,
};

/** As the worker sets them: a beat that takes longer than the pause deadline is worth nothing. */
export const commandTimeoutsMs = { heartbeat: profile.pauseAfterMs, coordination: scale * 5_000 };
export const blockedAfterMs = scale * 1_000;
export const seatHoldMs = 5_000;
export const protocolQuietMs = 10_000;
export const drainTimeoutMs = 15_000;

/** A quarantine, with the margin that quarantine.ts waits beyond the leases. */
const quarantineMs = profile.deadAfterMs + 1_000;

/** After a loss of data, until whoever acted without being known to the store has noticed. */
export const lossGraceMs = profile.deadAfterMs + quarantineMs + 2 * profile.heartbeatIntervalMs;

/**
 * After the last fault, until nobody's verdict is about silence of before: the slowest worker has given up a beat that
 * was not answered, and beaten twice, and the leader has looked.
 */
export const aftermathMs =
  commandTimeoutsMs.heartbeat + 2.5 * profile.heartbeatIntervalMs + profile.tickMs;

/**
 * I6: from the last fault to everything running. A leader has to be elected, the dead to be declared dead by it
 * (after a second look if most were silent), their last leases to end, a quarantine to pass, units to stop, and
 * what is left to be balanced in rounds.
 */
export const convergenceMs =
  profile.leaderLeaseMs +
  profile.leaderRenewMs +
  3 * profile.deadAfterMs +
  quarantineMs +
  drainTimeoutMs +
  commandTimeoutsMs.coordination +
  settling.maxMs +
  10_000;

/** What differs between clusters that are played for their faults and those that are played for their size. */
export interface Pace {
  readonly profile: TimingProfile;
  readonly settling: SettlingOptions;
  readonly commandTimeoutsMs: { readonly heartbeat: number; readonly coordination: number };
  /** Between two effects of a task. */
  readonly workMs: { readonly min: number; readonly max: number };
}

export const usualPace: Pace = {
  profile,
  settling,
  commandTimeoutsMs,
  workMs: { min: 1_500, max: 4_500 },
};
