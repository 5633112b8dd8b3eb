/**
 * How a JVM is called for one of Kafka's programs.
 *
 * What runs for seconds only is compiled quickly and not well, collects garbage in one thread and takes its
 * classes from an archive, if one was made: a broker is up in 2 s instead of 4. What is measured (a
 * benchmark) is called as Kafka's own scripts do it.
 */
import { createHash } from 'node:crypto';
import { existsSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type KafkaHome, kafkaCacheFolder } from './find-kafka.ts';

/** `quick` starts soon, `server` runs as fast as Kafka's own scripts make it. */
export type JvmTuning = 'quick' | 'server';

export type KafkaProgram = 'broker' | 'connect' | 'format' | 'tool';

export interface JavaCall {
  readonly home: KafkaHome;
  readonly program: KafkaProgram;
  readonly mainClass: string;
  readonly args: readonly string[];
  readonly heapMb: number;
  readonly tuning?: JvmTuning;
  /** A file that `writeLogSettings` has written. Default: nothing but errors. */
  readonly logSettings?: string;
  /** Writes the archive of this program's classes, when it ends in order. */
  readonly archiveTo?: string;
  readonly properties?: Readonly<Record<string, string>>;
}

/** Java reads arguments and names of files by its locale: without one, only what is ASCII. */
export const javaEnvironment: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C.UTF-8' };

export function javaArguments(call: JavaCall): string[] {
  const { home, tuning = 'quick' } = call;
  const properties = { ...logProperties(call.logSettings), ...call.properties };
  return [
    `-Xmx${call.heapMb}m`,
    ...(tuning === 'quick'
      ? ['-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', ...archiveArguments(call)]
      : ['-server', '-XX:+UseG1GC', '-XX:MaxGCPauseMillis=20', `-Xms${call.heapMb}m`]),
    // Nobody attaches to it, and its files in the system's temporary folder outlive a kill.
    '-XX:-UsePerfData',
    '-Djava.awt.headless=true',
    ...Object.entries(properties).map(([name, value]) => `-D${name}=${value}`),
    '-cp',
    home.classpath,
    call.mainClass,
    ...call.args,
  ];
}

/** Where the archive of a program's classes is, or would be. Jars and Java are in its name: it fits no others. */
export function archiveFile(home: KafkaHome, program: KafkaProgram): string {
  return join(archiveFolder(home), `${program}.jsa`);
}

export function archiveFolder(home: KafkaHome): string {
  const hash = createHash('sha256').update(home.java).update(home.classpath);
  for (const file of [home.java, ...home.classpath.split(':')]) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${size} ${mtimeMs}\n`);
  }
  return join(kafkaCacheFolder(), 'archives', `${home.version}-${hash.digest('hex').slice(0, 12)}`);
}

function archiveArguments({ home, program, archiveTo }: JavaCall): string[] {
  if (archiveTo !== undefined) return [`-XX:ArchiveClassesAtExit=${archiveTo}`, '-Xlog:cds=off'];
  const archive = archiveFile(home, program);
  if (!existsSync(archive)) return ['-Xshare:auto'];
  // A JVM that finds that it does not fit goes on without it, and need not complain.
  return [`-XX:SharedArchiveFile=${archive}`, '-Xshare:auto', '-Xlog:cds=off'];
}

/** Both libraries: Kafka 4 logs through Log4j 2, Kafka 3 through reload4j. */
function logProperties(settings: string | undefined): Record<string, string> {
  return settings === undefined
    ? { 'org.apache.logging.log4j.level': 'ERROR' }
    : {
        'log4j2.configurationFile': `${settings}2.properties`,
        'log4j.configuration': `file:${settings}1.properties`,
      };
}

/**
 * Log lines on stdout, without the thousand settings that each client and server prints at its start.
 * Returns what `logSettings` takes.
 */
export function writeLogSettings(folder: string): string {
  const settings = join(folder, 'log4j');
  const quiet = [
    'org.apache.kafka.common.config.AbstractConfig',
    'kafka.server.KafkaConfig',
    'org.apache.kafka.server.config.AbstractKafkaConfig',
    'org.reflections',
    'org.eclipse.jetty',
  ];
  writeFileSync(
    `${settings}2.properties`,
    [
      'appender.out.type=Console',
      'appender.out.name=out',
      'appender.out.layout.type=PatternLayout',
      'appender.out.layout.pattern=%d{HH:mm:ss.SSS} %p %m (%c{1})%n%throwable{12}',
      'rootLogger=INFO, out',
      ...quiet.flatMap((name, index) => [
        `logger.quiet${index}.name=${name}`,
        `logger.quiet${index}.level=ERROR`,
      ]),
      '',
    ].join('\n'),
  );
  writeFileSync(
    `${settings}1.properties`,
    [
      'log4j.rootLogger=INFO, out',
      'log4j.appender.out=org.apache.log4j.ConsoleAppender',
      'log4j.appender.out.layout=org.apache.log4j.PatternLayout',
      'log4j.appender.out.layout.ConversionPattern=%d{HH:mm:ss.SSS} %p %m (%c{1})%n',
      ...quiet.map((name) => `log4j.logger.${name}=ERROR`),
      '',
    ].join('\n'),
  );
  return settings;
}
