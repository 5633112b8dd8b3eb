/**
 * `defineSource`: a source connector as one object with an async generator. The smallest one yields
 * records; a grown one adds `tasks`, yields arrays, or sets headers, schemas and partitions, without being
 * written anew.
 */
import { type ConfigOf, type ConfigShape, defineConfig } from './config-builders.ts';
import { type ConfigProblem, ConnectError } from './errors.ts';
import type { Support } from './exactly-once.ts';
import { GeneratorTask } from './generator-task.ts';
import { type AlteredSourceOffset, aliasesOf, type SourcePlugin } from './plugin.ts';
import type {
  Connector,
  ConnectorConfig,
  ConnectorContext,
  RecordMetadata,
  SourceOffsetValue,
  SourcePartition,
  SourceRecord,
  SourceTaskContext,
  TaskLogger,
} from './task.ts';
import { typedAlterOffsets, typedValidate } from './typed-hooks.ts';

/** What a task is told to do; must survive JSON. */
export type Work =
  | string
  | number
  | boolean
  | null
  | readonly Work[]
  | { readonly [name: string]: Work };

/** A record as `run` yields it. */
export interface YieldedRecord extends Omit<SourceRecord, 'sourceOffset'> {
  /** With `transaction.boundary=connector`: the transaction ends with this record. */
  readonly transaction?: 'commit' | 'abort';
  /** Where to go on after this record; comes back as `offset` after a restart. */
  readonly offset?: SourceOffsetValue;
}

export interface SourceContext<Config, Assigned, State> extends SourceTaskContext {
  readonly config: Config;
  /** This task's element of what `tasks` returned; undefined without `tasks`. */
  readonly work: Assigned;
  /** What `setup` returned. */
  readonly state: State;
  // As properties, so that they may be taken out of the context.
  readonly configs: SourceTaskContext['configs'];
  readonly offsets: SourceTaskContext['offsets'];
}

export interface RunContext<Config, Assigned, State = undefined>
  extends SourceContext<Config, Assigned, State> {
  /** Where the last run got to, all of it acknowledged; undefined at the very first start. */
  readonly offset: SourceOffsetValue | undefined;
}

type Awaitable<Value> = Value | Promise<Value>;

export interface SourceDefinition<
  Shape extends ConfigShape,
  Assigned extends Work | undefined,
  State = undefined,
> {
  readonly name: string;
  readonly version: string;
  /** Full class name; default: the name. */
  readonly class?: string;
  readonly isolation?: 'shared' | 'dedicated';
  /** As of a `SourcePlugin`: what was read is released at the source, and cannot be read again. */
  readonly movesExternalCursor?: boolean;
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
    readonly offsets: readonly AlteredSourceOffset[];
    readonly signal: AbortSignal;
    readonly logger: TaskLogger;
  }) => Awaitable<boolean>;
  /** As of a `SourcePlugin`: whether `run` yields after a stored offset exactly what comes after it. */
  readonly exactlyOnceSupport?: (context: { readonly config: ConfigOf<Shape> }) => Support;
  /** Whether `run` ends transactions by itself, by `transaction` of what it yields. */
  readonly canDefineTransactionBoundaries?: (context: {
    readonly config: ConfigOf<Shape>;
  }) => Support;
  /**
   * Splits the work: one element a task, at most `max`. Runs when the connector starts or is
   * reconfigured. Without it there is one task.
   */
  readonly tasks?: (split: {
    readonly config: ConfigOf<Shape>;
    readonly max: number;
    readonly signal: AbortSignal;
    readonly logger: TaskLogger;
  }) => readonly Assigned[] | Promise<readonly Assigned[]>;
  /**
   * What the offsets of a task belong to, unless a record says otherwise. Must not depend on the task's
   * number, since the work may move to another number. Default without `tasks`: `{ source: name }`.
   */
  readonly sourcePartition?: (
    from: NoInfer<{ readonly config: ConfigOf<Shape>; readonly work: Assigned }>,
  ) => SourcePartition;
  /**
   * Beside the tasks, while the connector is started: calls `requestTaskReconfiguration` when `tasks` would split the
   * work in another way than before. What it throws fails the connector.
   */
  readonly watch?: (context: {
    readonly config: ConfigOf<Shape>;
    readonly requestTaskReconfiguration: () => void;
    readonly signal: AbortSignal;
    readonly logger: TaskLogger;
  }) => Promise<void>;
  /** Of each task, before anything else: opens connections. What it returns is `context.state` of all the others. */
  readonly setup?: (
    context: NoInfer<Omit<SourceContext<ConfigOf<Shape>, Assigned, undefined>, 'state'>>,
  ) => Awaitable<State>;
  /**
   * Yields records, or arrays of them where they come in batches. It runs ahead of the log by a bounded
   * number of records. When it returns, the task stays up with nothing more to do. When it throws a
   * RetriableError it is called again, with the offset of what it yielded last.
   */
  readonly run: (
    context: NoInfer<RunContext<ConfigOf<Shape>, Assigned, State>>,
  ) => AsyncIterable<YieldedRecord | readonly YieldedRecord[]>;
  /**
   * When a record that `run` yielded is in the log: to acknowledge it where it came from. `metadata` says where it
   * is, and is undefined if it was dropped. In the order in which they were written, one at a time, while `run` goes on.
   * What it throws is counted and logged, and the task goes on.
   */
  readonly commitRecord?: (
    record: YieldedRecord,
    metadata: RecordMetadata | undefined,
    context: NoInfer<SourceContext<ConfigOf<Shape>, Assigned, State>>,
  ) => Awaitable<void>;
  /** When the offsets of all that `commitRecord` was told of are stored: to release it where it came from. */
  readonly commit?: (
    context: NoInfer<SourceContext<ConfigOf<Shape>, Assigned, State>>,
  ) => Awaitable<void>;
  /** After `run` has ended: closes what `setup` opened. */
  readonly teardown?: (
    context: NoInfer<SourceContext<ConfigOf<Shape>, Assigned, State>>,
  ) => Awaitable<void>;
}

/** Where a task finds its element of `tasks` in its configuration. */
const workKey = 'task.work';

/**
 * @example
 * export default defineSource({
 *   name: 'clock', version: '1.0.0', config: { topic: string(), everyMs: int().default(1000) },
 *   async *run({ config, offset, signal }) {
 *     for (let tick = Number(offset?.tick ?? 0) + 1; ; tick++) {
 *       yield { topic: config.topic, value: new Date().toISOString(), offset: { tick } };
 *       await setTimeout(config.everyMs, undefined, { signal });
 *     }
 *   },
 * });
 */
export function defineSource<
  Shape extends ConfigShape,
  const Assigned extends Work | undefined = undefined,
  State = undefined,
>(definition: SourceDefinition<Shape, Assigned, State>): SourcePlugin {
  const className = definition.class ?? definition.name;
  const configDef = defineConfig(definition.config);
  const partitionOf = definition.sourcePartition ?? defaultPartition(definition);

  return {
    type: 'source',
    class: className,
    aliases: aliasesOf(className, definition.name),
    version: definition.version,
    configDef,
    ...(definition.validate ? { validate: typedValidate(configDef, definition.validate) } : {}),
    ...(definition.alterOffsets
      ? { alterOffsets: typedAlterOffsets(configDef, definition.alterOffsets) }
      : {}),
    ...supportOf(definition, configDef.parse),
    ...(definition.isolation ? { isolation: definition.isolation } : {}),
    ...(definition.movesExternalCursor ? { movesExternalCursor: true } : {}),
    createConnector: () => new DefinedConnector(definition, configDef.parse),
    createTask: () =>
      new GeneratorTask({
        hasCommit: definition.commit !== undefined,
        hasCommitRecord: definition.commitRecord !== undefined,
        open: async (rawConfig, taskContext) => {
          const config = configDef.parse(rawConfig);
          const work = readWork(rawConfig) as Assigned;
          const base = { ...methodsOf(taskContext), config, work };
          // Without `setup`, State is undefined.
          const state = (await definition.setup?.(base)) as State;
          const context = { ...base, state };
          return {
            partition: partitionOf?.({ config, work }),
            run: (given) => definition.run({ ...context, ...given }),
            commitRecord: (record, metadata) =>
              definition.commitRecord?.(record, metadata, context),
            commit: () => definition.commit?.(context),
            close: () => definition.teardown?.(context),
          };
        },
      }),
  };
}

function supportOf<Shape extends ConfigShape>(
  definition: Pick<
    SourceDefinition<Shape, Work | undefined>,
    'exactlyOnceSupport' | 'canDefineTransactionBoundaries'
  >,
  parse: (config: ConnectorConfig) => ConfigOf<Shape>,
): Pick<SourcePlugin, 'exactlyOnceSupport' | 'canDefineTransactionBoundaries'> {
  const { canDefineTransactionBoundaries, exactlyOnceSupport } = definition;
  return {
    ...(exactlyOnceSupport
      ? { exactlyOnceSupport: (config) => exactlyOnceSupport({ config: parse(config) }) }
      : {}),
    ...(canDefineTransactionBoundaries
      ? {
          canDefineTransactionBoundaries: (config) =>
            canDefineTransactionBoundaries({ config: parse(config) }),
        }
      : {}),
  };
}

/** A copy that keeps working when the runtime's context is a class with methods on its prototype. */
function methodsOf(context: SourceTaskContext): SourceTaskContext {
  return {
    connector: context.connector,
    task: context.task,
    logger: context.logger,
    signal: context.signal,
    configs: () => context.configs(),
    offsets: (partitions) => context.offsets(partitions),
    transactions: context.transactions,
  };
}

function defaultPartition(
  definition: Pick<SourceDefinition<ConfigShape, Work | undefined>, 'name'> & {
    readonly tasks?: unknown;
  },
): (() => SourcePartition) | undefined {
  // Several tasks must not share one offset, and only the author knows what their work is called.
  return definition.tasks ? undefined : () => ({ source: definition.name });
}

function readWork(config: ConnectorConfig): Work | undefined {
  const text = config[workKey];
  return text === undefined ? undefined : (JSON.parse(text) as Work);
}

type ConnectorDefinition<Shape extends ConfigShape, Assigned extends Work | undefined> = Pick<
  SourceDefinition<Shape, Assigned>,
  'tasks' | 'watch'
>;

/** How long `watch` may take to end after it was asked to, ms. */
const watchLimitMs = 3_000;

class DefinedConnector<Shape extends ConfigShape, Assigned extends Work | undefined>
  implements Connector
{
  readonly #definition: ConnectorDefinition<Shape, Assigned>;
  readonly #parse: (config: ConnectorConfig) => ConfigOf<Shape>;
  #started: { readonly config: ConnectorConfig; readonly context: ConnectorContext } | undefined;
  readonly #stopping = new AbortController();
  #watching: Promise<void> = Promise.resolve();

  constructor(
    definition: ConnectorDefinition<Shape, Assigned>,
    parse: (config: ConnectorConfig) => ConfigOf<Shape>,
  ) {
    this.#definition = definition;
    this.#parse = parse;
  }

  start(config: ConnectorConfig, context: ConnectorContext): void {
    const parsed = this.#parse(config);
    this.#started = { config, context };
    if (this.#definition.watch)
      this.#watching = this.#watch(this.#definition.watch, parsed, context);
  }

  async taskConfigs(maxTasks: number): Promise<readonly ConnectorConfig[]> {
    if (!this.#started) throw new ConnectError('the connector was not started');
    const { config, context } = this.#started;
    if (!this.#definition.tasks) return [config];
    const assigned = await this.#definition.tasks({
      config: this.#parse(config),
      max: maxTasks,
      signal: context.signal,
      logger: context.logger,
    });
    return assigned.map((work) => ({ ...config, [workKey]: JSON.stringify(work) }));
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const limit = Promise.withResolvers<void>();
    const timer = setTimeout(() => limit.resolve(), watchLimitMs);
    await Promise.race([this.#watching, limit.promise]);
    clearTimeout(timer);
  }

  /** Never rejects. */
  async #watch(
    watch: NonNullable<ConnectorDefinition<Shape, Assigned>['watch']>,
    config: ConfigOf<Shape>,
    context: ConnectorContext,
  ): Promise<void> {
    const signal = AbortSignal.any([context.signal, this.#stopping.signal]);
    const requestTaskReconfiguration = (): void => context.requestTaskReconfiguration();
    try {
      await watch({ config, requestTaskReconfiguration, signal, logger: context.logger });
    } catch (error) {
      if (!signal.aborted) context.raiseError(error);
    }
  }
}
