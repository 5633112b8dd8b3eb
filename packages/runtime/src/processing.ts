/** What the records of a task go through, by its definition: converters and transforms. */
import type { StageObserver, TransformationChain } from '@sluice/transforms';

import type { DefinitionPlugins } from './definition-plugins.ts';
import { createTaskConverters, type TaskConverters } from './task-converters.ts';
import { partsOf } from './task-parts.ts';
import type { TaskRunContext } from './task-run.ts';
import { createTaskTransforms } from './task-transforms.ts';
import { TransformCounts } from './transform-counts.ts';

export interface Processing {
  readonly converters: TaskConverters;
  /** Undefined: nothing is transformed. Whoever has it closes it. */
  readonly chain: TransformationChain | undefined;
  readonly stages: StageObserver | undefined;
}

/** Tells what they are. @throws SluiceError or ConfigError that names the class or the setting. */
export function createProcessing(context: TaskRunContext, plugins: DefinitionPlugins): Processing {
  const { config, counters, options } = context;
  const converters = createTaskConverters(config, options.workerConfig, [
    ...options.converters,
    ...plugins.converters,
  ]);
  const chain = createTaskTransforms(config, plugins);
  context.emit({ type: 'parts', parts: partsOf(converters, chain) });
  return {
    converters,
    chain,
    stages: chain && new TransformCounts(chain, counters.transforms, options.clock),
  };
}
