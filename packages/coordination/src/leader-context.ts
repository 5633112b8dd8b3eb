/** What the parts of a leader's turn share. The loop owns it; the parts run one after another. */
import type { Clock, Logger, SluiceError } from '@sluice/kernel';

import type { ProtocolRange } from './agreement.ts';
import type { BeatObserver } from './beat-observer.ts';
import type { ClusterView } from './cluster-view.ts';
import type { Dispatcher } from './dispatch.ts';
import type { HeldSeats } from './held-seats.ts';
import type { DefinitionJournal } from './journal/definition-journal.ts';
import type { DefinitionKeeper } from './journal/definition-keeper.ts';
import type { LeaderStats } from './leader-stats.ts';
import type { MembershipChanges } from './membership-changes.ts';
import type { PluginInfo, UnitId } from './model.ts';
import type { TimingProfile } from './profile.ts';
import type { CheckConfig, LogPromise } from './request-decision.ts';
import type { Settling, SettlingOptions } from './settling.ts';
import type { ClusterStore, LeaderStore } from './store.ts';
import type { UnitHistory } from './unit-history.ts';

export interface LeaderLoopOptions {
  readonly coordinator: string;
  readonly store: LeaderStore & ClusterStore;
  readonly dispatcher: Dispatcher;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly profile: TimingProfile;
  readonly movement: 'minimal' | 'literal';
  /** Converters, transforms and predicates that come with every worker. */
  readonly builtInPlugins?: readonly PluginInfo[];
  readonly settling?: SettlingOptions;
  /** Absent: definitions live in the store alone. */
  readonly journal?: DefinitionJournal;
  /** Movement `literal`: how long the place of a worker that announced its return is kept. */
  readonly seatHoldMs?: number;
  /** Leadership began or ended; for the consumer of wake-ups. Must not throw. */
  readonly onLeadership?: (leads: boolean) => void;
  /** A request was applied, and its result is stored; for who waits for it in this process. Must not throw. */
  readonly onApplied?: (request: string) => void;
  /** The record log that this coordinator is set to. */
  readonly log: string;
  /** What that log's acknowledgement means; undefined as long as it has not said so. */
  readonly logPromise?: () => LogPromise | undefined;
  /** Refuses definitions whose transforms are wrong, for example; must be quick. */
  readonly checkConfig?: CheckConfig;
  /** Whether workers write records and offsets of sources together; definitions may require it then. */
  readonly exactlyOnce?: boolean;
  /** Default: what this build speaks. */
  readonly protocol?: ProtocolRange;
  /** How long all must have spoken a higher version before it is used; default a minute. */
  readonly protocolQuietMs?: number;
  /** For jitter; default: `Math.random`. */
  readonly random?: () => number;
  /** It may not take part, and has to end. Called once; must not throw. */
  readonly onRefused?: (error: SluiceError) => void;
}

export interface LeaderContext {
  readonly options: LeaderLoopOptions;
  readonly view: ClusterView;
  readonly observer: BeatObserver;
  readonly settling: Settling;
  readonly heldSeats: HeldSeats;
  readonly changes: MembershipChanges;
  readonly stats: LeaderStats;
  readonly history: UnitHistory;
  /** Why a unit is about to be started; the text that its job shows. */
  readonly reasons: Map<UnitId, string>;
  /** Brings the view up to date. */
  readonly refresh: () => Promise<void>;
  /** Makes it of all that there is, whatever it knew: the store may have lost some of that, and gone on unnoticed. */
  readonly readAnew: () => Promise<void>;
  /** Absent without a journal. */
  readonly keeper: DefinitionKeeper | undefined;
}

/** Units in one round trip; bounds the time that a script blocks the store. */
export const batchSize = 500;

export function* batches<T>(items: readonly T[]): Generator<readonly T[]> {
  for (let from = 0; from < items.length; from += batchSize) {
    yield items.slice(from, from + batchSize);
  }
}
