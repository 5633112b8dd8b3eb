/**
 * `npm run registry`: gets a real Schema Registry for the tests, Apicurio Registry by Maven, into the cache. It is
 * 142 MB, and so not fetched by `npm test`, which skips the tests on it without: the same ones run on a played one.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { apicurioCacheFolder, apicurioVersion, findApicurio } from '@sluice/testkit';
import { note, step } from './progress.ts';
import { runCommand } from './run-command.ts';

const timeoutMs = 15 * 60_000;
const artifact = `io.apicurio:apicurio-registry-app:${apicurioVersion}:tar.gz:all`;

process.exit(await main());

async function main(): Promise<number> {
  const present = findApicurio();
  if (present !== undefined) {
    note(`Apicurio Registry ${apicurioVersion} is in ${present}`);
    return 0;
  }
  const target = apicurioCacheFolder();
  const what = `Apicurio Registry ${apicurioVersion} by Maven, 142 MB, into ${target}`;
  const failure = await step(what, async () => await download(target));
  if (failure !== undefined) note(failure);
  return failure === undefined ? 0 : 1;
}

/** Into a folder of its own, which takes its place when it is complete. Returns why that failed. */
async function download(target: string): Promise<string | undefined> {
  const folder = `${target}-download-${String(process.pid)}`;
  mkdirSync(folder, { recursive: true });
  try {
    const copy = [
      '-q',
      '-B',
      'dependency:copy',
      `-Dartifact=${artifact}`,
      `-DoutputDirectory=${folder}`,
    ];
    const copied = await runCommand('mvn', copy, { cwd: folder, timeoutMs });
    const archive = join(folder, `apicurio-registry-app-${apicurioVersion}-all.tar.gz`);
    if (copied.code !== 0 || !existsSync(archive)) return `Maven did not get it: ${copied.output}`;
    const unpacked = await runCommand('tar', ['xzf', archive], { cwd: folder });
    if (unpacked.code !== 0) return `it could not be unpacked: ${unpacked.output}`;
    rmSync(archive);
    mkdirSync(dirname(target), { recursive: true });
    rmSync(target, { recursive: true, force: true });
    renameSync(folder, target);
    return undefined;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
