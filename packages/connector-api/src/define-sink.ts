/**
 * `defineSink`: a sink connector as one object. `put` gets a batch; the rest is optional. What `put` and
 * `flush` have finished counts as durable: the offsets of those records may be committed.
 */
import { type ConfigOf, type ConfigShape, defineConfig } from './config-builders.ts';
import type { TypedConfigDef } from './config-def.ts';
import { type ConfigProblem, ConnectError } from './errors.ts';
import { type AlteredSinkOffset, aliasesOf, type SinkPlugin } from './plugin.ts';
import type {
  Connector,
  ConnectorConfig,
  SinkOffsets,
  SinkRecord,
  SinkTask,
  SinkTaskContext,
  TaskLogger,
  TopicPartition,
} from './task.ts';
import { typedAlterOffsets, typedValidate } from './typed-hooks.ts';

export interface SinkContext<Config, State> extends SinkTaskContext {
  readonly config: Config;
  /** What `setup` returned. */
  readonly state: State;
}

type Awaitable<Value> = Value | Promise<Value>;

export interface SinkDefinition<Shape extends ConfigShape, State> {
  readonly name: string;
  readonly version: string;
  /** Full class name; default: the name. */
  readonly class?: string;
  readonly isolation?: 'shared' | 'dedicated';
  /** As of a `SinkPlugin`: what an older owner of the task puts is refused where it arrives. */
  readonly effectsAreFenced?: boolean;
  readonly config: Shape;
  /**
   * What is wrong between keys that are each right by themselves, or at the other end of a connection; nothing may be
   * changed there. Asked before a definition is stored, and by forms, in a process of its own and for a few seconds.
   */
  readonly validate?: (context: {
    readonly config: ConfigOf<Shape>;
    readonly signal: AbortSignal;
    readonly logger: TaskLogger;
  }) => Awaitable<readonly ConfigProblem[]>;
  /**
   * Asked before offsets of a stopped connector are altered or reset: what it throws refuses that. Returns whether that is
   * all there is to change: false if offsets are kept elsewhere, and stay as they are there.
   */
  readonly alterOffsets?: (context: {
    readonly config: ConfigOf<Shape>;
    readonly offsets: readonly AlteredSinkOffset[];
    readonly signal: AbortSignal;
    readonly logger: TaskLogger;
  }) => Awaitable<boolean>;
  /** Before anything else: opens connections. What it returns is `context.state` of all the others. */
  readonly setup?: (
    context: Omit<SinkContext<ConfigOf<Shape>, undefined>, 'state'>,
  ) => Awaitable<State>;
  /** Partitions that this task owns from now on. */
  readonly open?: (
    partitions: readonly TopicPartition[],
    context: NoInfer<SinkContext<ConfigOf<Shape>, State>>,
  ) => Awaitable<void>;
  /** Throwing a RetriableError makes the same batch come again; any other error fails the task. */
  readonly put: (
    records: readonly SinkRecord[],
    context: NoInfer<SinkContext<ConfigOf<Shape>, State>>,
  ) => Awaitable<void>;
  /** Makes durable what was put; without it `put` itself must have done so when it returns. */
  readonly flush?: (
    context: NoInfer<SinkContext<ConfigOf<Shape>, State>>,
    offsets: SinkOffsets,
  ) => Awaitable<void>;
  /**
   * Instead of `flush`, where not all that was put is safe yet: which offsets may be committed. An empty map: none now.
   */
  readonly preCommit?: (
    context: NoInfer<SinkContext<ConfigOf<Shape>, State>>,
    offsets: SinkOffsets,
  ) => Awaitable<SinkOffsets>;
  /** Partitions that this task does not own any more. */
  readonly close?: (
    partitions: readonly TopicPartition[],
    context: NoInfer<SinkContext<ConfigOf<Shape>, State>>,
  ) => Awaitable<void>;
  /** After everything else, also after an error; not called if `setup` threw. */
  readonly teardown?: (context: NoInfer<SinkContext<ConfigOf<Shape>, State>>) => Awaitable<void>;
}

/**
 * @example
 * export default defineSink({
 *   name: 'console', version: '1.0.0', config: { prefix: string().default('') },
 *   put(records, { config }) {
 *     for (const record of records) console.log(config.prefix + JSON.stringify(record.value));
 *   },
 * });
 */
export function defineSink<Shape extends ConfigShape, State = undefined>(
  definition: SinkDefinition<Shape, State>,
): SinkPlugin {
  const className = definition.class ?? definition.name;
  const configDef = defineConfig(definition.config);
  return {
    type: 'sink',
    class: className,
    aliases: aliasesOf(className, definition.name),
    version: definition.version,
    configDef,
    ...(definition.validate ? { validate: typedValidate(configDef, definition.validate) } : {}),
    ...(definition.alterOffsets
      ? { alterOffsets: typedAlterOffsets(configDef, definition.alterOffsets) }
      : {}),
    ...(definition.isolation ? { isolation: definition.isolation } : {}),
    ...(definition.effectsAreFenced ? { effectsAreFenced: true } : {}),
    createConnector: () => new CopyingConnector(configDef),
    createTask: () => new DefinedSinkTask(definition, configDef.parse),
  };
}

/** Every task gets the connector's configuration; the partitions of the topics divide the work. */
export class CopyingConnector implements Connector {
  readonly #configDef: TypedConfigDef<unknown>;
  #config: ConnectorConfig | undefined;

  constructor(configDef: TypedConfigDef<unknown>) {
    this.#configDef = configDef;
  }

  start(config: ConnectorConfig): void {
    this.#configDef.parse(config);
    this.#config = config;
  }

  taskConfigs(maxTasks: number): readonly ConnectorConfig[] {
    if (!this.#config) throw new ConnectError('the connector was not started');
    const config = this.#config;
    return Array.from({ length: maxTasks }, () => config);
  }
}

class DefinedSinkTask<Shape extends ConfigShape, State> implements SinkTask {
  readonly #definition: SinkDefinition<Shape, State>;
  readonly #parse: (config: ConnectorConfig) => ConfigOf<Shape>;
  /** Absent unless the definition has it, since the runtime flushes only without it. */
  readonly preCommit?: (offsets: SinkOffsets) => Promise<SinkOffsets>;
  #context: SinkContext<ConfigOf<Shape>, State> | undefined;

  constructor(
    definition: SinkDefinition<Shape, State>,
    parse: (config: ConnectorConfig) => ConfigOf<Shape>,
  ) {
    this.#definition = definition;
    this.#parse = parse;
    const { preCommit } = definition;
    if (preCommit) this.preCommit = async (offsets) => preCommit(this.#started(), offsets);
  }

  async start(rawConfig: ConnectorConfig, context: SinkTaskContext): Promise<void> {
    const base = { ...methodsOf(context), config: this.#parse(rawConfig) };
    // Without `setup`, State is undefined.
    const state = (await this.#definition.setup?.(base)) as State;
    this.#context = { ...base, state };
  }

  async open(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#definition.open?.(partitions, this.#started());
  }

  put(records: readonly SinkRecord[]): Promise<void> | void {
    return this.#definition.put(records, this.#started());
  }

  async flush(offsets: SinkOffsets): Promise<void> {
    await this.#definition.flush?.(this.#started(), offsets);
  }

  async close(partitions: readonly TopicPartition[]): Promise<void> {
    await this.#definition.close?.(partitions, this.#started());
  }

  async stop(): Promise<void> {
    const context = this.#context;
    this.#context = undefined;
    if (context) await this.#definition.teardown?.(context);
  }

  #started(): SinkContext<ConfigOf<Shape>, State> {
    if (!this.#context) throw new ConnectError('the task was not started');
    return this.#context;
  }
}

/** A copy that keeps working when the runtime's context is a class with methods on its prototype. */
function methodsOf(context: SinkTaskContext): SinkTaskContext {
  return {
    connector: context.connector,
    task: context.task,
    logger: context.logger,
    signal: context.signal,
    configs: () => context.configs(),
    assignment: () => context.assignment(),
    seek: (partition, offset) => context.seek(partition, offset),
    pause: (...partitions) => context.pause(...partitions),
    resume: (...partitions) => context.resume(...partitions),
    timeout: (ms) => context.timeout(ms),
    requestCommit: () => context.requestCommit(),
    errantRecordReporter: () => context.errantRecordReporter(),
  };
}
