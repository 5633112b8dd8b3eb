/** Runs scripts on one Redis, and turns what goes wrong into errors that say what to do. */

import { SluiceError } from '@sluice/kernel';
import type { Redis } from 'ioredis';

import { storeError } from './errors.ts';
import type { Keys } from './keys.ts';
import { Reply } from './reply.ts';
import { scriptSource } from './script-source.ts';

export type ScriptName =
  | 'adopt'
  | 'announce'
  | 'append-audit'
  | 'append-events'
  | 'append-log-lines'
  | 'apply-request'
  | 'assignments'
  | 'beat'
  | 'changes'
  | 'claim'
  | 'create-connector-unit'
  | 'declare-dead'
  | 'drain'
  | 'end-quarantine'
  | 'fence-offsets'
  | 'forget'
  | 'forget-topics'
  | 'grant'
  | 'join'
  | 'lead'
  | 'leave'
  | 'mark-journaled'
  | 'note-topics'
  | 'orphan'
  | 'publish-tasks'
  | 'put-in-inbox'
  | 'put-session'
  | 'raise-epoch'
  | 'raise-protocol'
  | 'records'
  | 'refence'
  | 'release'
  | 'remove-from-inbox'
  | 'remove-session'
  | 'report'
  | 'resign'
  | 'restore'
  | 'revoke'
  | 'role-of-user'
  | 'set-logger-level'
  | 'start-quarantine'
  | 'submit'
  | 'sweep'
  | 'task-sets'
  | 'tell-load'
  | 'withdraw';

export type Argument = string | number;

export class Scripts {
  readonly #redis: Redis;
  readonly #keys: Keys;

  constructor(redis: Redis, keys: Keys) {
    this.#redis = redis;
    this.#keys = keys;
  }

  /** @throws SluiceError `store.unreachable`, `store.denied`, `store.failed`. */
  async run(name: ScriptName, args: readonly Argument[]): Promise<Reply> {
    const { sha, text } = scriptSource(name);
    const { tag } = this.#keys;
    try {
      return new Reply(name, await this.#redis.evalsha(sha, 1, tag, inOne(args)));
    } catch (error) {
      if (!isUnknownScript(error)) throw storeError(error, this.#redis, name);
    }
    // Redis was restarted, or somebody flushed its scripts: send the text, which it keeps again.
    try {
      return new Reply(name, await this.#redis.eval(text, 1, tag, inOne(args)));
    } catch (error) {
      throw storeError(error, this.#redis, name);
    }
  }

  /** A script of the leader's: the first argument is its term. @throws `coordination.not_leader`. */
  async runAsLeader(
    name: ScriptName,
    term: { readonly coordinator: string; readonly epoch: number },
    args: readonly Argument[],
  ): Promise<Reply> {
    const reply = await this.run(name, [`${term.coordinator}|${term.epoch}|`, ...args]);
    if (!reply.is('not-leader')) return reply;
    throw new SluiceError(
      'coordination.not_leader',
      `the term ${term.epoch} of ${term.coordinator} is over: another coordinator leads, or none`,
      { details: { coordinator: term.coordinator, epoch: term.epoch } },
    );
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/**
 * The driver takes arguments in arrays, too, which its types do not say. As arguments of a call, the tens of thousands
 * that a request for thousands of connectors makes would not fit on the stack.
 */
function inOne(args: readonly Argument[]): Argument {
  return args as unknown as Argument;
}
