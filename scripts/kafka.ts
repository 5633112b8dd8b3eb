/**
 * Apache Kafka's jars and a Java that runs them, on a machine that may have neither.
 *
 * Jars, in this order: the folder that `SLUICE_KAFKA_HOME` names, the cache, Maven from the PATH, Maven
 * installed by apt (as root). Java, in this order: what `SLUICE_JAVA`, `JAVA_HOME` or the PATH names, one
 * installed by apt (as root). Each way that does not work says why; if none does, the error lists the
 * reasons and ends with one instruction.
 */
import { SluiceError, toError } from '@sluice/kernel';
import {
  findJava,
  findKafkaFolder,
  findOnPath,
  hasKafkaArchives,
  javaVersion,
  javaVersionMin,
  type KafkaVersion,
  kafkaVersions,
  makeKafkaArchives,
} from '@sluice/testkit';
import { candidateVersion, installPackages, updateLists, whyNoApt } from './apt.ts';
import { downloadKafka } from './kafka-from-maven.ts';
import { type Note, note, step } from './progress.ts';

/** Newest last: what Debian and Ubuntu call a Java that is new enough, of which each release has some. */
const javaPackages = [
  'openjdk-17-jdk-headless',
  'openjdk-21-jdk-headless',
  'openjdk-25-jdk-headless',
] as const;

/**
 * The folder of a version, whose `libs` has the jars. It is also put into `SLUICE_KAFKA_HOME` of this
 * process, and the path of Java into `SLUICE_JAVA`, so that every process started from here uses the same.
 */
export async function obtainKafka(
  version: KafkaVersion = kafkaVersions.current,
  tell: Note = note,
): Promise<string> {
  const reasons: string[] = [];
  const java = await obtainJava(reasons, tell);
  const folder = java === undefined ? undefined : await obtainJars(version, java, reasons, tell);
  if (java === undefined || folder === undefined) {
    const what = java === undefined ? `Java ${javaVersionMin} or newer` : `Kafka ${version}`;
    throw new SluiceError(
      'scripts.no_kafka',
      `Tests and scripts with Kafka need ${what}, which is not here:\n` +
        `${reasons.map((reason) => `  - ${reason}`).join('\n')}\n${instruction(version)}`,
    );
  }
  process.env['SLUICE_JAVA'] = java;
  if (version === kafkaVersions.current) process.env['SLUICE_KAFKA_HOME'] = folder;
  return folder;
}

/**
 * Makes the current version start in half the time, once for each machine. Worth its half minute for who
 * starts many of them; where it fails, they start all the same.
 */
export async function quickenKafka(tell: Note = note): Promise<void> {
  try {
    if (hasKafkaArchives()) return;
    const what = 'class archives, with which Kafka starts in half the time';
    await step(what, async () => await makeKafkaArchives(), tell);
  } catch (error) {
    tell(`no class archives, Kafka starts slowly: ${toError(error).message}`);
  }
}

async function obtainJava(reasons: string[], tell: Note): Promise<string | undefined> {
  const present = newEnough(findJava(), reasons, `no Java ${javaVersionMin} or newer on the PATH`);
  // One that was named was meant to be used: another one instead would surprise.
  if (present !== undefined || process.env['SLUICE_JAVA']) return present;
  const failure = whyNoApt() ?? (await updateLists(tell)) ?? (await installJava(tell));
  if (failure !== undefined) {
    reasons.push(failure);
    return undefined;
  }
  return newEnough(findJava(), reasons, 'a Java was installed, but is not on the PATH');
}

function newEnough(
  java: string | undefined,
  reasons: string[],
  ifNone: string,
): string | undefined {
  try {
    if (java !== undefined) {
      const version = javaVersion(java);
      if (version >= javaVersionMin) return java;
      reasons.push(`${java} is Java ${version}, older than ${javaVersionMin}`);
    } else reasons.push(ifNone);
  } catch (error) {
    reasons.push(toError(error).message);
  }
  return undefined;
}

async function installJava(tell: Note): Promise<string | undefined> {
  for (const name of javaPackages) {
    if ((await candidateVersion(name)) !== undefined) return await installPackages([name], tell);
  }
  return `apt knows none of ${javaPackages.join(', ')}`;
}

async function obtainJars(
  version: KafkaVersion,
  java: string,
  reasons: string[],
  tell: Note,
): Promise<string | undefined> {
  const present = findKafkaFolder(version);
  if (present !== undefined) return present;
  if (isChosen(version)) {
    // It was meant to be used: another one instead would surprise.
    const named = process.env['SLUICE_KAFKA_HOME'];
    reasons.push(`SLUICE_KAFKA_HOME names ${named}, which has no libs/*.jar`);
    return undefined;
  }
  reasons.push(`no Kafka ${version} in the cache`);
  if (findOnPath('mvn') === undefined) {
    reasons.push('no Maven (mvn) on the PATH');
    const failure =
      whyNoApt() ?? (await updateLists(tell)) ?? (await installPackages(['maven'], tell));
    if (failure !== undefined) {
      reasons.push(failure);
      return undefined;
    }
  }
  const failure = await downloadKafka({ version, java, tell });
  if (failure !== undefined) reasons.push(failure);
  return findKafkaFolder(version);
}

/** One exact thing to do, for the machine that this is. */
function instruction(version: KafkaVersion): string {
  const running =
    'or name a Kafka that runs: KAFKA_BROKERS=host:9092 npm run quickstart -- --kafka';
  if (isChosen(version)) {
    return `Unset SLUICE_KAFKA_HOME, or let it name an unpacked Kafka (${running})`;
  }
  const byManager: readonly (readonly [string, string])[] = [
    ['brew', 'brew install maven openjdk'],
    ['apt-get', 'sudo apt-get update && sudo apt-get install -y maven'],
    ['dnf', 'sudo dnf install maven java-17-openjdk-devel'],
    ['apk', 'sudo apk add maven openjdk17'],
    ['pacman', 'sudo pacman -S maven jdk17-openjdk'],
  ];
  const isInstalled = findJava() !== undefined && findOnPath('mvn') !== undefined;
  const known = byManager.find(([manager]) => findOnPath(manager) !== undefined);
  const remedy = isInstalled
    ? // What Maven then says names the obstacle: no way out, a proxy, a full disk.
      `mvn -B dependency:get -Dartifact=org.apache.kafka:kafka_2.13:${version}`
    : (known?.[1] ?? 'install Maven and a Java, and put both on the PATH');
  return (
    `Run: ${remedy}\n` +
    `(or name an unpacked Kafka: SLUICE_KAFKA_HOME=/path/to/kafka npm test; ${running})`
  );
}

/** Whether the user says where that version is. */
function isChosen(version: KafkaVersion): boolean {
  return version === kafkaVersions.current && Boolean(process.env['SLUICE_KAFKA_HOME']);
}
