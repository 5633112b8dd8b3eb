export {
  type ChainResult,
  type SettleFailures,
  TransformationChain,
  type TransformationFailure,
  type TransformationStage,
} from './chain.ts';
export {
  transformationChain,
  transformationKeys,
  transformationProblems,
} from './chain-config.ts';
export {
  builtInTransformations,
  findPlugin,
  predicatePlugins,
  type TransformationPlugins,
  transformPlugins,
  versionsOf,
} from './registry.ts';
