/**
 * One life of a worker that runs one connector with its tasks in this thread: the actors that a real worker runs,
 * with a lease that can be taken away.
 *
 *     started ── stop ──▶ stopped   in order: offsets are stored
 *        └────── kill ──▶ dead      nothing is stored any more; the next life begins at the stored offsets
 */
import type { Actor, ActorContext, ActorFactory, Lease } from '@sluice/actor';
import {
  assertValidConfig,
  type ConnectorConfig,
  type ConnectorPlugin,
} from '@sluice/connector-api';
import { SluiceError, toError } from '@sluice/kernel';
import type { RecordLog } from '@sluice/record-log';
import {
  type ConnectorPayload,
  createRuntimeFactory,
  PluginRegistry,
  type RuntimeEvent,
  type RuntimeOptions,
  type TaskPayload,
} from '@sluice/runtime';

export interface TestWorkerOptions {
  readonly plugin: ConnectorPlugin;
  readonly config: ConnectorConfig;
  readonly log: RecordLog;
  readonly workerConfig: ConnectorConfig;
  readonly runtime?: Partial<RuntimeOptions>;
}

/** As a real worker allows a task. */
export const stopLimitMs = 5_000;
const startLimitMs = 10_000;

interface Running {
  readonly actor: Actor;
  readonly abort: AbortController;
}

/** Each life owns its tasks under a higher fence than the ones before. */
let lastFence = 0;

export class TestWorker {
  readonly #options: TestWorkerOptions;
  readonly #factory: ActorFactory;
  readonly #lease = new RevocableLease();
  readonly #running: Running[] = [];
  readonly #failed = Promise.withResolvers<never>();
  #ended: Promise<void> | undefined;

  private constructor(options: TestWorkerOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => {});
    this.#factory = createRuntimeFactory({
      offsetFlushIntervalMs: 50,
      sinkIdlePutMs: 50,
      topicRefreshMs: 200,
      ...options.runtime,
      log: options.log,
      plugins: new PluginRegistry([options.plugin]),
      cluster: 'contract',
      workerConfig: options.workerConfig,
    });
  }

  /**
   * Resolves when the connector and all its tasks were started.
   * @throws ConfigError for a wrong configuration; what failed the start.
   */
  static async start(options: TestWorkerOptions): Promise<TestWorker> {
    assertValidConfig(options.plugin.configDef.keys, options.config);
    const worker = new TestWorker(options);
    try {
      await within(Promise.race([worker.#start(), worker.#failed.promise]), startLimitMs, 'start');
    } catch (error) {
      await worker.stop().catch(() => {});
      throw error;
    }
    return worker;
  }

  /** Rejects with the first failure of the connector or a task. Never resolves. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** @throws Error if it takes longer than a real worker would wait. */
  stop(): Promise<void> {
    this.#ended ??= this.#end();
    return this.#ended;
  }

  /** At once; `ended` resolves when the plugin's code has noticed, and rejects if it does not in time. */
  kill(): void {
    this.#lease.revoke();
    for (const { abort } of this.#running) abort.abort(new Error('killed'));
    this.#ended ??= this.#end();
    this.#ended.catch(() => {});
  }

  get ended(): Promise<void> {
    return this.#ended ?? Promise.resolve();
  }

  async #start(): Promise<void> {
    const { config, plugin } = this.#options;
    const connector = config['name'] ?? 'contract';
    const payload: ConnectorPayload = {
      connector,
      config,
      targetState: 'STARTED',
      definitionVersion: 1,
    };
    const configs = Promise.withResolvers<readonly ConnectorConfig[]>();
    const actor = this.#create(`connector/${connector}`, 'connector', payload, (event) => {
      if (event.type === 'task-configs') configs.resolve(event.configs);
    });
    await actor.start();
    const all = await configs.promise;
    for (const [task, taskConfig] of all.entries()) {
      const taskPayload: TaskPayload = {
        connector,
        task,
        config: taskConfig,
        targetState: 'STARTED',
        definitionVersion: 1,
        taskCount: all.length,
      };
      const address = `task/${connector}/${String(task)}`;
      await this.#create(address, `${plugin.type}-task`, taskPayload, () => {}).start();
    }
  }

  #create(
    address: string,
    kind: string,
    payload: ConnectorPayload | TaskPayload,
    onEvent: (event: RuntimeEvent) => void,
  ): Actor {
    const abort = new AbortController();
    lastFence = Math.max(lastFence + 1, Date.now());
    const fence = lastFence;
    const context: ActorContext = {
      address,
      fence,
      lease: this.#lease,
      leaseBeyond: () => this.#lease,
      signal: abort.signal,
      setState: () => {},
      fail: (error) => {
        abort.abort(error);
        this.#failed.reject(toError(error));
      },
      emit: (event) => onEvent(event as RuntimeEvent),
    };
    const actor = this.#factory({ address, fence, kind, payload }, context);
    this.#running.push({ actor, abort });
    return actor;
  }

  async #end(): Promise<void> {
    const stops = this.#running.map(async ({ actor, abort }) => {
      try {
        await within(actor.stop('stop'), stopLimitMs, 'stop');
      } finally {
        abort.abort(new Error('the grace of the stop is over'));
      }
    });
    const results = await Promise.allSettled(stops);
    this.#lease.revoke();
    await this.#options.log.stop();
    const failure = results.find((result) => result.status === 'rejected');
    if (failure) throw failure.reason;
  }
}

/** @throws Error that says what took too long. */
export async function within<Result>(
  work: Promise<Result>,
  limitMs: number,
  what: string,
): Promise<Result> {
  const limit = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => limit.reject(new Error(`${what} took longer than ${String(limitMs)} ms`)),
    limitMs,
  );
  try {
    return await Promise.race([work, limit.promise]);
  } finally {
    clearTimeout(timer);
  }
}

class RevocableLease implements Lease {
  readonly #revoked = new AbortController();

  revoke(): void {
    this.#revoked.abort(
      new SluiceError('lease.expired', 'the lease was revoked', { fenced: true }),
    );
  }

  isFresh(): boolean {
    return this.isHeld();
  }

  isHeld(): boolean {
    return !this.#revoked.signal.aborted;
  }

  assertHeld(): void {
    this.#revoked.signal.throwIfAborted();
  }

  onExpired(listener: () => void): () => void {
    const { signal } = this.#revoked;
    const entry = (): void => listener();
    signal.addEventListener('abort', entry, { once: true });
    return () => signal.removeEventListener('abort', entry);
  }

  async untilFresh(): Promise<void> {
    this.assertHeld();
  }
}
