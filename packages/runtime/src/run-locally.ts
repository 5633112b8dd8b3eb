/**
 * Runs one connector with its tasks in this thread: no cluster, no lease, no restarts. For `sluice dev` and
 * for tests of connectors. The same actors as in a worker run; only what surrounds them is missing.
 */
import type { Actor, ActorContext, ActorFactory, Lease } from '@sluice/actor';
import {
  assertValidConfig,
  type ConnectorConfig,
  type ConnectorPlugin,
  type RecordMetadata,
  type SinkRecord,
  type SourceRecord,
} from '@sluice/connector-api';
import { type Clock, type Logger, systemClock, toError } from '@sluice/kernel';
import type { RecordLog } from '@sluice/record-log';

import type { RecordObserver, RuntimeOptions } from './options.ts';
import type { ConnectorPayload, RuntimeEvent, TaskPayload } from './payloads.ts';
import { PluginRegistry } from './plugin-registry.ts';
import { createRuntimeFactory } from './runtime-factory.ts';
import { withinLimit } from './within-limit.ts';

/** A record that a source wrote to the log (with where it went), or that a sink has put. */
export type LocalRecord = (SourceRecord & RecordMetadata) | SinkRecord;

export interface LocalRun {
  readonly plugin: ConnectorPlugin;
  /** As in a definition; `name` and `connector.class` may be left out. */
  readonly config: ConnectorConfig;
  /** Started. Kept by the caller, so that a run after a reload goes on at the stored offsets. */
  readonly log: RecordLog;
  /** Source: as soon as they are acknowledged. Sink: after each `put`. Must not throw. */
  readonly onRecords: (records: readonly LocalRecord[]) => void;
  readonly onEvent?: (event: RuntimeEvent) => void;
  /** Ends the run. */
  readonly signal: AbortSignal;
  readonly logger?: Logger;
  readonly clock?: Clock;
  /** Default: JsonConverter without schemas, which is what is readable. */
  readonly workerConfig?: ConnectorConfig;
  readonly options?: Pick<
    RuntimeOptions,
    'converters' | 'offsetFlushIntervalMs' | 'resolveConfig' | 'sinkIdlePutMs'
  >;
}

const stopGraceMs = 5_000;

/**
 * Resolves when the signal was aborted and everything has stopped. Rejects with the first failure of the
 * connector or a task, after everything has stopped: with a ConfigError if the configuration is wrong.
 *
 * @example
 *   const stop = new AbortController();
 *   await runConnectorLocally({
 *     plugin, config: { topic: 'ticks' }, log: new MemoryLog(store), signal: stop.signal,
 *     onRecords: (records) => { for (const { topic, value } of records) console.log(topic, value); },
 *   });
 */
export async function runConnectorLocally(run: LocalRun): Promise<void> {
  const { plugin } = run;
  const config: ConnectorConfig = {
    name: 'local',
    ...run.config,
    'connector.class': plugin.class,
  };
  assertValidConfig(plugin.configDef.keys, config);
  const clock = run.clock ?? systemClock;
  const factory = createRuntimeFactory({
    log: run.log,
    plugins: new PluginRegistry([plugin]),
    observer: observerOf(run.onRecords),
    cluster: 'local',
    workerConfig: { ...readableConverters, ...run.workerConfig },
    clock,
    ...run.options,
    ...(run.logger ? { logger: run.logger } : {}),
  });
  await new LocalCluster(run, { config, factory, clock }).run();
}

const readableConverters: ConnectorConfig = {
  'key.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'key.converter.schemas.enable': 'false',
  'value.converter': 'org.apache.kafka.connect.json.JsonConverter',
  'value.converter.schemas.enable': 'false',
};

interface LocalParts {
  readonly config: ConnectorConfig;
  readonly factory: ActorFactory;
  readonly clock: Clock;
}

interface LocalActor {
  readonly actor: Actor;
  readonly abort: AbortController;
}

/** Plays the control thread, in as few lines as that takes. */
class LocalCluster {
  readonly #run: LocalRun;
  readonly #parts: LocalParts;
  readonly #failed = Promise.withResolvers<never>();
  #tasks: LocalActor[] = [];
  /** Task sets are replaced one after the other. */
  #replacing: Promise<void> = Promise.resolve();
  #isEnding = false;

  constructor(run: LocalRun, parts: LocalParts) {
    this.#run = run;
    this.#parts = parts;
  }

  async run(): Promise<void> {
    const { signal } = this.#run;
    const { config } = this.#parts;
    const name = config['name'] ?? 'local';
    const payload: ConnectorPayload = {
      connector: name,
      config,
      targetState: 'STARTED',
      definitionVersion: 1,
    };
    const stopped = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    this.#failed.promise.catch(() => {});
    const connector = this.#create(`connector/${name}`, 'connector', payload, (event) => {
      if (event.type === 'task-configs') this.#replaceTasks(name, event.configs);
    });
    // Timers of the kernel's clock do not keep a process alive; a run does.
    const keepAlive = setInterval(() => {}, 60_000);
    try {
      await Promise.race([connector.actor.start().then(() => stopped), this.#failed.promise]);
    } finally {
      this.#isEnding = true;
      await this.#replacing.catch(() => {});
      await Promise.all([...this.#tasks, connector].map((actor) => this.#stop(actor)));
      clearInterval(keepAlive);
    }
  }

  #replaceTasks(connector: string, configs: readonly ConnectorConfig[]): void {
    const { plugin } = this.#run;
    this.#replacing = this.#replacing
      .then(async () => {
        await Promise.all(this.#tasks.map((task) => this.#stop(task)));
        this.#tasks = [];
        for (const [task, config] of configs.entries()) {
          if (this.#isEnding) return;
          const payload: TaskPayload = {
            connector,
            task,
            config,
            targetState: 'STARTED',
            definitionVersion: 1,
            taskCount: configs.length,
          };
          const address = `task/${connector}/${task}`;
          const created = this.#create(address, `${plugin.type}-task`, payload, () => {});
          this.#tasks.push(created);
          await created.actor.start();
        }
      })
      .catch((error: unknown) => this.#failed.reject(error));
  }

  #create(
    address: string,
    kind: string,
    payload: ConnectorPayload | TaskPayload,
    onEvent: (event: RuntimeEvent) => void,
  ): LocalActor {
    const abort = new AbortController();
    const fence = nextFence(this.#parts.clock);
    const context: ActorContext = {
      address,
      fence,
      lease: alwaysHeld,
      leaseBeyond: () => alwaysHeld,
      signal: abort.signal,
      setState: () => {},
      fail: (error) => {
        abort.abort(error);
        this.#failed.reject(toError(error));
      },
      emit: (event) => {
        onEvent(event as RuntimeEvent);
        this.#run.onEvent?.(event as RuntimeEvent);
      },
    };
    return { actor: this.#parts.factory({ address, fence, kind, payload }, context), abort };
  }

  async #stop({ actor, abort }: LocalActor): Promise<void> {
    const { clock } = this.#parts;
    const isInTime = await withinLimit(actor.stop('stop'), stopGraceMs, clock);
    abort.abort(new Error('the grace of the stop is over'));
    if (!isInTime) this.#run.logger?.warn({}, 'the connector did not stop in time');
  }
}

const alwaysHeld: Lease = {
  isFresh: () => true,
  isHeld: () => true,
  assertHeld: () => {},
  onExpired: () => () => {},
  untilFresh: () => Promise.resolve(),
};

let lastFence = 0;

/** Above that of every earlier run, also of another process with a log that outlives it. */
function nextFence(clock: Clock): number {
  lastFence = Math.max(lastFence + 1, Math.floor(clock.wallMs()));
  return lastFence;
}

function observerOf(onRecords: LocalRun['onRecords']): RecordObserver {
  return {
    put: onRecords,
    written: (batch, acks) => {
      const records: LocalRecord[] = [];
      for (const [group, { topic, partitions, offsets }] of acks.entries()) {
        const positions = batch.positions[group];
        for (let index = 0; index < offsets.length; index += 1) {
          const record = batch.transformed[positions?.[index] ?? index];
          const partition = partitions[index] ?? 0;
          const offset = offsets[index] ?? 0;
          // Below 0: the log refused it.
          if (record && offset >= 0) records.push({ ...record, topic, partition, offset });
        }
      }
      if (records.length > 0) onRecords(records);
    },
  };
}
