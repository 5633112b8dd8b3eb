/** A source that has two tasks, however many it may have. */

import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Connector,
  type ConnectorConfig,
  defineSource,
  type SourcePlugin,
} from '@sluice/connector-api';

const patient = defineSource({
  name: 'Greedy',
  version: '1.0.0',
  config: {},
  async *run({ signal }) {
    yield [];
    await sleep(600_000, undefined, { signal }).catch(() => {});
  },
});

class GreedyConnector implements Connector {
  #config: ConnectorConfig = {};

  start(config: ConnectorConfig): void {
    this.#config = config;
  }

  taskConfigs(): readonly ConnectorConfig[] {
    return [this.#config, this.#config];
  }
}

export default { ...patient, createConnector: () => new GreedyConnector() } satisfies SourcePlugin;
