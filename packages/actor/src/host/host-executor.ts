/**
 * The control thread's record of one executor.
 *
 *     starting ──ready──▶ ready ──something overstayed, leaked or crashed──▶ retiring
 *         └──────────────────┴── blocked, or all of a retiring one moved ──▶ abandoned ──▶ exited
 *
 * Abandoned: its board says so, so that no effect of it is allowed any more, and its end was ordered. A
 * thread in a system call stays in this state until the call returns.
 */

import { Outbox } from '../outbox.ts';
import type { Command } from '../protocol.ts';
import type { ActorEntry } from './actor-entry.ts';
import type { ExecutorHandle, ExitCause } from './executor-handle.ts';

export type ExecutorState = 'starting' | 'ready' | 'retiring' | 'abandoned' | 'exited';

export class HostExecutor {
  readonly id: string;
  readonly kind: 'shared' | 'dedicated';
  readonly handle: ExecutorHandle;
  /** Lives in it, by run. */
  readonly runs = new Map<number, ActorEntry>();
  /** Runs that are over their grace and still there. */
  readonly lingering = new Set<number>();
  /** Addresses of what was in it when it was lost: their code is gone only with the exit. */
  readonly ghosts = new Set<string>();
  /** Resolves with the exit event. */
  readonly exited: Promise<void>;
  state: ExecutorState = 'starting';
  /** Why it was lost, for those who wait for its exit. */
  lostBecause: ExitCause | undefined;
  silentMs = 0;
  overLimitMs = 0;
  lastTicks = 0;
  lastTickAtMs: number;
  readonly #groups = new Map<string, number>();
  readonly #outbox: Outbox<Command>;
  readonly #resolveExited: () => void;
  /** Until it is ready: a process would lose them. */
  #early: Command[] | undefined = [];

  constructor(options: {
    readonly id: string;
    readonly kind: 'shared' | 'dedicated';
    readonly handle: ExecutorHandle;
    readonly nowMs: number;
    readonly refused: (command: Command, error: unknown) => void;
  }) {
    this.id = options.id;
    this.kind = options.kind;
    this.handle = options.handle;
    this.lastTickAtMs = options.nowMs;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.exited = promise;
    this.#resolveExited = resolve;
    this.#outbox = new Outbox({
      post: (commands) => this.handle.post(commands),
      refused: options.refused,
    });
  }

  /** May be given actors. */
  get isOpen(): boolean {
    return this.state === 'starting' || this.state === 'ready';
  }

  /** Commands reached it: actors may have run in it. */
  get wasReady(): boolean {
    return this.#early === undefined;
  }

  /** Its code may still run. */
  get isAlive(): boolean {
    return this.state !== 'exited';
  }

  /**
   * It confirmed, after the deadline, that nothing is in flight; or there never was anything. One that is abandoned
   * may do nothing from then on: until it exits it is as quiet as it was.
   */
  isQuiet(nowMs: number): boolean {
    if (this.state === 'starting' || this.state === 'exited') return true;
    const { quiesceAtMs, quietForMs } = this.handle.board;
    return nowMs >= quiesceAtMs && quietForMs >= quiesceAtMs;
  }

  send(command: Command): void {
    if (this.#early) this.#early.push(command);
    else if (this.state !== 'abandoned' && this.state !== 'exited') this.#outbox.push(command);
  }

  ready(): void {
    this.state = 'ready';
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const command of early) this.#outbox.push(command);
  }

  /** First the board, so that whatever happens afterwards, no effect of it is allowed any more. */
  abandon(cause: ExitCause): void {
    this.handle.board.abandon();
    if (this.state === 'abandoned' || this.state === 'exited') return;
    this.state = 'abandoned';
    this.lostBecause ??= cause;
    this.#outbox.close();
    this.handle.kill();
  }

  markExited(cause: ExitCause): void {
    this.handle.board.abandon();
    this.state = 'exited';
    this.lostBecause ??= cause;
    this.#outbox.close();
    this.#resolveExited();
  }

  add(run: number, entry: ActorEntry): void {
    this.runs.set(run, entry);
    const { group } = entry.spec;
    if (group !== undefined) this.#groups.set(group, this.countOfGroup(group) + 1);
  }

  remove(run: number): void {
    const group = this.runs.get(run)?.spec.group;
    this.runs.delete(run);
    this.lingering.delete(run);
    if (group !== undefined) this.#groups.set(group, this.countOfGroup(group) - 1);
  }

  countOfGroup(group: string | undefined): number {
    return group === undefined ? 0 : (this.#groups.get(group) ?? 0);
  }

  get runningEntry(): ActorEntry | undefined {
    return this.runs.get(this.handle.board.running);
  }
}
