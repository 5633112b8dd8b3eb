/**
 * Redis from Debian's or Ubuntu's package: installed by apt when this is root, else downloaded and
 * unpacked into a folder of this user, with the libraries that the machine lacks.
 *
 * The cache folder holds `root/` (what was unpacked), `lists/` (package lists of our own, if the machine
 * has none) and `redis-server`, a script that starts the binary with those libraries.
 */
import { chmodSync, globSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findOnPath, isVersionAtLeast, redisCacheFolder, redisVersionMin } from '@sluice/testkit';
import { apt, candidateVersion, installPackages, lastLine, updateLists, whyNoApt } from './apt.ts';
import { type Note, step } from './progress.ts';
import type { RedisSource } from './redis.ts';
import { runCommand } from './run-command.ts';

const packageName = 'redis-server';

export async function installByApt(tell: Note): Promise<RedisSource> {
  const reason = whyNoApt();
  if (reason !== undefined) return notHere(reason);
  if ((await candidateVersion(packageName)) === undefined) {
    const failure = await updateLists(tell);
    if (failure !== undefined) return notHere(failure);
  }
  const refusal = refuseOld(await candidateVersion(packageName));
  if (refusal !== undefined) return refusal;
  const failure = await installPackages([packageName], tell);
  if (failure !== undefined) return notHere(failure);
  const binary = findOnPath('redis-server');
  return binary === undefined
    ? notHere(`${packageName} was installed, but is not on the PATH`)
    : { kind: 'found', binary };
}

export async function unpackDebianPackage(tell: Note): Promise<RedisSource> {
  for (const tool of ['apt-get', 'dpkg']) {
    if (findOnPath(tool) === undefined) return notHere(`there is no ${tool}`);
  }
  const folder = redisCacheFolder();
  const downloads = join(folder, `download-${process.pid}`);
  mkdirSync(downloads, { recursive: true });
  try {
    return await step(
      `unpacking Debian's ${packageName} into ${folder}`,
      async () => await downloadAndUnpack(folder, downloads),
      tell,
    );
  } finally {
    rmSync(downloads, { recursive: true, force: true });
  }
}

async function downloadAndUnpack(folder: string, downloads: string): Promise<RedisSource> {
  let settings: string[] = [];
  if ((await candidateVersion(packageName, settings)) === undefined) {
    settings = privateLists(folder);
    const updated = await apt(['update'], settings);
    if (updated.code !== 0) return notHere(`apt-get update failed: ${lastLine(updated.output)}`);
  }
  const refusal = refuseOld(await candidateVersion(packageName, settings));
  if (refusal !== undefined) return refusal;

  // What an installation would add: the package and those of its libraries that are missing here.
  const plan = await apt(['install', '-s', '--no-install-recommends', packageName], settings);
  const names = [...plan.output.matchAll(/^Inst (\S+)/gm)].flatMap(([, name]) => name ?? []);
  if (plan.code !== 0 || names.length === 0) {
    return notHere(`apt-get would not install ${packageName}: ${lastLine(plan.output)}`);
  }
  const downloaded = await apt(['download', ...names], settings, downloads);
  if (downloaded.code !== 0) {
    return notHere(`apt-get download ${names.join(' ')} failed: ${lastLine(downloaded.output)}`);
  }
  const unpacked = join(downloads, 'root');
  for (const archive of globSync(join(downloads, '*.deb'))) {
    const result = await runCommand('dpkg', ['-x', archive, unpacked]);
    if (result.code !== 0) return notHere(`dpkg -x ${archive} failed: ${lastLine(result.output)}`);
  }
  // Moved as a whole, so that a start at the same time sees the old one or the new one.
  rmSync(join(folder, 'root'), { recursive: true, force: true });
  renameSync(unpacked, join(folder, 'root'));
  return { kind: 'found', binary: writeStarter(folder) };
}

/** The script stays one process with the server: signals and pid are the server's own. */
function writeStarter(folder: string): string {
  const root = join(folder, 'root');
  const libraries = [
    ...globSync(join(root, 'usr/lib/*-linux-*')),
    ...globSync(join(root, 'lib/*-linux-*')),
  ];
  const starter = join(folder, 'redis-server');
  const temporary = `${starter}-${process.pid}`;
  writeFileSync(
    temporary,
    [
      '#!/bin/sh',
      `LD_LIBRARY_PATH='${libraries.join(':')}'"\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"`,
      'export LD_LIBRARY_PATH',
      `exec '${join(root, 'usr/bin/redis-server')}' "$@"`,
      '',
    ].join('\n'),
  );
  chmodSync(temporary, 0o755);
  renameSync(temporary, starter);
  return starter;
}

/** Package lists of our own: those of the machine can only be fetched by root. */
function privateLists(folder: string): string[] {
  for (const name of ['lists/partial', 'archives/partial']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  return [
    `Dir::State::lists=${join(folder, 'lists')}`,
    `Dir::Cache=${folder}`,
    'APT::Sandbox::User=',
    'APT::Update::Pre-Invoke::=',
    'APT::Update::Post-Invoke::=',
  ].flatMap((setting) => ['-o', setting]);
}

function refuseOld(candidate: string | undefined): RedisSource | undefined {
  if (candidate === undefined) return notHere(`apt knows no package ${packageName}`);
  if (isVersionAtLeast(candidate, redisVersionMin)) return undefined;
  return notHere(`apt has Redis ${candidate} only, older than ${redisVersionMin}`);
}

function notHere(reason: string): RedisSource {
  return { kind: 'not-here', reason };
}
