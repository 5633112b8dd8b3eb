/** The JDBC source: rows of tables of PostgreSQL, MySQL and MariaDB, found by queries. */
import {
  aliasesOf,
  defineConfig,
  defineSource,
  type SourcePlugin,
  validateConfig,
} from '@sluice/connector-api';
import { openDialect } from '../connection/open-dialect.ts';
import type { Dialect } from '../dialect.ts';
import { refusing } from '../refused-keys.ts';
import { assertSourceOffsets } from './alter-source-offsets.ts';
import { checkSource } from './check-source.ts';
import { queryPartition } from './position.ts';
import { sourceKeys, sourceProblems } from './source-keys.ts';
import { type Assigned, runSource } from './source-run.ts';
import { TableMonitor } from './table-monitor.ts';

const className = 'io.confluent.connect.jdbc.JdbcSourceConnector';

const configDef = defineConfig(sourceKeys);

/** Each connector has a monitor of its own. */
function sourceWith(monitor: TableMonitor): SourcePlugin {
  return defineSource<typeof sourceKeys, Assigned, Dialect>({
    name: 'JdbcSource',
    class: className,
    version: '1.0.0',
    config: sourceKeys,
    tasks: (context) => monitor.divide(context),
    watch: (context) => monitor.watch(context),
    // Records of tables say it themselves.
    sourcePartition: () => queryPartition,
    alterOffsets: ({ config, offsets }) => {
      assertSourceOffsets(config, offsets);
      return true;
    },
    setup: ({ config }) => openDialect(config),
    run: runSource,
  });
}

export const jdbcSource: SourcePlugin = refusing(
  {
    ...sourceWith(new TableMonitor()),
    aliases: [...aliasesOf(className), 'io.aiven.connect.jdbc.JdbcSourceConnector'],
    createConnector: () => sourceWith(new TableMonitor()).createConnector(),
    validate: async (config, { signal }) => {
      // What is wrong with single keys is told by whoever asks, and what is wrong between them is told first.
      const isSound =
        validateConfig(configDef.keys, config).length === 0 && sourceProblems(config).length === 0;
      return isSound ? await checkSource(configDef.parse(config), signal) : [];
    },
  },
  sourceProblems,
);
