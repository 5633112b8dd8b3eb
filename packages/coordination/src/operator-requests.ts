/**
 * What an operator may ask for: to start, stop and move what others have defined. Operators who come through the store
 * cannot add requests themselves. They put theirs into an inbox, which takes anything, and here it is decided what of it
 * becomes a request.
 */
import { SluiceError } from '@sluice/kernel';

import type { AuditedCaller } from './audit.ts';
import type { TargetState } from './model.ts';
import type { RequestBody, RequestOperation } from './requests.ts';

/** As it was put in, by anybody who may: nothing of it is checked. */
export interface InboxEntry {
  readonly position: string;
  readonly id: string;
  /** JSON. */
  readonly body: string;
  readonly who: string;
  readonly from: string;
}

export interface OperatorInbox {
  /** Returns its position. @throws SluiceError `requests.full`. */
  put(entry: Omit<InboxEntry, 'position'>): Promise<string>;
  /** Oldest first. */
  entries(max: number): Promise<InboxEntry[]>;
  /** Whether it was still there: of several who remove it, one is told so. */
  remove(position: string): Promise<boolean>;
}

export type OperatorCaller = Pick<AuditedCaller, 'who' | 'from'>;

/**
 * Another one than any that an admin's request may have, and than that of any other entry, whatever id its writer gave it:
 * nobody gets the answer to what somebody else asked, or to what they asked before. The position alone could come again,
 * in an inbox that was emptied by who wrote the last possible one.
 */
export function operatorRequestId({ position, id }: Pick<InboxEntry, 'position' | 'id'>): string {
  return `operator:${position}:${id}`;
}

/** Made anew, of the fields that are known: nothing else that stands there goes on. Undefined: not for an operator. */
export function operatorRequest(body: unknown): RequestBody | undefined {
  if (typeof body !== 'object' || body === null) return undefined;
  const fields = body as Readonly<Record<string, unknown>>;
  const operation = operationOf(fields);
  if (!operation) return undefined;
  const { protocol } = fields;
  return isCount(protocol) ? { ...operation, protocol } : operation;
}

export function needsAdmin(what: string): SluiceError {
  return new SluiceError(
    'store.denied',
    `to ${what} needs an admin: this user is an operator, who may pause, resume, stop and restart connectors, and drain, cordon and uncordon workers`,
  );
}

/** What a request names is kept with its result, in events and on the board. */
const nameMax = 1_000;
const targetStates: readonly TargetState[] = ['STARTED', 'PAUSED', 'STOPPED'];

function operationOf(fields: Readonly<Record<string, unknown>>): RequestOperation | undefined {
  const { op, connector, worker } = fields;
  switch (op) {
    case 'target': {
      const state = targetStates.find((each) => each === fields['state']);
      return isName(connector) && state ? { op, connector, state } : undefined;
    }
    case 'restart': {
      if (!isName(connector)) return undefined;
      const { task, includeTasks, onlyFailed } = fields;
      return {
        op,
        connector,
        ...(isCount(task) && { task }),
        ...(includeTasks === true && { includeTasks }),
        ...(onlyFailed === true && { onlyFailed }),
      };
    }
    case 'drain':
    case 'cordon':
    case 'uncordon':
      return isName(worker) ? { op, worker } : undefined;
    default:
      return undefined;
  }
}

function isName(value: unknown): value is string {
  return typeof value === 'string' && value.length <= nameMax;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}
