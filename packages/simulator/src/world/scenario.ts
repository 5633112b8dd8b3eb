/**
 * What happens in a simulation, as data: the shape of a cluster, and waves of faults and requests with a calm after
 * each. A seed generates one; a failing one is made shorter by leaving out operations; a pinned one outlives changes
 * of the generator.
 */
import type { RequestBody } from '@sluice/coordination';

export interface Scenario {
  /** Of all chance that is not written down here: latencies, durations of stops, jitter. */
  readonly seed: number;
  readonly shape: ClusterShape;
  readonly waves: readonly Wave[];
}

export interface ClusterShape {
  readonly workers: readonly string[];
  readonly coordinators: readonly string[];
  /** Clock rates of those that are not 1; a process that is started anew is on the same machine. */
  readonly rates: Readonly<Record<string, number>>;
  readonly movement: 'minimal' | 'literal';
  readonly journal: boolean;
  /** Policy of the workers: 0 is `pause`, else `continue-if-fenced` with this limit. */
  readonly continueFencedMs: number;
  /** The first process of each name speaks the older version of the protocol only. */
  readonly upgrades: boolean;
  readonly connectors: readonly { readonly name: string; readonly tasks: number }[];
}

export interface Wave {
  /** Then everything is healed, and the cluster has to converge. */
  readonly forMs: number;
  readonly operations: readonly Operation[];
  /** What is tried on the converged cluster. */
  readonly probe: Probe;
}

export type Operation = { readonly afterMs: number } & OperationKind;

export type OperationKind =
  | { readonly op: 'crash'; readonly process: string; readonly downMs: number }
  | { readonly op: 'freeze'; readonly process: string; readonly forMs: number }
  /** SIGTERM. */
  | {
      readonly op: 'stop';
      readonly process: string;
      readonly awayMs: number;
      readonly returns: boolean;
    }
  | ({ readonly op: 'cut' } & CutOperation)
  | ({ readonly op: 'hold' } & HoldOperation)
  | {
      readonly op: 'slow-link';
      readonly process: string;
      readonly slowMs: number;
      readonly forMs: number;
    }
  /** `losesMs`: comes back without what it was told in that time before it went. */
  | { readonly op: 'redis-down'; readonly forMs: number; readonly losesMs: number }
  | { readonly op: 'redis-stall'; readonly forMs: number }
  | { readonly op: 'redis-flush' }
  /** A replica that lacks the last writes was promoted. */
  | { readonly op: 'redis-revert'; readonly backMs: number }
  /** That happens so long after the next one of these scripts, which is what it lacks. */
  | { readonly op: 'redis-loses'; readonly script: LostScript; readonly withinMs: number }
  | { readonly op: 'wall-jump'; readonly byMs: number }
  | { readonly op: 'queue'; readonly trouble: QueueTrouble; readonly forMs: number }
  | { readonly op: 'journal-away'; readonly forMs: number }
  | { readonly op: 'journal-loses-answer' }
  | { readonly op: 'join'; readonly worker: string }
  | {
      readonly op: 'stranger';
      readonly kind: StrangerKind;
      readonly worker: string;
      readonly forMs: number;
    }
  | {
      readonly op: 'slow-stop';
      readonly worker: string;
      readonly stopMs: number;
      readonly forMs: number;
    }
  | {
      readonly op: 'hang';
      readonly worker: string;
      readonly executor: number;
      readonly forMs: number;
    }
  | { readonly op: 'fail'; readonly unit: string; readonly isFinal: boolean }
  /** `repeats`: sent again under the same id, as a client does that got no answer. */
  /** Through the API, which asks for a fence once the connector is stopped. */
  | {
      readonly op: 'change-offsets';
      readonly connector: string;
      readonly verb: 'alter' | 'reset';
    }
  | { readonly op: 'forget-topics'; readonly connector: string }
  | { readonly op: 'set-level'; readonly logger: string }
  /** A plugin was installed there, or taken away again. */
  | { readonly op: 'announce'; readonly worker: string }
  | { readonly op: 'request'; readonly body: RequestBody; readonly repeats: boolean };

export interface CutOperation {
  readonly process: string;
  readonly link: 'heartbeat' | 'coordination' | 'both';
  readonly direction: 'requests' | 'replies' | 'both';
  /** What is held up arrives late; else it is lost. */
  readonly keeps: boolean;
  readonly forMs: number;
}

/** The next `script` of a process is caught on its way, and what it sends after it waits behind. */
export interface HoldOperation {
  readonly process: string;
  readonly script: string;
  /** A request comes late; a reply is lost, though the script was carried out. */
  readonly direction: 'requests' | 'replies';
  readonly forMs: number;
}

/** What coordinators and workers write: each is late, or unanswered, at some time. */
export const heldScripts = {
  coordinator: [
    'grant',
    'revoke',
    'declare-dead',
    'orphan',
    'forget',
    'restore',
    'adopt',
    'apply-request',
    'start-quarantine',
    'end-quarantine',
    'mark-journaled',
    'raise-epoch',
    'raise-protocol',
    'resign',
  ],
  worker: ['claim', 'release', 'join', 'leave', 'publish-tasks', 'refence', 'drain', 'report'],
} as const;

/** What the journal, or who said it, has to make up for, if nobody noticed otherwise that it is gone. */
export const lostScripts = [
  'apply-request',
  'publish-tasks',
  'mark-journaled',
  'announce',
] as const;

export type LostScript = (typeof lostScripts)[number];

export type QueueTrouble = 'loses' | 'doubles' | 'delays' | 'reorders' | 'stands still';

/** Another worker under a name that is taken, of another record log, of another protocol; a coordinator of the latter. */
export type StrangerKind = 'namesake' | 'other log' | 'other protocol' | 'other coordinator';

/**
 * On a cluster that has converged and to which nothing else happens: `steady`, `outage` (of Redis), `stall`, `leader`
 * (crashes), `flush` (with a journal) and `revert` must move nothing; `kill`, `leave` and `join` no more than they must.
 */
export type Probe =
  | { readonly kind: 'steady' | 'leader' | 'flush' | 'revert' }
  | { readonly kind: 'outage' | 'stall'; readonly forMs: number }
  | { readonly kind: 'kill' | 'leave'; readonly worker: number }
  | { readonly kind: 'join'; readonly worker: string };

/** What coverage calls an operation. */
export function faultOf(operation: OperationKind): string {
  switch (operation.op) {
    case 'cut': {
      const { link, direction, keeps } = operation;
      return `cut: ${direction} of ${link}, ${keeps ? 'kept' : 'lost'}`;
    }
    case 'hold':
      return `hold: ${operation.direction}`;
    case 'crash':
    case 'freeze':
    case 'stop':
      return `${operation.op}: ${operation.process.startsWith('w') ? 'worker' : 'coordinator'}`;
    case 'queue':
      return `queue: ${operation.trouble}`;
    case 'redis-down':
      return operation.losesMs > 0 ? 'redis-down: loses the last writes' : 'redis-down';
    case 'wall-jump':
      return `wall-jump: ${operation.byMs > 0 ? 'forward' : 'back'}`;
    case 'stranger':
      return `stranger: ${operation.kind}`;
    case 'fail':
      return operation.isFinal ? 'fail: for good' : 'fail: once';
    case 'redis-loses':
      return `${operation.op}: ${operation.script}`;
    case 'change-offsets':
      return `offsets: ${operation.verb}`;
    case 'request':
      return `request: ${requestKind(operation.body)}`;
    default:
      return operation.op;
  }
}

function requestKind(body: RequestBody): string {
  if (body.op === 'target') return `target ${body.state}`;
  return body.op === 'apply' ? `apply ${body.mode}` : body.op;
}

/** Every fault that a run of many seeds has to contain. */
export const allFaults: readonly string[] = [
  ...['worker', 'coordinator'].flatMap((who) => [
    `crash: ${who}`,
    `freeze: ${who}`,
    `stop: ${who}`,
  ]),
  ...['heartbeat', 'coordination', 'both'].flatMap((link) =>
    ['requests', 'replies', 'both'].flatMap((direction) =>
      ['kept', 'lost'].map((fate) => `cut: ${direction} of ${link}, ${fate}`),
    ),
  ),
  'hold: requests',
  'hold: replies',
  ...[...heldScripts.coordinator, ...heldScripts.worker].map((script) => `held: ${script}`),
  'slow-link',
  'redis-down',
  'redis-down: loses the last writes',
  'redis-stall',
  'redis-flush',
  'redis-revert',
  ...lostScripts.map((script) => `lost: ${script}`),
  'wall-jump: forward',
  'wall-jump: back',
  ...['loses', 'doubles', 'delays', 'reorders', 'stands still'].map(
    (trouble) => `queue: ${trouble}`,
  ),
  'journal-away',
  'journal-loses-answer',
  'join',
  ...['namesake', 'other log', 'other protocol', 'other coordinator'].map(
    (kind) => `stranger: ${kind}`,
  ),
  'slow-stop',
  'hang',
  'fail: once',
  'fail: for good',
  'offsets: alter',
  'offsets: reset',
  ...['changed', 'not-stopped', 'quarantined', 'started-meanwhile', 'unknown'].map(
    (outcome) => `seen: offsets ${outcome}`,
  ),
  'forget-topics',
  'set-level',
  'announce',
  'request: apply create',
  'request: apply upsert',
  'request: delete',
  'request: target STARTED',
  'request: target PAUSED',
  'request: target STOPPED',
  'request: restart',
  'request: drain',
  'request: cordon',
  'request: uncordon',
  ...['steady', 'leader', 'outage', 'stall', 'flush', 'revert', 'kill', 'leave', 'join'].map(
    (kind) => `probe: ${kind}`,
  ),
  'seen: an effect without a lease',
  'seen: an effect without a lease refused',
  'seen: an effect refused by its fence',
  'seen: a late effect of a former owner',
  'seen: a worker is back, and cordoned',
  'seen: an executor given up',
  'seen: a process killed itself',
];
