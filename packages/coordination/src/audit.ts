/**
 * Who changed what, for people to look up; bounded, and never with a configuration value. An entry says what its writer
 * knows: the API has identified who asked, the command line only says whose it is. Nothing is decided by it.
 */
import type { ClusterClient, SubmitOutcome } from './cluster-client.ts';
import type { RequestBody } from './requests.ts';

export const auditOutcomes = ['done', 'pending', 'refused', 'failed'] as const;

export type AuditOutcome = (typeof auditOutcomes)[number];

export interface AuditEntry {
  readonly who: string;
  /** How that is known: `password`, `token`, `jwt`, `certificate`, `none` if nobody asked, `unverified`. */
  readonly by: string;
  /** Null where there are no roles. */
  readonly role: string | null;
  /** Address, or name of the machine. */
  readonly from: string;
  /** `pause`, `create`, … */
  readonly action: string;
  /** Names of connectors, a worker, a logger. */
  readonly targets: readonly string[];
  /** What is worth knowing besides, as `includeTasks=true`. */
  readonly detail: string | null;
  readonly outcome: AuditOutcome;
  /** Of HTTP. */
  readonly status: number | null;
}

export interface KeptAuditEntry extends AuditEntry {
  /** Grows with time. */
  readonly id: string;
  readonly atMs: number;
}

export interface AuditQuery {
  readonly limit: number;
  /** Only what is older than the entry of this id. */
  readonly before?: string | undefined;
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly who?: string | undefined;
  readonly action?: string | undefined;
  readonly target?: string | undefined;
  readonly outcome?: AuditOutcome | undefined;
}

export interface AuditPage {
  /** Newest first. */
  readonly entries: readonly KeptAuditEntry[];
  /** `before` of the next page, if there may be one. */
  readonly next: string | null;
}

export interface AuditTrail {
  append(entry: AuditEntry): Promise<void>;
  read(query: AuditQuery): Promise<AuditPage>;
}

export const auditLimits = {
  entries: 10_000,
  /** Of an entry; one request may define thousands of connectors. */
  targets: 20,
  characters: 200,
} as const;

/** As long as an entry may be. */
export function clipped(entry: AuditEntry): AuditEntry {
  const clip = (text: string): string =>
    text.length > auditLimits.characters ? `${text.slice(0, auditLimits.characters)}…` : text;
  const { targets } = entry;
  const more = targets.length - auditLimits.targets;
  return {
    ...entry,
    who: clip(entry.who),
    from: clip(entry.from),
    action: clip(entry.action),
    targets: [
      ...targets.slice(0, auditLimits.targets).map(clip),
      ...(more > 0 ? [`and ${more} more`] : []),
    ],
    detail: entry.detail === null ? null : clip(entry.detail),
  };
}

/** Whether an entry is one that was asked for, apart from its time. */
export function matches(entry: AuditEntry, query: AuditQuery): boolean {
  const { who, action, target, outcome } = query;
  return (
    (who === undefined || entry.who === who) &&
    (action === undefined || entry.action === action) &&
    (target === undefined || entry.targets.includes(target)) &&
    (outcome === undefined || entry.outcome === outcome)
  );
}

export type AuditedCaller = Pick<AuditEntry, 'who' | 'by' | 'role' | 'from'>;

export interface AuditedClientOptions {
  readonly trail: AuditTrail;
  readonly caller: AuditedCaller;
  /** An entry could not be kept; what it tells of was done all the same. */
  readonly onLost: (error: unknown) => void;
}

/** A client whose changes are kept in the trail. */
export function auditedClient(client: ClusterClient, options: AuditedClientOptions): ClusterClient {
  const { trail, caller, onLost } = options;
  const kept = async <Result>(
    what: Pick<AuditEntry, 'action' | 'targets' | 'detail'>,
    change: () => Promise<Result>,
    outcomeOf: (result: Result) => AuditOutcome = () => 'done',
  ): Promise<Result> => {
    const note = async (outcome: AuditOutcome): Promise<void> =>
      trail.append({ ...caller, ...what, outcome, status: null }).catch(onLost);
    let result: Result;
    try {
      result = await change();
    } catch (error) {
      await note('failed');
      throw error;
    }
    await note(outcomeOf(result));
    return result;
  };
  return {
    ...client,
    submit: async (body, more) =>
      isDryRun(body)
        ? client.submit(body, more)
        : kept(auditedRequest(body), () => client.submit(body, more), outcomeOfSubmit),
    forgetTopics: async (connector) =>
      kept({ action: 'reset-topics', targets: [connector], detail: null }, () =>
        client.forgetTopics(connector),
      ),
    setLoggerLevel: async (logger, level) =>
      kept({ action: 'set-level', targets: [logger], detail: `level=${level}` }, () =>
        client.setLoggerLevel(logger, level),
      ),
    fenceOffsets: async (connector, more) =>
      kept(
        { action: 'change-offsets', targets: [connector], detail: null },
        () => client.fenceOffsets(connector, more),
        ({ kind }) => (kind === 'fenced' ? 'done' : 'refused'),
      ),
  };
}

function isDryRun(body: RequestBody): boolean {
  return body.op === 'apply' && body.dryRun === true;
}

function outcomeOfSubmit({ kind }: SubmitOutcome): AuditOutcome {
  return kind;
}

const targetActions = { STARTED: 'resume', PAUSED: 'pause', STOPPED: 'stop' } as const;

/** What an entry says of a request. */
export function auditedRequest(
  body: RequestBody,
): Pick<AuditEntry, 'action' | 'targets' | 'detail'> {
  switch (body.op) {
    case 'apply':
      return {
        action: 'apply',
        targets: body.definitions.map(({ name }) => name),
        detail: `mode=${body.mode}`,
      };
    case 'target':
      return { action: targetActions[body.state], targets: [body.connector], detail: null };
    case 'restart': {
      const { task, includeTasks = false, onlyFailed = false } = body;
      const detail =
        task === undefined
          ? `includeTasks=${includeTasks} onlyFailed=${onlyFailed}`
          : `task=${task}`;
      return { action: 'restart', targets: [body.connector], detail };
    }
    case 'delete':
      return { action: 'delete', targets: [body.connector], detail: null };
    case 'drain':
    case 'cordon':
    case 'uncordon':
      return { action: body.op, targets: [body.worker], detail: null };
    default:
      return { action: 'unknown', targets: [], detail: null };
  }
}
