/** What all commands share: their context, and how a request to the cluster ends. */
import type { ClusterSnapshot, RequestBody, RequestResult } from '@sluice/coordination';
import { newId } from '@sluice/kernel';

import { CliError, exitCodes } from '../exit-codes.ts';
import type { Io } from '../io.ts';
import type { GlobalOptions, WaitOptions } from '../options.ts';
import type { NotedChange, OpenSession, Session } from '../session.ts';

export interface CommandContext {
  readonly io: Io;
  readonly open: OpenSession;
}

export type DoneResult = Extract<RequestResult, { kind: 'done' }>;

export interface RequestOptions {
  readonly global: GlobalOptions;
  readonly waiting: WaitOptions;
  /** As it was before the request. */
  readonly before: ClusterSnapshot;
  /** Takes what is to be told of a request that is pending; by default it is printed. */
  readonly tell?: (told: Told) => void;
  /** Says where the thing that a line of the refusal is about comes from. */
  readonly locate?: (line: string) => string;
}

/** One line for people, one object for programs. */
export interface Told {
  readonly text: string;
  readonly data: object;
}

/** How long a leader that is there gets; with none there, only as long as one may be taking over. */
const resultLimitMs = 10_000;
const leaderlessLimitMs = 300;

/** Runs `action` on a connection of its own, closed before this returns. */
export async function withSession<Result>(
  { open }: CommandContext,
  options: GlobalOptions,
  purpose: 'read' | 'write',
  action: (session: Session) => Promise<Result>,
): Promise<Result> {
  const session = await open(options, purpose);
  try {
    return await action(session);
  } finally {
    await session.close();
  }
}

/** Keeps in the audit trail what was changed in the log, which is not asked of the cluster. */
export async function note(
  context: CommandContext,
  options: GlobalOptions,
  what: NotedChange,
): Promise<void> {
  await withSession(context, options, 'read', (session) => session.note(what));
}

/**
 * Stores the request and waits for the leader's answer. Undefined: there was none in time; that is then
 * told, and is no error unless --wait was given.
 * @throws CliError when the leader refused it.
 */
export async function request(
  context: CommandContext,
  session: Session,
  body: RequestBody,
  { global, waiting, before, locate, tell }: RequestOptions,
): Promise<DoneResult | undefined> {
  const requestId = newId();
  const patienceMs = before.leader ? resultLimitMs : leaderlessLimitMs;
  const timeoutMs = waiting.wait ? waiting.timeoutMs : patienceMs;
  const outcome = await session.client.submit(body, { timeoutMs, requestId });
  switch (outcome.kind) {
    case 'done':
      return outcome;
    case 'refused':
      throw refusedError(outcome, locate);
    case 'pending': {
      const text = pendingText(outcome.reason);
      if (waiting.wait) throw new CliError(exitCodes.timeout, text);
      const data = { pending: true, requestId, reason: outcome.reason };
      if (tell) tell({ text, data });
      else printOutcome(context, global, { text, data });
      return undefined;
    }
  }
}

function refusedError(
  refusal: Extract<RequestResult, { kind: 'refused' }>,
  locate: RequestOptions['locate'],
): CliError {
  const lines = refusal.errors && refusal.errors.length > 0 ? refusal.errors : [refusal.message];
  if (refusal.status === 404) return new CliError(exitCodes.notFound, lines.join('\n'));
  if (!locate) return new CliError(exitCodes.invalid, lines.join('\n'));
  const located = ['refused, and nothing was applied:', ...lines.map(locate)];
  return new CliError(exitCodes.invalid, located.join('\n'));
}

export function printOutcome({ io }: CommandContext, { json }: GlobalOptions, outcome: Told): void {
  io.out(json ? JSON.stringify(outcome.data, undefined, 2) : outcome.text);
}

function pendingText(reason: string): string {
  return reason === 'no coordinator is up'
    ? 'accepted, pending: no coordinator is up; it is applied as soon as one starts'
    : `accepted, pending: ${reason}; it is applied as soon as it can`;
}
