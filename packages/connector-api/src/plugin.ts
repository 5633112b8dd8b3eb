/** What the runtime finds in a plugin module, whichever way it was written. */
import type { ConfigDef, ConfigKey } from './config-def.ts';
import type { Converter } from './converter.ts';
import type { ConfigProblem } from './errors.ts';
import type { Support } from './exactly-once.ts';
import type {
  Connector,
  ConnectorConfig,
  SinkTask,
  SourceOffsetValue,
  SourcePartition,
  SourceTask,
  TaskLogger,
  TopicPartition,
} from './task.ts';
import type { PredicatePlugin, TransformPlugin } from './transform.ts';

export interface ValidationContext {
  readonly logger: TaskLogger;
  /** Aborted when the time for the answer is over. */
  readonly signal: AbortSignal;
}

/**
 * What is wrong between the keys of a configuration, or at the other end of a connection; nothing may be changed
 * there. Asked before a definition is stored, and by forms, in a process of its own and for a few seconds at most.
 * `config` has no references any more, and may have other problems, which are told anyway.
 */
export type Validate = (
  config: ConnectorConfig,
  context: ValidationContext,
) => readonly ConfigProblem[] | Promise<readonly ConfigProblem[]>;

/** Where somebody wants a stopped source to go on; null: from the beginning, as far as this partition goes. */
export interface AlteredSourceOffset {
  readonly partition: SourcePartition;
  readonly offset: SourceOffsetValue | null;
}

/** The same for a sink. */
export interface AlteredSinkOffset extends TopicPartition {
  readonly offset: number | null;
}

/**
 * Asked before the offsets of a stopped connector are altered or reset (all of them null), in a process of its own and
 * for a few seconds at most. What it throws is told to whoever asks, and nothing is changed. The same change may be asked
 * for again, also after it was refused or failed. `config` has no references any more.
 * @returns whether that is all there is to change: false if offsets are kept elsewhere, and stay as they are there.
 */
export type AlterOffsets<Offset> = (
  config: ConnectorConfig,
  offsets: readonly Offset[],
  context: ValidationContext,
) => boolean | Promise<boolean>;

interface PluginBase {
  /** Full class name, e.g. `org.apache.kafka.connect.file.FileStreamSourceConnector`, or a short one. */
  readonly class: string;
  /** Other names that a definition may use as its `connector.class`. */
  readonly aliases: readonly string[];
  readonly version: string;
  readonly configDef: ConfigDef;
  readonly createConnector: () => Connector;
  readonly validate?: Validate;
  /** `dedicated`: tasks of it ask for a process of their own. */
  readonly isolation?: 'shared' | 'dedicated';
}

export interface SourcePlugin extends PluginBase {
  readonly type: 'source';
  /**
   * Its tasks release what they have read at the source (they advance a replication slot, acknowledge a message):
   * it cannot be read again. Such a connector is refused on a record log that may forget what it has acknowledged.
   */
  readonly movesExternalCursor?: boolean;
  /**
   * Whether each record is written once where workers write records and offsets together: what is polled after an offset
   * was stored is exactly what comes after it. Absent: nobody knows. Asked where a definition requires it.
   */
  readonly exactlyOnceSupport?: (config: ConnectorConfig) => Support;
  /** Whether its tasks may be asked to end transactions by themselves. Absent: they may not. */
  readonly canDefineTransactionBoundaries?: (config: ConnectorConfig) => Support;
  readonly alterOffsets?: AlterOffsets<AlteredSourceOffset>;
  readonly createTask: () => SourceTask;
}

export interface SinkPlugin extends PluginBase {
  readonly type: 'sink';
  /**
   * What its `put` does is refused, or changes nothing, when it comes from an owner that is not the task's any more,
   * also when it comes late: a write on condition of the record's offset. Writing the same thing twice is not enough,
   * since the older owner may come last.
   */
  readonly effectsAreFenced?: boolean;
  readonly alterOffsets?: AlterOffsets<AlteredSinkOffset>;
  readonly createTask: () => SinkTask;
}

export type ConnectorPlugin = SourcePlugin | SinkPlugin;

export type ConverterRole = 'key' | 'value' | 'header';

export interface ConverterPlugin {
  readonly type: 'converter';
  readonly class: string;
  readonly aliases: readonly string[];
  readonly version: string;
  /** What it may be configured for; Kafka Connect lists a plugin once for each. */
  readonly types: readonly ('converter' | 'header_converter')[];
  readonly configKeys: readonly ConfigKey[];
  /** `role`: what the converter is for; schemas of keys and of values are registered apart. */
  readonly create: (config: ConnectorConfig, role: ConverterRole) => Converter;
}

/** All that a module may have. */
export type Plugin = ConnectorPlugin | TransformPlugin | PredicatePlugin | ConverterPlugin;

export function isConnectorPlugin(plugin: Plugin): plugin is ConnectorPlugin {
  return plugin.type === 'source' || plugin.type === 'sink';
}

/**
 * Kafka Connect's aliases: the simple name, and the simple name without `Connector`.
 * `org.acme.OrdersConnector` → `OrdersConnector`, `Orders`.
 */
export function aliasesOf(className: string, ...more: readonly string[]): string[] {
  const simple = className.slice(className.lastIndexOf('.') + 1);
  const pruned = simple.replace(/(?<=.)Connector$/, '');
  const aliases = new Set([simple, pruned, ...more]);
  aliases.delete(className);
  return [...aliases];
}
