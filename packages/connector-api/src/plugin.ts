/** What the runtime finds in a plugin module, whichever way it was written. */
import type { ConfigDef, ConfigKey } from './config-def.ts';
import type { Converter } from './converter.ts';
import type { ConfigProblem } from './errors.ts';
import type { Connector, ConnectorConfig, SinkTask, SourceTask, TaskLogger } from './task.ts';
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
