/**
 * One load of the module in a thread of its own.
 *
 * States: loading → running → ended (asked to stop) | failed. A module that does not finish importing, and
 * one that does not stop when it is asked to, are ended by force. `outcome` settles once, when the
 * thread is gone.
 */
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { systemClock, type Timer, toError } from '@sluice/kernel';
import type { SourceOffset } from '@sluice/record-log';

import type { DevTask, FailedStage, FromThread, ToThread } from './messages.ts';

export type DevOutcome =
  | { readonly kind: 'ended'; readonly offsets: readonly SourceOffset[] }
  | { readonly kind: 'failed'; readonly stage: FailedStage; readonly message: string };

const importLimitMs = 10_000;
const stopLimitMs = 6_000;

export class DevThread {
  readonly outcome: Promise<DevOutcome>;
  readonly #worker: Worker;
  readonly #onMessage: (message: FromThread) => void;
  readonly #settle: (outcome: DevOutcome) => void;
  #result: DevOutcome | undefined;
  readonly #importTimer: Timer;
  #hasStarted = false;

  constructor(task: DevTask, onMessage: (message: FromThread) => void) {
    const { promise, resolve } = Promise.withResolvers<DevOutcome>();
    this.outcome = promise;
    this.#settle = resolve;
    this.#onMessage = onMessage;
    // Beside this file, as a source or compiled.
    const entry = new URL(`./thread${extname(fileURLToPath(import.meta.url))}`, import.meta.url);
    this.#worker = new Worker(entry, { workerData: task, execArgv: process.execArgv });
    this.#worker.on('message', (message: FromThread) => this.#receive(message));
    this.#worker.on('error', (error: unknown) => this.#keep(crashed(error)));
    this.#worker.on('exit', (code) => this.#exited(code));
    this.#importTimer = systemClock.after(importLimitMs, () => {
      const message = `did not finish importing within ${importLimitMs / 1_000} s: move what it waits for into the connector`;
      this.#keep({ kind: 'failed', stage: 'load', message });
      void this.#worker.terminate();
    });
  }

  /** Resolves when the thread is gone. */
  async stop(): Promise<DevOutcome> {
    this.#send({ kind: 'stop' });
    // A module that is still being imported has nothing to put in order.
    const limitMs = this.#hasStarted ? stopLimitMs : 0;
    const timer = systemClock.after(limitMs, () => void this.#worker.terminate());
    const outcome = await this.outcome;
    timer.cancel();
    return outcome;
  }

  input(lines: readonly string[]): void {
    this.#send({ kind: 'input', lines });
  }

  #send(message: ToThread): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
    this.#worker.postMessage(message);
  }

  #receive(message: FromThread): void {
    if (message.kind === 'started') {
      this.#hasStarted = true;
      this.#importTimer.cancel();
    }
    if (message.kind === 'failed' || message.kind === 'ended') this.#keep(message);
    this.#onMessage(message);
  }

  /** The first thing that went wrong is the reason; what follows is its consequence. */
  #keep(outcome: DevOutcome): void {
    this.#result ??= outcome;
  }

  #exited(code: number): void {
    this.#importTimer.cancel();
    const why = `ended its thread with code ${code}: it must not call process.exit`;
    this.#settle(this.#result ?? { kind: 'failed', stage: 'run', message: why });
  }
}

function crashed(thrown: unknown): DevOutcome {
  const error = toError(thrown);
  const message = `threw where nothing could catch it:\n${error.stack ?? error.message}`;
  return { kind: 'failed', stage: 'run', message };
}
