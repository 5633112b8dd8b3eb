/**
 * A JVM that runs until it is told to end, and can be started again: a broker, a Connect worker.
 *
 * States: new → (start) running → (kill | end) gone → (start) running → …
 * Not ready within the limit, or gone before: an error with the end of what it printed.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, type WriteStream, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { spawnGuarded } from './guarded-process.ts';
import { type JavaCall, javaArguments, javaEnvironment } from './kafka-java.ts';
import { waitFor } from './wait-for.ts';

const outputCharactersMax = 256 * 1024;
const shownCharactersMax = 4 * 1024;

export interface JavaProcessOptions {
  /** In errors: `Kafka broker 1`. */
  readonly name: string;
  /** Its working folder, to which its pid is written. */
  readonly dir: string;
  readonly call: () => JavaCall;
  /** Looks whether it is ready; `output` is all that it has printed since it was started. */
  readonly isReady: (output: string) => boolean | Promise<boolean>;
  readonly readyTimeoutMs: number;
  readonly detached?: boolean;
  readonly logFile?: string;
}

export class JavaProcess {
  readonly #options: JavaProcessOptions;
  #child: ChildProcess | undefined;
  #output = '';
  #log: WriteStream | undefined;

  constructor(options: JavaProcessOptions) {
    this.#options = options;
  }

  /** Of the process that runs now, or ran last; -1 before the first. */
  get pid(): number {
    return this.#child?.pid ?? -1;
  }

  get hasEnded(): boolean {
    const child = this.#child;
    return child === undefined || child.exitCode !== null || child.signalCode !== null;
  }

  /** What it has printed since it was started, the last 256 KiB. */
  output(): string {
    return this.#output;
  }

  async start(): Promise<void> {
    const { name, dir, call, isReady, readyTimeoutMs, detached = false } = this.#options;
    const javaCall = call();
    this.#output = '';
    const child = spawnGuarded({
      command: javaCall.home.java,
      args: javaArguments(javaCall),
      cwd: dir,
      detached,
      env: javaEnvironment,
    });
    this.#child = child;
    this.#collect(child);
    let failure: Error | undefined;
    child.once('error', (error) => {
      failure = error;
    });
    // `close`, and not `exit`: by then all that it printed has been read, which says why it ended.
    let isClosed = false;
    child.once('close', () => {
      isClosed = true;
    });
    if (child.pid !== undefined) writeFileSync(join(dir, 'pid'), String(child.pid));
    try {
      await waitFor(
        async () => failure !== undefined || isClosed || (await isReady(this.#output)),
        { what: `${name} to be ready`, timeoutMs: readyTimeoutMs, intervalMs: 10 },
      );
    } catch (error) {
      await this.kill('SIGKILL');
      throw this.#startError('java.not_ready', error);
    }
    if (failure !== undefined) throw this.#startError('java.not_started', failure);
    if (isClosed) {
      const isTaken = /address already in use/i.test(this.#output);
      throw this.#startError(isTaken ? 'java.port_taken' : 'java.ended', undefined);
    }
  }

  /** Sends the signal; waits for the end after SIGKILL and SIGTERM, not after SIGSTOP or SIGCONT. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.pid === undefined || this.hasEnded) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    if (signal === 'SIGKILL' || signal === 'SIGTERM' || signal === 'SIGINT') await ended;
  }

  /** In order by SIGTERM, or by force when that takes longer than the limit. */
  async end(limitMs: number): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.pid === undefined || this.hasEnded) return;
    const ended = once(child, 'exit');
    child.kill('SIGTERM');
    // A frozen one would not see the signal.
    child.kill('SIGCONT');
    const force = setTimeout(() => child.kill('SIGKILL'), limitMs);
    await ended;
    clearTimeout(force);
  }

  /** The end of what it printed, for errors. */
  describe(): string {
    const shown = this.#output.slice(-shownCharactersMax).trimEnd();
    return `the end of what ${this.#options.name} printed:\n${shown}`;
  }

  #collect(child: ChildProcess): void {
    const { logFile } = this.#options;
    if (logFile !== undefined) {
      this.#log?.end();
      const log = createWriteStream(logFile, { flags: 'a' });
      // A full disk ends the log, not the process that is logged.
      log.on('error', () => log.destroy());
      this.#log = log;
      child.once('close', () => log.end());
    }
    const collect = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-outputCharactersMax);
      if (this.#log?.writable === true) this.#log.write(chunk);
    };
    child.stdout?.on('data', collect);
    child.stderr?.on('data', collect);
  }

  #startError(code: string, cause: unknown): SluiceError {
    return new SluiceError(code, `${this.#options.name} did not start; ${this.describe()}`, {
      details: { dir: this.#options.dir },
      cause,
    });
  }
}
