/**
 * Clients as their registries publish them, in the cache: packages of Python in a virtual environment, jars by Maven.
 * Their versions are fixed here; a folder is whole once it is named by them.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { newShortId } from '@sluice/kernel';
import { findOnPath, kafkaCacheFolder } from '@sluice/testkit';
import { runCommand } from '../../scripts/run-command.ts';
import { SkippedCase } from '../case.ts';

export const pythonPackages = ['kafka-connect-py==1.0.0', 'kafka-connect-api==0.5.10'];
/** The one that AKHQ uses. */
export const javaArtifact = ['org.sourcelab', 'kafka-connect-client', '4.0.5'] as const;

const installLimitMs = 5 * 60_000;

/** The folder of programs of the environment. @throws SkippedCase */
export async function obtainPython(): Promise<string> {
  const python = findOnPath('python3', process.env['PATH'] ?? '');
  if (python === undefined) throw new SkippedCase('there is no python3 on the PATH');
  const folder = await obtain('python', pythonPackages, async (target) => {
    await run(python, ['-m', 'venv', target]);
    await run(join(target, 'bin', 'python'), [
      '-m',
      'pip',
      'install',
      '-q',
      '--disable-pip-version-check',
      ...pythonPackages,
    ]);
  });
  return join(folder, 'bin');
}

/** A class path. @throws SkippedCase */
export async function obtainJars(): Promise<string> {
  const maven = findOnPath('mvn', process.env['PATH'] ?? '');
  if (maven === undefined) throw new SkippedCase('there is no mvn on the PATH');
  const folder = await obtain('java', javaArtifact, async (target) => {
    mkdirSync(target, { recursive: true });
    const pom = join(target, 'pom.xml');
    writeFileSync(pom, pomXml());
    const goal = 'dependency:copy-dependencies';
    await run(maven, ['-q', '-B', '-f', pom, goal, `-DoutputDirectory=${target}`]);
  });
  return join(folder, '*');
}

/** A virtual environment knows its path, so that what is begun anew is removed and not moved. */
async function obtain(
  language: string,
  versions: readonly string[],
  fill: (target: string) => Promise<void>,
): Promise<string> {
  const version = createHash('sha256').update(versions.join(' ')).digest('hex').slice(0, 12);
  const folder = join(dirname(kafkaCacheFolder()), 'clients', `${language}-${version}`);
  const isWhole = join(folder, 'whole');
  if (existsSync(isWhole)) return folder;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  await fill(folder);
  const mark = `${isWhole}.${newShortId()}`;
  writeFileSync(mark, `${versions.join('\n')}\n`);
  renameSync(mark, isWhole);
  return folder;
}

/** @throws SkippedCase with the last line that it printed: whoever is offline has no clients. */
async function run(command: string, args: readonly string[]): Promise<void> {
  const { code, output } = await runCommand(command, args, { timeoutMs: installLimitMs });
  if (code === 0) return;
  const reason = output.trim().split('\n').at(-1) ?? '';
  throw new SkippedCase(`${[command, ...args].join(' ').slice(0, 120)}: ${reason.slice(0, 300)}`);
}

function pomXml(): string {
  const [group, artifact, version] = javaArtifact;
  return `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sluice</groupId>
  <artifactId>clients</artifactId>
  <version>1</version>
  <dependencies>
    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>
  </dependencies>
</project>
`;
}
