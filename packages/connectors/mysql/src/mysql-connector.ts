/**
 * Debezium's MySQL and MariaDB connectors by their class names and keys: the rows of databases, and each change of
 * them.
 *
 * There is one task, since changes are read in the order of one log.
 */
import {
  defineConfig,
  defineSource,
  type SourcePlugin,
  validateConfig,
} from '@sluice/connector-api';
import { refusing, unsupportedProblems } from '@sluice/connector-capture';
import { CaptureRun, type TaskState } from './capture-run.ts';
import type { Flavour } from './captured-table.ts';
import { configProblems, configShape, unsupportedKeys } from './config.ts';
import { databaseProblems } from './validate.ts';

const configDef = defineConfig(configShape);

function connector(name: string, flavour: Flavour): SourcePlugin {
  const source = defineSource({
    name,
    class: `io.debezium.connector.${flavour}.${name}`,
    version: '1.0.0',
    config: configShape,
    validate: (context) => databaseProblems({ ...context, flavour }),
    sourcePartition: ({ config }) => ({ server: config['topic.prefix'] }),
    setup: (): TaskState => ({ isSnapshotTaken: false, isSnapshotNeeded: false }),
    run: ({ config, logger, offset, signal, state }) =>
      new CaptureRun({ config, flavour, logger, offset, signal, state }).records(),
  });
  return refusing(source, (config) => {
    const problems = unsupportedProblems(unsupportedKeys, config);
    // What is wrong with a key by itself is told by whoever asks.
    const isParsable = validateConfig(configDef.keys, config).length === 0;
    return isParsable ? [...problems, ...configProblems(configDef.parse(config))] : problems;
  });
}

export const mysqlConnector: SourcePlugin = connector('MySqlConnector', 'mysql');
export const mariadbConnector: SourcePlugin = connector('MariaDbConnector', 'mariadb');
