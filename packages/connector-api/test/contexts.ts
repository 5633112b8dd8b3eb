/** What a runtime gives to connectors and tasks, for the tests of this package. */
import type {
  ConnectorContext,
  SinkTaskContext,
  SourceOffsetValue,
  SourcePartition,
  SourceTaskContext,
  TaskLogger,
} from '../src/index.ts';

export interface TestLogger extends TaskLogger {
  readonly warnings: string[];
}

export function testLogger(): TestLogger {
  const warnings: string[] = [];
  return {
    warnings,
    debug: () => {},
    info: () => {},
    warn: (_fields, message) => warnings.push(message),
    error: () => {},
  };
}

export function connectorContext(): ConnectorContext {
  return {
    connector: 'test',
    logger: testLogger(),
    signal: new AbortController().signal,
    requestTaskReconfiguration: () => {},
    raiseError: () => {},
  };
}

export function sourceContext(
  stored: (partition: SourcePartition) => SourceOffsetValue | undefined = () => undefined,
) {
  const abort = new AbortController();
  const logger = testLogger();
  const context: SourceTaskContext = {
    connector: 'test',
    task: 0,
    logger,
    signal: abort.signal,
    configs: () => ({ topic: 't' }),
    offsets: async (partitions) => partitions.map(stored),
  };
  return { context, abort, logger };
}

export function sinkContext(): SinkTaskContext & { readonly calls: unknown[][] } {
  const calls: unknown[][] = [];
  return {
    calls,
    connector: 'test',
    task: 2,
    logger: testLogger(),
    signal: new AbortController().signal,
    configs: () => ({ topic: 't' }),
    assignment: () => [{ topic: 't', partition: 0 }],
    seek: (...args) => calls.push(['seek', ...args]),
    pause: (...args) => calls.push(['pause', ...args]),
    resume: (...args) => calls.push(['resume', ...args]),
    timeout: (...args) => calls.push(['timeout', ...args]),
    errantRecordReporter: () => undefined,
    requestCommit: () => calls.push(['requestCommit']),
  };
}
