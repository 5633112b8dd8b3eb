/**
 * `npm run pack:check`: what the images do, without anything that builds images. Packs the apps and what they need of
 * this repository, installs them into an empty folder with production dependencies only, and rehearses a cluster
 * from there.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnedFolder } from '@sluice/testkit';
import { checkMain } from './check-main.ts';
import { type Checklist, megabytes } from './checklist.ts';
import { type Archive, build, packAll } from './pack/archives.ts';
import { writeConnectors } from './pack/author.ts';
import { deploymentOf, install } from './pack/installation.ts';
import { tryStandalone } from './pack/standalone.ts';
import { productionClosure, readWorkspaces } from './pack/workspaces.ts';
import { note } from './progress.ts';
import { rehearseOnServers } from './rehearsal/on-servers.ts';

const usage = `usage: npm run pack:check [-- OPTION…]

Builds and packs the apps, installs the archives into an empty folder with production dependencies only, looks at
what is there, starts a coordinator and two workers with plain node and without privileges on a Redis of its own,
runs a pipeline, also in one process, and ends them by SIGTERM while lines go through. Writes connectors with the installed command line, and
runs their tests on the archives. Takes about two minutes.

  --kafka      the same once more with the records on a Kafka of its own
  --json       the figures of all steps on stdout
  --help

KAFKA_BROKERS, if set, names a Kafka to do it with; a topic is left there.
Exit codes: 0 all is well, 1 a step failed, 2 wrong option.
`;

const apps = ['@sluice/coordinator', '@sluice/worker', '@sluice/cli'];
/** What the author of a connector installs besides. */
const forAuthors = ['@sluice/connector-api', '@sluice/connector-testkit'];

process.exit(
  await checkMain({
    name: 'pack:check',
    usage,
    check: async (checklist, { kafka }) => {
      const scratch = makeOwnedFolder('pack');
      try {
        const { archives, folder } = await packAndInstall(checklist, scratch);
        await checklist.step('connectors', () =>
          writeConnectors({ archives, installation: folder, folder: join(scratch, 'author') }),
        );
        const deployment = deploymentOf(folder, scratch);
        await checklist.step('standalone', () => tryStandalone(deployment));
        await rehearseOnServers(deployment, checklist, kafka);
      } finally {
        rmSync(scratch, { recursive: true, force: true });
      }
    },
  }),
);

/** @returns the archives, and the folder in which the apps are installed. */
async function packAndInstall(
  checklist: Checklist,
  scratch: string,
): Promise<{ archives: readonly Archive[]; folder: string }> {
  await checklist.step('build', async () => {
    await build();
    return { says: 'JavaScript is up to date', value: undefined };
  });
  const workspaces = readWorkspaces();
  const needed = productionClosure(apps, workspaces);
  const all = productionClosure([...apps, ...forAuthors], workspaces);
  const archives = await checklist.step('pack', async () => {
    const packed = await packAll(all, scratch);
    const sum = (of: 'bytes' | 'unpackedBytes'): number =>
      packed.archives.reduce((total, archive) => total + archive[of], 0);
    const removed = packed.removed.length;
    return {
      says:
        `${packed.archives.length} packages, ${megabytes(sum('bytes'))} packed, ` +
        `${megabytes(sum('unpackedBytes'))} unpacked; no sources, no tests` +
        (removed > 0 ? `; removed ${removed} compiled files whose sources are gone` : ''),
      figures: {
        packages: packed.archives.length,
        packedBytes: sum('bytes'),
        unpackedBytes: sum('unpackedBytes'),
        ...Object.fromEntries(packed.archives.map(({ name, bytes }) => [name, bytes])),
      },
      value: packed.archives,
    };
  });
  const names = new Set(needed.map(({ name }) => name));
  const folder = await checklist.step('install', async () => {
    const ofApps = archives.filter(({ name }) => names.has(name));
    const installed = await install(ofApps, needed, join(scratch, 'installation'));
    const largest = installed.largest.map(({ name, bytes }) => `${name} ${megabytes(bytes)}`);
    for (const drift of installed.drifted)
      note(`  not in the version of package-lock.json: ${drift}`);
    return {
      says:
        `${installed.packages} packages, ${megabytes(installed.bytes)}, for production only; ` +
        `the largest are ${largest.join(', ')}`,
      figures: {
        installedPackages: installed.packages,
        installedBytes: installed.bytes,
        drifted: installed.drifted.length,
      },
      value: installed.folder,
    };
  });
  return { archives, folder };
}
