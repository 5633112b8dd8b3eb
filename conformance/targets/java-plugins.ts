/** The connectors of `java/` as a folder that `plugin.path` takes: classes, and the lists by which they are found. */
import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SluiceError } from '@sluice/kernel';
import { hasJavaCompiler, requireKafka } from '@sluice/testkit';

const sources = fileURLToPath(new URL('../java', import.meta.url));
const compileLimitMs = 120_000;

/** By the interface of Kafka Connect. */
const services: Readonly<Record<string, readonly string[]>> = {
  'org.apache.kafka.connect.source.SourceConnector': [
    'RecordsSourceConnector',
    'ProbeSourceConnector',
    'ValidatedProbeSourceConnector',
  ],
  'org.apache.kafka.connect.sink.SinkConnector': ['RecordsSinkConnector', 'ProbeSinkConnector'],
  'org.apache.kafka.connect.storage.Converter': ['UnreachableConverter'],
};

/** @throws SluiceError `conformance.java` if there is no compiler, or with what it says. */
export function compilePlugins(pluginPath: string): void {
  const { classpath, java } = requireKafka();
  if (!hasJavaCompiler()) {
    throw new SluiceError(
      'conformance.java',
      `${java} belongs to a Java that only runs programs; the connectors of conformance/java have to be compiled: ` +
        'install a JDK, or name its java: SLUICE_JAVA=/path/to/jdk/bin/java',
    );
  }
  const folder = join(pluginPath, 'conformance');
  const lists = join(folder, 'META-INF', 'services');
  mkdirSync(lists, { recursive: true });
  for (const [service, names] of Object.entries(services))
    writeFileSync(
      join(lists, service),
      names.map((name) => `io.sluice.conformance.${name}\n`).join(''),
    );
  const compiler = join(dirname(realpathSync(java)), 'javac');
  const files = globSync('*.java', { cwd: sources }).map((file) => join(sources, file));
  const { error, status, stderr } = spawnSync(
    compiler,
    ['-encoding', 'UTF-8', '-nowarn', '-proc:none', '-cp', classpath, '-d', folder, ...files],
    { encoding: 'utf8', timeout: compileLimitMs },
  );
  if (error !== undefined || status !== 0)
    throw new SluiceError('conformance.java', `${compiler}: ${error?.message ?? stderr}`);
}
