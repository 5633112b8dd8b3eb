/** The converters that come with Sluice. */
import {
  type ConfigKeyInfo,
  type ConverterPlugin,
  fromConfigKeyInfos,
} from '@sluice/connector-api';
import { converterPlugins } from '@sluice/converters';
import { previewingConverters, schemaRegistryConverters } from '@sluice/schema-registry';

export const builtInConverters: readonly ConverterPlugin[] = [
  ...converterPlugins,
  ...schemaRegistryConverters,
];

/** The same for a preview, which registers no schema: see `previewingConverters`. */
export function builtInPreviewConverters(
  onUnregistered: Parameters<typeof previewingConverters>[0],
): readonly ConverterPlugin[] {
  return [...converterPlugins, ...previewingConverters(onUnregistered)];
}

/** What is told of a plugin, instead of its code. */
interface ToldPlugin {
  readonly class: string;
  readonly aliases: readonly string[];
  readonly type: string;
  readonly version: string;
  readonly configKeys: readonly ConfigKeyInfo[];
}

/** With those of plugins: their keys are known, and their code is not here. */
export function convertersWith(told: readonly ToldPlugin[]): readonly ConverterPlugin[] {
  const theirs = (['converter', 'header_converter'] as const).flatMap((type) =>
    told
      .filter((plugin) => plugin.type === type)
      .map(
        ({ class: className, aliases, version, configKeys }): ConverterPlugin => ({
          class: className,
          aliases,
          version,
          type: 'converter',
          types: [type],
          configKeys: fromConfigKeyInfos(configKeys),
          create: () => {
            throw new Error(`the code of ${className} is not here`);
          },
        }),
      ),
  );
  return [...builtInConverters, ...theirs];
}
