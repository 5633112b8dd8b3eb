/** `defineConverter`: between data and bytes, as one object. */
import { type ConfigOf, type ConfigShape, defineConfig } from './config-builders.ts';
import type { Converter } from './converter.ts';
import { aliasesOf, type ConverterPlugin, type ConverterRole } from './plugin.ts';

export interface ConverterDefinition<Shape extends ConfigShape> {
  readonly name: string;
  /** Full class name. Default: the name. */
  readonly class?: string;
  readonly version: string;
  /** What it may be configured for. Default: both. */
  readonly types?: ConverterPlugin['types'];
  readonly config: Shape;
  readonly create: (config: ConfigOf<Shape>, role: ConverterRole) => Converter;
}

/**
 * @example
 * export default defineConverter({
 *   name: 'rot13', version: '1.0.0', config: {},
 *   create: () => new Rot13Converter(),
 * });
 */
export function defineConverter<Shape extends ConfigShape>(
  definition: ConverterDefinition<Shape>,
): ConverterPlugin {
  const className = definition.class ?? definition.name;
  const configDef = defineConfig(definition.config);
  const aliases = aliasesOf(className, definition.name);
  const pruned = aliases.map((name) => name.replace(/(?<=.)(Header)?Converter$/, ''));
  return {
    type: 'converter',
    class: className,
    aliases: [...new Set([...aliases, ...pruned])],
    version: definition.version,
    types: definition.types ?? ['converter', 'header_converter'],
    configKeys: configDef.keys,
    create: (config, role) => definition.create(configDef.parse(config), role),
  };
}
