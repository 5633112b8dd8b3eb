/**
 * Moves nothing: writes down which of its methods are called, and fails or blocks where it is told to. The same
 * connector for Kafka Connect stands in `java/ProbeSourceConnector.java`.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  aliasesOf,
  type Connector,
  type ConnectorConfig,
  type SourcePlugin,
  type SourceRecord,
  type SourceTask,
  type SourceTaskContext,
} from '@sluice/connector-api';
import { at, probeConfig } from './probe.ts';

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
  configDef: probeConfig,
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
