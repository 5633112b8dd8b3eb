/** What a task is made of besides its connector, told once when it starts: classes and versions. Pure. */
import type { TransformationChain } from '@sluice/transforms';

import type { NamedPart, PartName, TaskParts } from './payloads.ts';
import type { TaskConverters } from './task-converters.ts';

/** Of transforms and of predicates that are told. */
const namedMax = 20;

export function partsOf(
  { classes, versions }: Pick<TaskConverters, 'classes' | 'versions'>,
  chain: TransformationChain | undefined,
): TaskParts {
  const converter = (role: 'key' | 'value' | 'header'): PartName => ({
    class: classes[role],
    version: versions[role],
  });
  const stages = chain?.stages ?? [];
  const transforms = stages.map((stage) => named(stage));
  // One may be used by several.
  const predicates = new Map(
    stages.flatMap(({ predicatePlugin }) =>
      predicatePlugin ? [[predicatePlugin.alias, named(predicatePlugin)] as const] : [],
    ),
  );
  return {
    converters: {
      key: converter('key'),
      value: converter('value'),
      header: converter('header'),
    },
    transforms: transforms.slice(0, namedMax),
    predicates: [...predicates.values()].slice(0, namedMax),
  };
}

function named({ alias, class: className, version }: PartName & { alias: string }): NamedPart {
  return { name: alias, class: className, version };
}
