/**
 * Moves nothing: writes down which of its methods are called, and fails or blocks where it is told to. The same
 * connector for Kafka Connect stands in `java/ProbeSourceConnector.java`.
 */
import { appendFileSync, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  aliasesOf,
  ConnectError,
  type Connector,
  type ConnectorConfig,
  defineConfig,
  list,
  type SourcePlugin,
  type SourceRecord,
  type SourceTask,
  type SourceTaskContext,
  string,
} from '@sluice/connector-api';

const configDef = defineConfig({
  'events.file': string().importance('high').doc('Where the calls are written down, one a line.'),
  'fail.at': list().default([]).doc('Calls that fail.'),
  'block.at': list().default([]).doc('Calls that do not return.'),
  'while.file': string().default('').doc('They do so while it exists; without it: always.'),
  'probe.tasks': string().default('').doc('How many task configurations there are; tasks.max.'),
});

async function at(config: ConnectorConfig, call: string): Promise<void> {
  const parsed = configDef.parse(config);
  const isMeant = (): boolean => parsed['while.file'] === '' || existsSync(parsed['while.file']);
  // Whoever asked may be gone.
  if (existsSync(dirname(parsed['events.file'])))
    appendFileSync(parsed['events.file'], `${call}\n`);
  if (parsed['block.at'].includes(call)) while (isMeant()) await sleep(50);
  if (parsed['fail.at'].includes(call) && isMeant())
    throw new ConnectError(`the probe fails at ${call}`);
}

class ProbeConnector implements Connector {
  #config: ConnectorConfig = {};

  async start(config: ConnectorConfig): Promise<void> {
    this.#config = config;
    await at(config, 'connector start');
  }

  async taskConfigs(maxTasks: number): Promise<readonly ConnectorConfig[]> {
    await at(this.#config, 'connector taskConfigs');
    const count = Number(this.#config['probe.tasks'] ?? maxTasks);
    return Array.from({ length: count }, (_none, task) => ({
      ...this.#config,
      'probe.task': String(task),
    }));
  }

  async stop(): Promise<void> {
    await at(this.#config, 'connector stop');
  }
}

class ProbeTask implements SourceTask {
  #config: ConnectorConfig = {};
  #name = '';
  #signal: AbortSignal = AbortSignal.abort();

  async start(config: ConnectorConfig, { signal }: SourceTaskContext): Promise<void> {
    this.#config = config;
    this.#signal = signal;
    this.#name = `task ${config['probe.task'] ?? ''}`;
    await at(config, `${this.#name} start`);
  }

  async poll(): Promise<readonly SourceRecord[] | null> {
    await sleep(50, undefined, { signal: this.#signal }).catch(() => undefined);
    return null;
  }

  async stop(): Promise<void> {
    await at(this.#config, `${this.#name} stop`);
  }
}

const className = 'io.sluice.conformance.ProbeSourceConnector';

export const probeSource: SourcePlugin = {
  type: 'source',
  class: className,
  aliases: aliasesOf(className),
  version: '1.0.0',
  configDef,
  createConnector: () => new ProbeConnector(),
  createTask: () => new ProbeTask(),
};

const validatedName = 'io.sluice.conformance.ValidatedProbeSourceConnector';

/** Apart, since each definition of it is looked at in a process of its own. */
export const validatedProbeSource: SourcePlugin = {
  ...probeSource,
  class: validatedName,
  aliases: aliasesOf(validatedName),
  validate: async (config) => {
    await at(config, 'connector validate');
    return [];
  },
};
