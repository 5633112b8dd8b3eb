/**
 * The executor's side: a worker thread or a child process that holds actors. It obeys the control thread,
 * decides nothing about placement or restarts, and survives the failures of its actors as long as it is
 * known whose they are.
 */
import { getHeapStatistics } from 'node:v8';
import { assertNever, systemClock, toError } from '@sluice/kernel';
import type { ExecutorBoard } from '../executor-board.ts';
import { BoardLease } from '../lease.ts';
import { Outbox } from '../outbox.ts';
import { type Command, lingerMs, type Report } from '../protocol.ts';
import type { ActorFactory, Lease } from '../types.ts';
import { ActorCell, traceOf } from './actor-cell.ts';
import { enter, outsideActors, runNow, trackRunning } from './attribution.ts';
import { type ExecutorChannel, openChannel } from './channel.ts';
import { DelayMeter } from './delay-meter.ts';

/** What the actors of one executor share. */
export interface ExecutorEnvironment {
  /** `shared-0`, `dedicated-3`. */
  readonly id: string;
  readonly kind: 'shared' | 'dedicated';
  /** `ActorHostOptions.executorData`. */
  readonly data: unknown;
  /** Of the whole executor: for the sockets that its actors share. */
  readonly lease: Lease;
  /** `ActorHost.broadcast`; to be called while the factory is made. Must not throw. */
  readonly onBroadcast: (listener: (message: unknown) => void) => void;
  /** To `ActorHostEvents.told`; structured-clonable, else it is dropped. Not more than some a second. */
  readonly tell: (message: unknown) => void;
}

/**
 * The entry module of an executor calls this once.
 *
 * @example
 *   await runExecutor(async ({ data, lease }) => {
 *     const log = await openLog(data);
 *     lease.onExpired(() => log.destroySockets());
 *     return (spec, context) => new TaskActor(spec, context, log);
 *   });
 */
export async function runExecutor(
  createFactory: (environment: ExecutorEnvironment) => ActorFactory | Promise<ActorFactory>,
): Promise<void> {
  const channel = await openChannel();
  const { boot, board } = channel;
  const lease = new BoardLease(board, systemClock);
  const listeners: ((message: unknown) => void)[] = [];
  const told: Report[] = [];
  let tell = (report: Report): void => void told.push(report);
  const factory = await lastWords(channel, async () =>
    createFactory({
      id: boot.id,
      kind: boot.kind,
      data: boot.data,
      lease,
      onBroadcast: (listener) => void listeners.push(listener),
      tell: (message) => tell({ kind: 'told', message }),
    }),
  );
  const executor = new Executor(channel, factory, lease, (message) => {
    for (const listener of listeners) listener(message);
  });
  executor.start();
  tell = (report) => executor.tell(report);
  for (const report of told) tell(report);
}

/** An executor that cannot start says why, and ends. */
async function lastWords<Result>(
  channel: ExecutorChannel,
  begin: () => Promise<Result>,
): Promise<Result> {
  try {
    return await begin();
  } catch (error) {
    await channel.postLast({ kind: 'crashed', trace: traceOf(toError(error)) });
    return process.exit(1);
  }
}

class Executor {
  readonly #channel: ExecutorChannel;
  readonly #board: ExecutorBoard;
  readonly #factory: ActorFactory;
  readonly #lease: BoardLease;
  readonly #broadcast: (message: unknown) => void;
  readonly #cells = new Map<number, ActorCell>();
  readonly #outbox: Outbox<Report>;
  readonly #delay = new DelayMeter(systemClock);

  constructor(
    channel: ExecutorChannel,
    factory: ActorFactory,
    lease: BoardLease,
    broadcast: (message: unknown) => void,
  ) {
    this.#broadcast = broadcast;
    this.#channel = channel;
    this.#board = channel.board;
    this.#factory = factory;
    this.#lease = lease;
    this.#outbox = new Outbox({
      post: (reports) => channel.post(reports),
      refused: (report, error) => {
        if ('run' in report) this.#cells.get(report.run)?.fail(error);
      },
    });
  }

  start(): void {
    trackRunning(this.#board);
    process.on('uncaughtException', (error) => this.#uncaught(error));
    process.on('unhandledRejection', (reason) => this.#uncaught(reason));
    this.#lease.onExpired(() => {
      if (!this.#lease.isEnded) return;
      for (const cell of this.#cells.values()) cell.abandon();
    });
    this.#channel.listen((commands) => {
      for (const command of commands) this.#obey(command);
    });
    this.#lease.look();
    setInterval(() => this.#tick(), this.#channel.boot.tickMs).unref();
    this.#tick();
    this.#outbox.push({ kind: 'ready' });
  }

  /** Posting is nobody's work: it must not be blamed on an actor. */
  tell(report: Report): void {
    outsideActors(() => this.#outbox.push(report));
  }

  #obey(command: Command): void {
    switch (command.kind) {
      case 'start':
        this.#startActor(command);
        return;
      case 'tell':
        this.#cells.get(command.run)?.tell(command.message);
        return;
      case 'broadcast':
        this.#broadcast(command.message);
        return;
      case 'stop':
        this.#cells.get(command.run)?.stop(command.reason);
        return;
      case 'lease':
        // For a thread the board holds it already, or a later one.
        if (this.#channel.boot.board === undefined) this.#board.setLease(command);
        this.#lease.look();
        return;
      default:
        assertNever(command);
    }
  }

  #startActor({ graceMs, run, spec }: Command & { kind: 'start' }): void {
    const cell = new ActorCell({
      run,
      spec,
      factory: this.#factory,
      lease: this.#lease,
      clock: systemClock,
      graceMs,
      lingerMs,
      enter: (action) => enter(this.#board, run, action),
      report: (report) => this.tell(report),
      gone: () => this.#cells.delete(run),
    });
    this.#cells.set(run, cell);
    // Inside the actor's context from its first line, so that every continuation of its life is its own.
    void enter(this.#board, run, () => cell.live());
  }

  /** The one who did it fails; when nobody did, the control thread replaces this executor. */
  #uncaught(thrown: unknown): void {
    const run = runNow();
    const cell = this.#cells.get(run);
    if (cell) {
      cell.fail(thrown);
    } else if (run === 0) {
      this.#outbox.push({ kind: 'crashed', trace: traceOf(toError(thrown)) });
    }
    // Else it is left over from an actor that has ended: no lease, nobody to fail.
  }

  #tick(): void {
    const { used_heap_size: heapBytes, external_memory: externalBytes } = getHeapStatistics();
    this.#board.setMemory({ heapBytes, externalBytes });
    this.#board.delayMs = this.#delay.p99Ms();
    this.#lease.look();
    this.#channel.tick();
  }
}
