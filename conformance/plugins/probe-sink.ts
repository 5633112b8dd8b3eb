/** As the source of probes, with one task of a sink. For Kafka Connect: `java/ProbeSinkConnector.java`. */
import {
  aliasesOf,
  type Connector,
  type ConnectorConfig,
  type SinkPlugin,
  type SinkTask,
} from '@sluice/connector-api';
import { at, probeConfig } from './probe.ts';

class ProbeSinkConnector implements Connector {
  #config: ConnectorConfig = {};

  async start(config: ConnectorConfig): Promise<void> {
    this.#config = config;
    await at(config, 'connector start');
  }

  taskConfigs(): readonly ConnectorConfig[] {
    return [this.#config];
  }

  async stop(): Promise<void> {
    await at(this.#config, 'connector stop');
  }
}

class ProbeSinkTask implements SinkTask {
  #config: ConnectorConfig = {};

  async start(config: ConnectorConfig): Promise<void> {
    this.#config = config;
    await at(config, 'task 0 start');
  }

  put(): void {}

  async stop(): Promise<void> {
    await at(this.#config, 'task 0 stop');
  }
}

const className = 'io.sluice.conformance.ProbeSinkConnector';

export const probeSink: SinkPlugin = {
  type: 'sink',
  class: className,
  aliases: aliasesOf(className),
  version: '1.0.0',
  configDef: probeConfig,
  createConnector: () => new ProbeSinkConnector(),
  createTask: () => new ProbeSinkTask(),
};
