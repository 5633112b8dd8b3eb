/**
 * Debezium's MySQL and MariaDB connectors by their class names and keys: the rows of databases, and each change of
 * them.
 *
 * There is one task, since changes are read in the order of one log.
 */
import {
  defineConfig,
  defineSource,
  type SourceOffsetValue,
  type SourcePlugin,
  validateConfig,
} from '@sluice/connector-api';
import { assertOwnOffset, refusing, unsupportedProblems } from '@sluice/connector-capture';
import { captureRun } from './capture-run.ts';
import type { Flavour } from './captured-table.ts';
import {
  configProblems,
  configShape,
  type MysqlConfig,
  unsupportedKeys,
  withoutEffect,
} from './config.ts';
import { positionOf } from './position.ts';
import type { TaskState } from './run-context.ts';
import { SchemaHistory } from './schema-history.ts';
import { SnapshotGate } from './snapshot-gate.ts';
import { databaseProblems } from './validate.ts';

const configDef = defineConfig(configShape);

function connector(name: string, flavour: Flavour): SourcePlugin {
  const source = defineSource({
    name,
    class: `io.debezium.connector.${flavour}.${name}`,
    version: '1.0.0',
    config: configShape,
    validate: (context) => databaseProblems({ ...context, flavour }),
    // Whether the server still has the log from there is found out when the task starts.
    alterOffsets: ({ config, offsets }) => {
      for (const { offset, partition } of offsets)
        assertOwnOffset(partitionOf(config), partition, offset, readOffset);
      return true;
    },
    sourcePartition: ({ config }) => partitionOf(config),
    setup: (): TaskState => ({
      isSnapshotTaken: false,
      isSnapshotNeeded: false,
      gate: new SnapshotGate(),
    }),
    run: ({ config, logger, offset, signal, state }) =>
      captureRun({ config, flavour, logger, offset, signal, state }),
    // Asked of the log itself: what it has stored is what a next run begins with.
    commit: async ({ config, offsets, state }) => {
      if (!state.gate.isClosed) return;
      const [stored] = await offsets([partitionOf(config)]);
      state.gate.see(stored);
    },
  });
  return refusing(source, {
    withoutEffect,
    problemsOf: (config) => {
      const problems = unsupportedProblems(unsupportedKeys, config);
      // What is wrong with a key by itself is told by whoever asks.
      const isParsable = validateConfig(configDef.keys, config).length === 0;
      return isParsable ? [...problems, ...configProblems(configDef.parse(config))] : problems;
    },
  });
}

function partitionOf(config: MysqlConfig): { readonly server: string } {
  return { server: config['topic.prefix'] };
}

/** Also the layouts of tables that it may carry. */
function readOffset(offset: SourceOffsetValue): SchemaHistory {
  return new SchemaHistory(positionOf(offset)?.schemas);
}

export const mysqlConnector: SourcePlugin = connector('MySqlConnector', 'mysql');
export const mariadbConnector: SourcePlugin = connector('MariaDbConnector', 'mariadb');
