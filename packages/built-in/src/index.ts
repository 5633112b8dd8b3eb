export { builtInConnectors } from './connectors.ts';
export { builtInConverters, builtInPreviewConverters, convertersWith } from './converters.ts';
