/** One test of vitest for each check of the contract. */
import type { SinkPlugin, SourcePlugin } from '@sluice/connector-api';
import { describe, test } from 'vitest';
import type { Check } from './check.ts';
import { type SinkContractOptions, sinkContract } from './sink-contract.ts';
import { type SourceContractOptions, sourceContract } from './source-contract.ts';

/** Several lives of a worker, each of which may take its whole time to stop. */
const timeoutMs = 60_000;

/**
 * @example
 * describeSource(plugin, {
 *   setup: async () => {
 *     const server = await startServer();
 *     return {
 *       config: { topic: 'orders', url: server.url },
 *       produce: async (count) => (await server.addOrders(count)).map(({ id }) => id),
 *       identify: ({ key }) => String(key),
 *       close: () => server.stop(),
 *     };
 *   },
 *   invalid: [{ config: { url: 'nonsense' }, names: 'url' }],
 * });
 */
export function describeSource(plugin: SourcePlugin, options: SourceContractOptions): void {
  describeContract(plugin.class, sourceContract(plugin, options));
}

/**
 * @example
 * describeSink(plugin, {
 *   setup: async () => {
 *     const server = await startServer();
 *     return {
 *       config: { url: server.url },
 *       arrived: async () => (await server.orders()).map(({ n }) => String(n)),
 *       fail: { begin: () => server.refuse(), end: () => server.accept() },
 *       close: () => server.stop(),
 *     };
 *   },
 * });
 */
export function describeSink(plugin: SinkPlugin, options: SinkContractOptions): void {
  describeContract(plugin.class, sinkContract(plugin, options));
}

function describeContract(name: string, checks: readonly Check[]): void {
  describe(`${name} keeps the contract`, { timeout: timeoutMs }, () => {
    for (const { title, run } of checks) test(title, run);
  });
}
