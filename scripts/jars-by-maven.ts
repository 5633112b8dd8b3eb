/**
 * Jars by Maven, of exact versions, into the cache. They are gathered in a folder of this process and moved into place
 * as a whole, so that a run at the same time, or one that is killed, leaves no half of them: what is there is complete.
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
import { isAlive, kafkaJars } from '@sluice/testkit';
import { type Note, step } from './progress.ts';
import { runCommand } from './run-command.ts';

const downloadTimeoutMs = 15 * 60_000;

/** Group, artifact and version of what is asked for; Maven adds what these need. */
export type MavenArtifact = readonly [group: string, artifact: string, version: string];

export interface JarsOptions {
  /** `Kafka 4.3.1`, for messages. */
  readonly name: string;
  /** `55 MB`, for messages. */
  readonly size: string;
  readonly artifacts: readonly MavenArtifact[];
  /** Groups that whoever loads the jars brings. */
  readonly withoutGroups?: readonly string[];
  /** The folder whose `libs` gets the jars. Its parent is a folder of nothing but such folders. */
  readonly target: string;
  readonly java: string;
  readonly tell: Note;
}

/** Returns why it failed; undefined if the jars are there. */
export async function downloadJars(options: JarsOptions): Promise<string | undefined> {
  const { name, size, target, tell } = options;
  const cache = dirname(target);
  const download = join(cache, `download-${process.pid}`);
  try {
    removeAbandoned(cache);
    mkdirSync(download, { recursive: true });
    return await step(
      `${name} by Maven, ${size}, into ${target}`,
      async () => {
        const failure = await copyJars(options, download);
        if (failure === undefined) moveIntoPlace(download, target);
        return failure;
      },
      tell,
    );
  } catch (error) {
    return `${name} could not be put into ${target}: ${toError(error).message}`;
  } finally {
    rmSync(download, { recursive: true, force: true });
  }
}

async function copyJars(
  { artifacts, java, name, withoutGroups = [] }: JarsOptions,
  folder: string,
): Promise<string | undefined> {
  const pom = join(folder, 'pom.xml');
  writeFileSync(pom, pomXml(artifacts));
  const { code, output } = await runCommand(
    'mvn',
    [
      '-q',
      '-B',
      '-f',
      pom,
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DexcludeGroupIds=${withoutGroups.join(',')}`,
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
  return `Maven did not get ${name}: ${reason.replace('[ERROR] ', '').slice(0, 500)}`;
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

function pomXml(artifacts: readonly MavenArtifact[]): string {
  const dependencies = artifacts.map(
    ([group, artifact, exact]) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId>` +
      `<version>${exact}</version></dependency>`,
  );
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sluice</groupId>
  <artifactId>jars</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
${dependencies.join('\n')}
  </dependencies>
</project>
`;
}
