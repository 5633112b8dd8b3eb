/**
 * Debezium's connectors by Maven, into the cache, for the real Kafka Connect. Each stands in a folder of its own, which
 * goes into `plugin.path`.
 */
import { dirname, join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { findJava, findOnPath, kafkaCacheFolder, kafkaJars } from '@sluice/testkit';
import { downloadJars } from './jars-by-maven.ts';
import { type Note, note } from './progress.ts';

export const debeziumConnectors = {
  postgres: { artifact: 'debezium-connector-postgres', version: '3.6.1.Final' },
  // The newest one that Maven Central has; Debezium's MySQL connector refuses MariaDB.
  mariadb: { artifact: 'debezium-connector-mariadb', version: '3.5.0.Final' },
} as const;

export type DebeziumConnector = keyof typeof debeziumConnectors;

function folderOf(connector: DebeziumConnector): string {
  const name = `${connector}-${debeziumConnectors[connector].version}`;
  return join(dirname(kafkaCacheFolder()), 'debezium', name);
}

/** The folder for `plugin.path`; undefined if it is not in the cache. */
export function findDebezium(connector: DebeziumConnector): string | undefined {
  const folder = folderOf(connector);
  return kafkaJars(folder).length > 0 ? folder : undefined;
}

/** The folder for `plugin.path`. @throws SluiceError that says what to do where it cannot be had. */
export async function obtainDebezium(
  connector: DebeziumConnector,
  tell: Note = note,
): Promise<string> {
  const { artifact, version } = debeziumConnectors[connector];
  const java = findJava();
  const failure =
    findDebezium(connector) !== undefined
      ? undefined
      : java === undefined || findOnPath('mvn') === undefined
        ? 'it needs a Java and Maven (mvn) on the PATH: sudo apt-get install -y maven'
        : await downloadJars({
            name: `Debezium's ${artifact} ${version}`,
            size: '25 MB',
            artifacts: [['io.debezium', artifact, version]],
            // Kafka Connect's own.
            withoutGroups: ['org.apache.kafka', 'org.slf4j'],
            target: folderOf(connector),
            java,
            tell,
          });
  if (failure === undefined) return folderOf(connector);
  throw new SluiceError('scripts.no_debezium', `${artifact} ${version} is not here: ${failure}`);
}
