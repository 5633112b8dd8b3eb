/** The JDBC sink: records into tables of PostgreSQL, MySQL and MariaDB. */
import {
  aliasesOf,
  defineConfig,
  defineSink,
  type SinkPlugin,
  validateConfig,
} from '@sluice/connector-api';
import { openDialect } from '../connection/open-dialect.ts';
import { refusing } from '../refused-keys.ts';
import { alterSinkOffsets } from './alter-sink-offsets.ts';
import { checkTarget } from './check-target.ts';
import { sinkKeys, sinkProblems } from './sink-keys.ts';
import { SinkRun } from './sink-run.ts';

const className = 'io.confluent.connect.jdbc.JdbcSinkConnector';

const configDef = defineConfig(sinkKeys);

const sink = defineSink({
  name: 'JdbcSink',
  class: className,
  version: '1.0.0',
  config: sinkKeys,
  setup: async (context) => new SinkRun(await openDialect(context.config), context.config, context),
  open(partitions, { state }) {
    state.forget(partitions);
  },
  async put(records, { state }) {
    await state.put(records);
  },
  close(partitions, { state }) {
    state.forget(partitions);
  },
  async teardown({ state }) {
    await state.close();
  },
});

export const jdbcSink: SinkPlugin = refusing(
  {
    ...sink,
    aliases: [...aliasesOf(className), 'io.aiven.connect.jdbc.JdbcSinkConnector'],
    alterOffsets: (config, offsets, { signal }) =>
      alterSinkOffsets(configDef.parse(config), config['name'], offsets, signal),
    validate: async (config, { signal }) => {
      // What is wrong with single keys is told by whoever asks, and what is wrong between them is told first.
      const isSound =
        validateConfig(configDef.keys, config).length === 0 && sinkProblems(config).length === 0;
      if (!isSound) return [];
      const topics = (config['topics'] ?? '')
        .split(',')
        .map((topic) => topic.trim())
        .filter((topic) => topic !== '');
      return await checkTarget(configDef.parse(config), topics, signal);
    },
  },
  sinkProblems,
);
