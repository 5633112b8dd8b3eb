/**
 * `npm run pack:check`: what the images do, without anything that builds images. Packs the apps and what they need of
 * this repository, installs them into an empty folder with production dependencies only, and rehearses a cluster
 * from there.
 */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hasCode, toError } from '@sluice/kernel';
import { makeOwnedFolder, startKafka, startRedis } from '@sluice/testkit';
import { Checklist, megabytes } from './checklist.ts';
import { obtainKafka } from './kafka.ts';
import { build, packAll } from './pack/archives.ts';
import { deploymentOf, install } from './pack/installation.ts';
import { productionClosure, readWorkspaces } from './pack/workspaces.ts';
import { note } from './progress.ts';
import { obtainRedisServer } from './redis.ts';
import { rehearse } from './rehearsal/rehearse.ts';

const usage = `usage: npm run pack:check [-- OPTION…]

Builds and packs the apps, installs the archives into an empty folder with production dependencies only, looks at
what is there, starts a coordinator and two workers with plain node and without privileges on a Redis of its own,
runs a pipeline, and ends them by SIGTERM while lines go through. Takes about a minute.

  --kafka      the same once more with the records on a Kafka of its own
  --json       the figures of all steps on stdout
  --help

KAFKA_BROKERS, if set, names a Kafka to do it with; a topic is left there.
Exit codes: 0 all is well, 1 a step failed, 2 wrong option.
`;

const apps = ['@sluice/coordinator', '@sluice/worker', '@sluice/cli'];

process.exit(await main());

async function main(): Promise<number> {
  let values: { kafka?: boolean; json?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({
      options: {
        kafka: { type: 'boolean' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    note(`${toError(error).message}\n\n${usage}`);
    return 2;
  }
  if (values.help) {
    process.stdout.write(usage);
    return 0;
  }
  const checklist = new Checklist(values.json ? note : console.log);
  try {
    await check(checklist, values.kafka ?? false);
  } catch (error) {
    // A step that failed has said so.
    if (!hasCode(error, 'check.failed')) note(`pack:check failed: ${toError(error).message}`);
    return 1;
  } finally {
    if (values.json) console.log(JSON.stringify(checklist.results, undefined, 2));
  }
  return 0;
}

async function check(checklist: Checklist, withKafka: boolean): Promise<void> {
  const scratch = makeOwnedFolder('pack');
  try {
    const folder = await packAndInstall(checklist, scratch);
    const deployment = deploymentOf(folder, scratch);
    await obtainRedisServer();
    await using redis = await startRedis({ appendOnly: true });
    const redisUrl = redis.url;
    await rehearse(deployment, checklist, { redisUrl });
    const { KAFKA_BROKERS: given } = process.env;
    if (given) await rehearse(deployment, checklist, { redisUrl, kafkaBrokers: given });
    else if (withKafka) {
      await obtainKafka();
      await using kafka = await startKafka();
      await rehearse(deployment, checklist, { redisUrl, kafkaBrokers: kafka.bootstrap });
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** @returns the folder in which the apps are installed. */
async function packAndInstall(checklist: Checklist, scratch: string): Promise<string> {
  await checklist.step('build', async () => {
    await build();
    return { says: 'JavaScript is up to date', value: undefined };
  });
  const needed = productionClosure(apps, readWorkspaces());
  const archives = await checklist.step('pack', async () => {
    const packed = await packAll(needed, scratch);
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
  return await checklist.step('install', async () => {
    const installed = await install(archives, needed, join(scratch, 'installation'));
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
}
