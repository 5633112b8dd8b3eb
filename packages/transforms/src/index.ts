export {
  type ChainResult,
  type PredicateName,
  type SettleFailures,
  type StageObserver,
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
