/** Kafka Connect's texts for definitions that it refuses: clients match on them. */
import type { PluginInfo } from './model.ts';

export function invalidConfigurationMessage(errors: readonly string[]): string {
  return (
    `Connector configuration is invalid and contains the following ${errors.length} error(s):\n` +
    `${errors.join('\n')}\n` +
    'You can also find the above list of errors at the endpoint `/connector-plugins/{connectorType}/config/validate`'
  );
}

export function unknownClassMessage(className: string, plugins: Iterable<PluginInfo>): string {
  return (
    `Failed to find any class that implements Connector and which name matches ${className}, ` +
    `available connectors are: ${connectorClasses(plugins)}`
  );
}

/** Each once. */
export function connectorClasses(plugins: Iterable<PluginInfo>): string {
  const connectors = [...plugins].filter(({ type }) => type === 'source' || type === 'sink');
  const classes = new Set(connectors.map((plugin) => plugin.class));
  return [...classes].join(', ') || 'none (no worker has announced any: start one)';
}
