/** The transforms of one task. */
import type { ConnectorConfig, TaskLogger } from '@sluice/connector-api';
import { toError } from '@sluice/kernel';
import { type TransformationChain, transformationChain } from '@sluice/transforms';

/** Undefined if the definition has none. @throws ConfigError */
export function createTaskTransforms(config: ConnectorConfig): TransformationChain | undefined {
  const chain = transformationChain(config);
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
