/** The transforms of one task. */
import type { ConnectorConfig, TaskLogger } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import {
  builtInTransformations,
  type TransformationChain,
  type TransformationPlugins,
  transformationChain,
} from '@sluice/transforms';

import type { DefinitionPlugins } from './definition-plugins.ts';

/** Of users; ours are not among these. */
type OwnTransformations = Pick<DefinitionPlugins, 'transforms' | 'predicates'>;

const none: OwnTransformations = { transforms: [], predicates: [] };

/** All that a definition may name. */
export function transformationPlugins({
  transforms,
  predicates,
}: OwnTransformations): TransformationPlugins {
  if (transforms.length + predicates.length === 0) return builtInTransformations;
  return {
    transforms: [...builtInTransformations.transforms, ...transforms],
    predicates: [...builtInTransformations.predicates, ...predicates],
  };
}

/** Undefined if the definition has none. @throws ConfigError */
export function createTaskTransforms(
  config: ConnectorConfig,
  plugins: OwnTransformations = none,
): TransformationChain | undefined {
  const chain = transformationChain(config, transformationPlugins(plugins));
  return chain.isEmpty ? undefined : chain;
}

/** As for a task that stops badly: what closes badly is closed all the same. */
export async function closeTransforms(
  chain: TransformationChain | undefined,
  logger: TaskLogger,
): Promise<void> {
  try {
    await chain?.close();
  } catch (error) {
    logger.warn({ error: toError(error).message }, 'close of a transformation threw');
  }
}
