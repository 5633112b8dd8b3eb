/**
 * What all processes of a cluster have to agree on: the version of the protocol, and the record log. The store keeps
 * what the cluster uses; who cannot agree is refused when it joins or wants to lead, before it changes anything.
 *
 * The protocol is what processes of different builds rely on of each other: keys and fields in Redis, what scripts do
 * with them, requests and jobs. A build speaks a range of versions. The cluster uses one that all its members speak,
 * and never goes back: see protocol-raise.ts and docs/guides/upgrade.md.
 */
import { SluiceError } from '@sluice/kernel';

export interface ProtocolRange {
  readonly min: number;
  readonly max: number;
}

/**
 * What this build speaks. A change of the protocol raises `max`; a later release may then raise `min`.
 * 2: workers may be cordoned. A leader that speaks no more than 1 would give them work all the same.
 */
export const protocolSpoken: ProtocolRange = { min: 1, max: 2 };

/** What one process can agree to. */
export interface Agreement {
  readonly protocol: ProtocolRange;
  /** The record log that it is set to: `redis` or `kafka`. */
  readonly log: string;
}

/** Why a process may not take part: what the cluster uses instead. */
export type Disagreement =
  | { readonly about: 'protocol'; readonly inUse: number }
  | { readonly about: 'log'; readonly inUse: string };

/** Also of a process that was started with an upper limit of its own (`SLUICE_PROTOCOL_MAX`). */
export function limitedTo(max: number | undefined, spoken = protocolSpoken): ProtocolRange {
  return { min: spoken.min, max: Math.min(spoken.max, max ?? spoken.max) };
}

/** `who`: `this worker`. */
export function disagreementError(
  who: string,
  { protocol, log }: Agreement,
  disagreement: Disagreement,
): SluiceError {
  if (disagreement.about === 'log') {
    return new SluiceError(
      'cluster.other_log',
      `${who} is set to the record log on ${log}, but the cluster uses the one on ${disagreement.inUse}: give it the settings of the others (KAFKA_BROKERS or not); to move the cluster to another log, stop all its workers and coordinators first`,
      { details: { log, inUse: disagreement.inUse } },
    );
  }
  const { inUse } = disagreement;
  const spoken =
    protocol.min === protocol.max ? `${protocol.max}` : `${protocol.min} to ${protocol.max}`;
  const details = { ...protocol, inUse };
  if (inUse > protocol.max) {
    return new SluiceError(
      'cluster.protocol_too_old',
      `${who} is too old: it speaks version ${spoken} of the protocol, and the cluster uses version ${inUse}, to which it was raised when all had been upgraded; install the release that the others run (and unset SLUICE_PROTOCOL_MAX)`,
      { details },
    );
  }
  return new SluiceError(
    'cluster.protocol_too_new',
    `${who} is too new: it speaks version ${spoken} of the protocol, and the cluster uses version ${inUse}; upgrade everything to a release that speaks ${inUse} and ${protocol.min} first`,
    { details },
  );
}
