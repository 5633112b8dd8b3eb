/**
 * Takes what operators put into their inbox, and asks for it in their place, if it is for an operator. Every coordinator
 * does: a request has its id from its entry, so that of several who ask one is heard, and an entry stays until its request
 * is stored and answered, so that one that is taken by a process that dies is taken again.
 */
import {
  type Clock,
  isRetriable,
  type Logger,
  type Service,
  type Timer,
  toError,
} from '@sluice/kernel';

import { type AuditEntry, type AuditTrail, auditedRequest } from './audit.ts';
import type { ClusterClient } from './cluster-client.ts';
import {
  type InboxEntry,
  type OperatorInbox,
  operatorRequest,
  operatorRequestId,
} from './operator-requests.ts';

/** A person waits: as long as a look through the API takes. */
const lookEveryMs = 200;
/** After that it is kept as pending; it is stored, and applied as soon as somebody leads. */
const answerWaitMs = 10_000;
/** At a time. The others wait in the inbox, which is bounded. */
const entriesMax = 100;
/** Its result is kept under it. */
const idMax = 100;

export interface OperatorDeskOptions {
  readonly inbox: OperatorInbox;
  readonly client: Pick<ClusterClient, 'submit'>;
  readonly trail: Pick<AuditTrail, 'append'>;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class OperatorDesk implements Service {
  readonly #options: OperatorDeskOptions;
  /** By position: entries that are being handled. */
  readonly #handled = new Map<string, Promise<void>>();
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: OperatorDeskOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#look();
  }

  /** Does not wait for answers: what is not answered yet is taken by another coordinator, or by the next. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  /** Never rejects: without the store the inbox is looked at later. */
  async #look(): Promise<void> {
    const { inbox, clock } = this.#options;
    try {
      for (const entry of await inbox.entries(entriesMax)) {
        if (this.#isStopped || this.#handled.has(entry.position)) continue;
        const done = this.#handle(entry).finally(() => this.#handled.delete(entry.position));
        this.#handled.set(entry.position, done);
      }
    } catch {
      // Told by those who need the store.
    }
    if (!this.#isStopped) this.#timer = clock.after(lookEveryMs, () => void this.#look());
  }

  /** Never rejects: an entry that is still there is handled again. */
  async #handle(entry: InboxEntry): Promise<void> {
    const { inbox, client, logger } = this.#options;
    const { position, id } = entry;
    try {
      const asked = parsed(entry.body);
      const body = id.length > idMax ? undefined : operatorRequest(asked);
      if (!body) {
        logger.warn({ position }, 'refused what an operator asked for: it is not for operators');
        const { op } = asked;
        const action = typeof op === 'string' ? op : 'unknown';
        if (await inbox.remove(position)) {
          await this.#keep(entry, { action, targets: [], detail: null, outcome: 'refused' });
        }
        return;
      }
      const requestId = operatorRequestId(entry);
      const { kind: outcome } = await client.submit(body, { requestId, timeoutMs: answerWaitMs });
      if (await inbox.remove(position)) {
        await this.#keep(entry, { ...auditedRequest(body), outcome });
      }
    } catch (error) {
      if (isRetriable(error)) return;
      logger.error({ id, error: toError(error).stack }, 'request of an operator failed');
    }
  }

  async #keep(
    { who, from }: InboxEntry,
    what: Pick<AuditEntry, 'action' | 'targets' | 'detail' | 'outcome'>,
  ): Promise<void> {
    const { trail, logger } = this.#options;
    const entry = { who, from, by: 'unverified', role: 'operator', ...what, status: null };
    try {
      await trail.append(entry);
    } catch (error) {
      logger.error({ ...entry, error: toError(error).message }, 'the audit trail took no entry');
    }
  }
}

/** Empty, if it cannot be read. */
function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
