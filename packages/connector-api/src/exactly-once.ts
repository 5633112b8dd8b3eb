/** What a definition asks for with exactly once, and whether its connector can give it. */
import type { ConfigProblem } from './errors.ts';
import type { SourcePlugin } from './plugin.ts';
import type { ConnectorConfig } from './task.ts';

export type Support = 'SUPPORTED' | 'UNSUPPORTED';

export type TransactionBoundary = 'poll' | 'interval' | 'connector';

export function requiresExactlyOnce(config: ConnectorConfig): boolean {
  return textOf(config, 'exactly.once.support') === 'required';
}

/** `poll` where the definition says nothing, or what cannot be said. */
export function transactionBoundaryOf(config: ConnectorConfig): TransactionBoundary {
  const boundary = textOf(config, 'transaction.boundary');
  return boundary === 'interval' || boundary === 'connector' ? boundary : 'poll';
}

/** The connector is to be asked whether it can do what the definition wants. */
export function asksOfExactlyOnce(config: ConnectorConfig): boolean {
  return requiresExactlyOnce(config) || transactionBoundaryOf(config) === 'connector';
}

/** In Kafka Connect's words; what the connector throws is told. Runs code of the plugin. */
export function exactlyOnceProblems(
  plugin: SourcePlugin,
  config: ConnectorConfig,
): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  const check = (key: string, ask: () => string | undefined): void => {
    const message = asked(ask);
    if (message !== undefined) problems.push({ key, message });
  };
  if (requiresExactlyOnce(config))
    check('exactly.once.support', () => {
      const support: unknown = plugin.exactlyOnceSupport?.(config);
      if (support === 'SUPPORTED') return undefined;
      if (support === 'UNSUPPORTED') return unsupported;
      if (support === undefined || support === null) return notImplemented;
      throw new Error(
        `Unexpected value returned from exactlyOnceSupport: ${JSON.stringify(support)}`,
      );
    });
  if (transactionBoundaryOf(config) === 'connector')
    check('transaction.boundary', () =>
      plugin.canDefineTransactionBoundaries?.(config) === 'SUPPORTED' ? undefined : noBoundaries,
    );
  return problems;
}

function asked(ask: () => string | undefined): string | undefined {
  try {
    return ask();
  } catch (error) {
    const message = error instanceof Error ? error.message.trim() : String(error);
    return `An unexpected error occurred during validation: ${message}`;
  }
}

function textOf(config: ConnectorConfig, key: string): string {
  return (config[key] ?? '').trim().toLowerCase();
}

const unsupported =
  'The connector does not support exactly-once semantics with the provided configuration.';
const notImplemented =
  'The connector does not implement the API required for preflight validation of exactly-once source support. Please ' +
  'consult the documentation for the connector to determine whether it supports exactly-once semantics, and then ' +
  'consider reconfiguring the connector to use the value "requested" for this property (which will disable this ' +
  'preflight check and allow the connector to be created).';
const noBoundaries =
  'The connector does not support connector-defined transaction boundaries with the given configuration. ' +
  'Please reconfigure it to use a different transaction boundary definition.';
