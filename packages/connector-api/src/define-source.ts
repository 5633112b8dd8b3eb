/**
 * `defineSource`: a source connector as one object with an async generator. The smallest one yields
 * records; a grown one adds `tasks`, yields arrays, or sets headers, schemas and partitions, without being
 * written anew.
 */
import { type ConfigOf, type ConfigShape, defineConfig } from './config-builders.ts';
import { ConnectError } from './errors.ts';
import { GeneratorTask } from './generator-task.ts';
import { aliasesOf, type SourcePlugin } from './plugin.ts';
import type {
  Connector,
  ConnectorConfig,
  ConnectorContext,
  SourceOffsetValue,
  SourcePartition,
  SourceRecord,
  TaskLogger,
} from './task.ts';

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
  /** Where to go on after this record; comes back as `offset` after a restart. */
  readonly offset?: SourceOffsetValue;
}

export interface RunContext<Config, Assigned> {
  readonly config: Config;
  /** This task's element of what `tasks` returned; undefined without `tasks`. */
  readonly work: Assigned;
  /** Where the last run got to, all of it acknowledged; undefined at the very first start. */
  readonly offset: SourceOffsetValue | undefined;
  /** The same for partitions of the author's own choosing (records with `sourcePartition`). */
  readonly offsets: (
    partitions: readonly SourcePartition[],
  ) => Promise<(SourceOffsetValue | undefined)[]>;
  /** Aborted when the task must stop: pass it to whatever waits. */
  readonly signal: AbortSignal;
  readonly logger: TaskLogger;
  readonly connector: string;
  readonly task: number;
}

export interface SourceDefinition<Shape extends ConfigShape, Assigned extends Work | undefined> {
  readonly name: string;
  readonly version: string;
  /** Full class name; default: the name. */
  readonly class?: string;
  readonly isolation?: 'shared' | 'dedicated';
  /** As of a `SourcePlugin`: what was read is released at the source, and cannot be read again. */
  readonly movesExternalCursor?: boolean;
  readonly config: Shape;
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
   * Yields records, or arrays of them where they come in batches. It runs ahead of the log by a bounded
   * number of records. When it returns, the task stays up with nothing more to do. When it throws a
   * RetriableError it is called again, with the offset of what it yielded last.
   */
  readonly run: (
    context: NoInfer<RunContext<ConfigOf<Shape>, Assigned>>,
  ) => AsyncIterable<YieldedRecord | readonly YieldedRecord[]>;
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
>(definition: SourceDefinition<Shape, Assigned>): SourcePlugin {
  const className = definition.class ?? definition.name;
  const configDef = defineConfig(definition.config);
  const partitionOf = definition.sourcePartition ?? defaultPartition(definition);

  return {
    type: 'source',
    class: className,
    aliases: aliasesOf(className, definition.name),
    version: definition.version,
    configDef,
    ...(definition.isolation ? { isolation: definition.isolation } : {}),
    ...(definition.movesExternalCursor ? { movesExternalCursor: true } : {}),
    createConnector: () => new DefinedConnector(definition, configDef.parse),
    createTask: () =>
      new GeneratorTask((rawConfig) => {
        const config = configDef.parse(rawConfig);
        const work = readWork(rawConfig) as Assigned;
        return {
          partition: partitionOf?.({ config, work }),
          run: (context) => definition.run({ ...context, config, work }),
        };
      }),
  };
}

function defaultPartition<Shape extends ConfigShape, Assigned extends Work | undefined>(
  definition: SourceDefinition<Shape, Assigned>,
): (() => SourcePartition) | undefined {
  // Several tasks must not share one offset, and only the author knows what their work is called.
  return definition.tasks ? undefined : () => ({ source: definition.name });
}

function readWork(config: ConnectorConfig): Work | undefined {
  const text = config[workKey];
  return text === undefined ? undefined : (JSON.parse(text) as Work);
}

class DefinedConnector<Shape extends ConfigShape, Assigned extends Work | undefined>
  implements Connector
{
  readonly #definition: SourceDefinition<Shape, Assigned>;
  readonly #parse: (config: ConnectorConfig) => ConfigOf<Shape>;
  #started: { readonly config: ConnectorConfig; readonly context: ConnectorContext } | undefined;

  constructor(
    definition: SourceDefinition<Shape, Assigned>,
    parse: (config: ConnectorConfig) => ConfigOf<Shape>,
  ) {
    this.#definition = definition;
    this.#parse = parse;
  }

  start(config: ConnectorConfig, context: ConnectorContext): void {
    this.#parse(config);
    this.#started = { config, context };
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
}
