/**
 * The timings of failure detection. What must hold, with room for clocks that run 10 % apart:
 *
 *     pause < quiesce < kill < dead     (a worker is quiet before anybody else may own its units)
 */
import { SluiceError } from '@sluice/kernel';

export interface TimingProfile {
  readonly heartbeatIntervalMs: number;
  /** Without an acknowledged beat: executors take on no new work. */
  readonly pauseAfterMs: number;
  /** … nothing in flight, sockets to the log destroyed, offsets not committed. */
  readonly quiesceAfterMs: number;
  /** … the process kills itself, only if an executor did not confirm that it is quiet. */
  readonly killAfterMs: number;
  /** The leader declares a worker dead, on its own monotonic clock. */
  readonly deadAfterMs: number;
  readonly leaderLeaseMs: number;
  readonly leaderRenewMs: number;
  /** How often the leader looks even if nothing woke it. */
  readonly tickMs: number;
}

export const timingProfiles = {
  default: {
    heartbeatIntervalMs: 500,
    pauseAfterMs: 1_500,
    quiesceAfterMs: 2_500,
    killAfterMs: 3_000,
    deadAfterMs: 4_000,
    leaderLeaseMs: 4_000,
    leaderRenewMs: 1_000,
    tickMs: 100,
  },
  fast: {
    heartbeatIntervalMs: 100,
    pauseAfterMs: 500,
    quiesceAfterMs: 700,
    killAfterMs: 800,
    deadAfterMs: 1_000,
    leaderLeaseMs: 1_000,
    leaderRenewMs: 250,
    tickMs: 25,
  },
} as const satisfies Record<string, TimingProfile>;

export type TimingProfileName = keyof typeof timingProfiles;

/** @throws SluiceError `config.invalid` that lists the profiles. */
export function timingProfile(name: string): TimingProfile {
  if (name === 'default' || name === 'fast') return timingProfiles[name];
  throw new SluiceError(
    'config.invalid',
    `unknown timing profile "${name}": use one of ${Object.keys(timingProfiles).join(', ')}`,
  );
}
