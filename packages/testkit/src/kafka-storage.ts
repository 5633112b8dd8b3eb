/**
 * Formats the folder of a KRaft node as `kafka-storage format` does. What that tool writes for a version is
 * always the same but for the ids, so its checkpoint is kept, and a node is formatted without starting a JVM
 * for it. Users of SCRAM are in the checkpoint; then the tool itself runs.
 */
import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { SluiceError, toError } from '@sluice/kernel';
import type { KafkaHome } from './find-kafka.ts';
import { archiveFolder, javaArguments, javaEnvironment } from './kafka-java.ts';
import { propertiesText } from './kafka-settings.ts';

const run = promisify(execFile);
const formatTimeoutMs = 60_000;
const checkpointName = 'bootstrap.checkpoint';

export interface FormatOptions {
  readonly home: KafkaHome;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly dataDir: string;
  /** `server.properties` of this node. */
  readonly settingsFile: string;
  /** `--add-scram …` */
  readonly scram: readonly string[];
}

export function isFormatted(dataDir: string): boolean {
  return existsSync(join(dataDir, 'meta.properties'));
}

export async function formatStorage(options: FormatOptions): Promise<void> {
  const { home, clusterId, nodeId, dataDir, scram } = options;
  mkdirSync(dataDir, { recursive: true });
  const template = join(archiveFolder(home), checkpointName);
  if (scram.length > 0 || !existsSync(template)) {
    await runStorageTool(options);
    if (scram.length === 0) keepCheckpoint(home, dataDir);
    return;
  }
  copyFileSync(template, join(dataDir, checkpointName));
  writeFileSync(
    join(dataDir, 'meta.properties'),
    propertiesText({
      version: '1',
      'cluster.id': clusterId,
      'node.id': String(nodeId),
      'directory.id': newKafkaId(),
    }),
  );
}

/** 16 random bytes as Kafka writes them; it does not take one that begins like an option. */
export function newKafkaId(): string {
  for (;;) {
    const id = randomBytes(16).toString('base64url');
    if (!id.startsWith('-')) return id;
  }
}

async function runStorageTool({
  home,
  clusterId,
  settingsFile,
  scram,
}: FormatOptions): Promise<void> {
  const args = javaArguments({
    home,
    program: 'format',
    mainClass: 'kafka.tools.StorageTool',
    args: ['format', '--cluster-id', clusterId, '--config', settingsFile, ...scram],
    heapMb: 128,
  });
  try {
    await run(home.java, args, { timeout: formatTimeoutMs, env: javaEnvironment });
  } catch (error) {
    throw new SluiceError(
      'kafka.format',
      `kafka-storage format failed: ${toError(error).message}`,
      {
        cause: error,
      },
    );
  }
}

function keepCheckpoint(home: KafkaHome, dataDir: string): void {
  const folder = archiveFolder(home);
  const temporary = join(folder, `${checkpointName}-${process.pid}`);
  try {
    mkdirSync(folder, { recursive: true });
    copyFileSync(join(dataDir, checkpointName), temporary);
    renameSync(temporary, join(folder, checkpointName));
  } catch {
    // A cache that cannot be written is no reason not to start.
    rmSync(temporary, { force: true });
  }
}
