/**
 * Kafka's jars by Maven, of exact versions, into the cache. They are gathered in a folder of this process
 * and moved into place as a whole, so that a run at the same time, or one that is killed, leaves no half of
 * them: what is there is complete.
 */
import {
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { toError } from '@sluice/kernel';
import { isAlive, type KafkaVersion, kafkaCacheFolder, kafkaJars } from '@sluice/testkit';
import { type Note, step } from './progress.ts';
import { runCommand } from './run-command.ts';

const downloadTimeoutMs = 15 * 60_000;

/** Group, artifact and version of what is asked for; Maven adds what these need. */
const artifacts: Readonly<Record<KafkaVersion, readonly (readonly [string, string, string])[]>> = {
  '4.3.1': [
    ['org.apache.kafka', 'kafka_2.13', '4.3.1'],
    ['org.apache.kafka', 'kafka-tools', '4.3.1'],
    ['org.apache.kafka', 'connect-runtime', '4.3.1'],
    ['org.apache.kafka', 'connect-file', '4.3.1'],
    ['org.apache.kafka', 'connect-json', '4.3.1'],
    ['org.apache.kafka', 'connect-transforms', '4.3.1'],
    // Without it nothing is logged. Of the version of Log4j that Kafka brings.
    ['org.apache.logging.log4j', 'log4j-slf4j-impl', '2.25.4'],
  ],
  // Brokers and tools only.
  '3.9.2': [
    ['org.apache.kafka', 'kafka_2.13', '3.9.2'],
    ['org.apache.kafka', 'kafka-tools', '3.9.2'],
  ],
};

/** Returns why it failed; undefined if the jars are in the cache. */
export async function downloadKafka(options: {
  readonly version: KafkaVersion;
  readonly java: string;
  readonly tell: Note;
}): Promise<string | undefined> {
  const { version, java, tell } = options;
  const cache = kafkaCacheFolder();
  const target = join(cache, version);
  const download = join(cache, `download-${process.pid}`);
  try {
    removeAbandoned(cache);
    mkdirSync(download, { recursive: true });
    return await step(
      `Kafka ${version} by Maven, 55 MB, into ${target}`,
      async () => {
        const failure = await copyJars(version, download, java);
        if (failure === undefined) moveIntoPlace(download, target);
        return failure;
      },
      tell,
    );
  } catch (error) {
    return `Kafka ${version} could not be put into ${target}: ${toError(error).message}`;
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}

async function copyJars(
  version: KafkaVersion,
  folder: string,
  java: string,
): Promise<string | undefined> {
  const pom = join(folder, 'pom.xml');
  writeFileSync(pom, pomXml(version));
  const { code, output } = await runCommand(
    'mvn',
    [
      '-q',
      '-B',
      '-f',
      pom,
      'dependency:copy-dependencies',
      `-DoutputDirectory=${join(folder, 'libs')}`,
    ],
    {
      cwd: folder,
      timeoutMs: downloadTimeoutMs,
      env: { ...process.env, JAVA_HOME: dirname(dirname(realpathSync(java))) },
    },
  );
  if (code === 0 && kafkaJars(folder).length > 0) return undefined;
  const lines = output.trim().split('\n');
  const reason = lines.find((line) => line.startsWith('[ERROR]')) ?? lines.at(-1) ?? '';
  return `Maven did not get Kafka ${version}: ${reason.replace('[ERROR] ', '').slice(0, 500)}`;
}

function moveIntoPlace(download: string, target: string): void {
  try {
    renameSync(download, target);
  } catch (error) {
    // Another run was first.
    if (!existsSync(join(target, 'libs'))) throw error;
  }
}

/** Of runs that were killed. */
function removeAbandoned(cache: string): void {
  for (const name of existsSync(cache) ? readdirSync(cache) : []) {
    const pid = /^download-(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isAlive(Number(pid))) {
      rmSync(join(cache, name), { recursive: true, force: true });
    }
  }
}

function pomXml(version: KafkaVersion): string {
  const dependencies = artifacts[version].map(
    ([group, artifact, exact]) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
      `<version>${exact}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sluice</groupId>
  <artifactId>kafka-libs</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`;
}
