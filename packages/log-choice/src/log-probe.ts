/**
 * Asks the record log now and then whether it answers, with a client of its own, so that `/health` and the log of
 * the process say what is wrong with it, before and while tasks wait for it.
 *
 * Owns one client and one loop: every `intervalMs` while the log answers; while it does not, after a back-off.
 * Each attempt is limited. What is wrong is logged when it begins or changes, and again every minute.
 */
import {
  backoffMs,
  type Clock,
  type Logger,
  type Service,
  SluiceError,
  systemClock,
  toError,
} from '@sluice/kernel';
import type { LogCapabilities, RecordLog } from '@sluice/record-log';

import { openLog } from './open-log.ts';
import { type LogKind, type LogSettings, logAddress } from './settings.ts';

export type LogPromise = Pick<LogCapabilities, 'durability' | 'meaning'>;

export interface LogHealth {
  readonly kind: LogKind;
  /** Without user and password. */
  readonly address: string;
  readonly reachable: boolean;
  /** What its acknowledgement means, as far as it has said. */
  readonly promise: LogPromise | null;
  readonly message: string;
}

export interface LogProbeOptions {
  readonly settings: LogSettings;
  readonly cluster: string;
  readonly clientId: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Default 10 s. */
  readonly intervalMs?: number;
  /** For tests. */
  readonly open?: typeof openLog;
}

const intervalDefaultMs = 10_000;
const attemptMs = 5_000;
const retryBackoff = { initialMs: 500, maxMs: 5_000 };
const remindMs = 60_000;

export class LogProbe implements Service {
  readonly #options: LogProbeOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #loop: Promise<void> | undefined;
  #log: RecordLog | undefined;
  #hasAnswered = false;
  #problem: string | undefined = 'has not answered yet';
  #promise: LogPromise | undefined;
  #toldMs = -Infinity;
  #failingSinceMs = 0;

  constructor(options: LogProbeOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  /** It answered at least once since the start of this process: the settings are right. */
  get hasAnswered(): boolean {
    return this.#hasAnswered;
  }

  /** Of the last answer; undefined before the first, and while it says nothing. */
  get promise(): LogPromise | undefined {
    return this.#promise;
  }

  get health(): LogHealth {
    const { settings } = this.#options;
    return {
      kind: settings.kind,
      address: logAddress(settings),
      reachable: this.#problem === undefined,
      promise: this.#promise ?? null,
      message: this.#problem ?? 'The record log answers.',
    };
  }

  async start(): Promise<void> {
    this.#failingSinceMs = this.#clock.monotonicMs();
    this.#loop ??= this.#run();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#log?.destroy();
    await this.#loop;
    // One that was being opened just then.
    this.#log?.destroy();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    for (let failures = 0; !signal.aborted; ) {
      try {
        await this.#ask();
        if (signal.aborted) return;
        this.#noteAnswer();
        failures = 0;
      } catch (error) {
        if (signal.aborted) return;
        this.#noteFailure(error);
        failures += 1;
      }
      const { intervalMs = intervalDefaultMs } = this.#options;
      const waitMs = failures === 0 ? intervalMs : backoffMs(failures, retryBackoff);
      await this.#clock.sleep(waitMs, signal).catch(() => {});
    }
  }

  /** A client that could not be used is replaced: its files, and so its certificates, are read anew. */
  async #ask(): Promise<void> {
    const { settings, cluster, clientId, open = openLog } = this.#options;
    this.#log ??= await open(settings, {
      cluster,
      clientId,
      connectTimeoutMs: attemptMs,
      requestTimeoutMs: attemptMs,
    });
    this.#stopping.signal.throwIfAborted();
    const log = this.#log;
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = this.#clock.after(2 * attemptMs, () => reject(this.#tooLate()));
    const onStop = (): void => reject(this.#stopping.signal.reason);
    this.#stopping.signal.addEventListener('abort', onStop);
    try {
      const promise = await Promise.race([question(settings, log, cluster), late]);
      if (promise) this.#notePromise(promise);
    } catch (error) {
      log.destroy();
      this.#log = undefined;
      throw error;
    } finally {
      timer.cancel();
      this.#stopping.signal.removeEventListener('abort', onStop);
    }
  }

  #tooLate(): SluiceError {
    const { settings } = this.#options;
    return new SluiceError(
      'log.unreachable',
      `the record log (${settings.kind} at ${logAddress(settings)}) did not answer within ${(2 * attemptMs) / 1_000} s: check that it runs and that the address is right`,
      { retriable: true },
    );
  }

  #noteAnswer(): void {
    const { logger, settings } = this.#options;
    const hadProblem = this.#problem !== undefined;
    this.#problem = undefined;
    this.#hasAnswered = true;
    if (!hadProblem) return;
    const afterMs = Math.round(this.#clock.monotonicMs() - this.#failingSinceMs);
    const log = { kind: settings.kind, address: logAddress(settings) };
    logger.info({ log, afterMs }, 'record log answers');
  }

  /** Told at the start, and when somebody changes the server's settings. */
  #notePromise({ durability, meaning }: LogPromise): void {
    const isNews = this.#promise?.meaning !== meaning;
    this.#promise = { durability, meaning };
    if (!isNews) return;
    const { logger, settings } = this.#options;
    const level = durability === 'durable' ? 'info' : 'warn';
    logger[level](
      { log: { kind: settings.kind, address: logAddress(settings) }, durability },
      `what the record log's acknowledgement means: ${meaning}`,
    );
  }

  #noteFailure(thrown: unknown): void {
    const error = toError(thrown);
    const nowMs = this.#clock.monotonicMs();
    if (this.#problem === undefined) this.#failingSinceMs = nowMs;
    const isNews = this.#problem !== error.message || nowMs - this.#toldMs >= remindMs;
    this.#problem = error.message;
    if (!isNews) return;
    this.#toldMs = nowMs;
    const { logger, settings } = this.#options;
    const code = error instanceof SluiceError ? error.code : 'log.failed';
    const log = { kind: settings.kind, address: logAddress(settings) };
    logger.warn({ log, code, reason: error.message }, 'record log cannot be used, tasks wait');
  }
}

/**
 * What costs a log little to answer, and proves that it can be used. A log on Kafka is not started for it: that
 * would read all offsets of sources into this thread.
 */
async function question(
  settings: LogSettings,
  log: RecordLog,
  cluster: string,
): Promise<LogPromise | undefined> {
  if (settings.kind === 'redis') {
    await log.start();
    return log.capabilities;
  }
  const topic = settings.kafka.offsetStorageTopic ?? `sluice-${cluster}-offsets`;
  const known = await log.topics.describe([topic]);
  // The first task creates it; until then nobody knows how many replicas there will be.
  return known.has(topic) ? log.capabilities : undefined;
}
