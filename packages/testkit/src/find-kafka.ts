/**
 * Where Kafka's jars and a Java that runs them are. `scripts/kafka.ts` puts them there.
 *
 * A home is a folder with `libs/*.jar`: an unpacked Kafka distribution, or what Maven copied. Besides it
 * stand class archives, with which a JVM starts in half the time (`kafka-archive.ts`).
 */
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { findOnPath } from './guarded-process.ts';

/** What tests and benchmarks run on, and an old one whose brokers must still be served. */
export const kafkaVersions = { current: '4.3.1', old: '3.9.2' } as const;
export type KafkaVersion = (typeof kafkaVersions)[keyof typeof kafkaVersions];

export const javaVersionMin = 17;

export interface KafkaHome {
  readonly folder: string;
  readonly version: KafkaVersion;
  /** Path of `java`. */
  readonly java: string;
  /** Sorted: a class archive is for one order only. */
  readonly classpath: string;
}

/** Where Kafkas that were downloaded for this user stand, one folder a version. */
export function kafkaCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'sluice', 'kafka');
}

/**
 * The folder of a version: what `SLUICE_KAFKA_HOME` names, for the current version only, else the one in the
 * cache. Undefined if it has no jars.
 */
export function findKafkaFolder(
  version: KafkaVersion = kafkaVersions.current,
  env: NodeJS.ProcessEnv = process.env,
): string | undefined {
  const chosen = version === kafkaVersions.current ? env['SLUICE_KAFKA_HOME'] : undefined;
  const folder = chosen || join(kafkaCacheFolder(env), version);
  return kafkaJars(folder).length > 0 ? folder : undefined;
}

/** The `java` that `SLUICE_JAVA` names, else that of `JAVA_HOME`, else the one on the PATH, else an installed one. */
export function findJava(env: NodeJS.ProcessEnv = process.env): string | undefined {
  if (env['SLUICE_JAVA']) return env['SLUICE_JAVA'];
  const inHome = env['JAVA_HOME'] ? findOnPath('java', join(env['JAVA_HOME'], 'bin')) : undefined;
  return (
    inHome ??
    findOnPath('java', env['PATH'] ?? '') ??
    globSync('/usr/lib/jvm/*/bin/java').toSorted().at(-1)
  );
}

/** The major version of a `java`, for example 17. */
export function javaVersion(java: string): number {
  // Every version writes it to stderr.
  const { stderr, error } = spawnSync(java, ['-version'], { timeout: 20_000, encoding: 'utf8' });
  if (error !== undefined) {
    throw new SluiceError('kafka.java', `${java} does not run: ${error.message}`, { cause: error });
  }
  const major = /version "(?:1\.)?(\d+)/.exec(stderr)?.[1];
  if (major === undefined) {
    throw new SluiceError(
      'kafka.java',
      `${java} -version answered "${stderr.trim()}", which names no version; is it a Java?`,
    );
  }
  return Number(major);
}

const known = new Map<string, KafkaHome>();

/** Jars and Java, with an error that says what to do if something is missing. */
export function requireKafka(version: KafkaVersion = kafkaVersions.current): KafkaHome {
  const folder = findKafkaFolder(version);
  const java = findJava();
  if (folder === undefined || java === undefined) {
    const missing = folder === undefined ? `Kafka ${version}` : 'Java';
    throw new SluiceError(
      'kafka.not_here',
      `${missing} was not found; run the tests by "npm test", which gets it, or name an unpacked ` +
        `Kafka: SLUICE_KAFKA_HOME=/path/to/kafka (with Java ${javaVersionMin} or newer on the PATH)`,
    );
  }
  const home = known.get(folder) ?? { folder, version, java, classpath: classpathOf(folder, java) };
  known.set(folder, home);
  return home;
}

function classpathOf(folder: string, java: string): string {
  const major = javaVersion(java);
  if (major < javaVersionMin) {
    throw new SluiceError(
      'kafka.java_old',
      `${java} is Java ${major}; Kafka needs ${javaVersionMin} or newer: SLUICE_JAVA=/path/to/java names one`,
    );
  }
  return kafkaJars(folder).join(':');
}

export function kafkaJars(folder: string): string[] {
  return globSync(join(folder, 'libs', '*.jar')).toSorted();
}
