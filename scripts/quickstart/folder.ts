/**
 * What one quickstart leaves for the next and for the CLI, in `.sluice/quickstart/`:
 *   running.json      who runs now, and which processes belong to it; gone when it ended in order
 *   ../cli.env        where the CLI finds the cluster, while it runs
 *   redis/ kafka/     data
 *   logs/
 *   input.txt, output.txt, pipeline.yaml
 *
 * A quickstart that was killed leaves running.json. Where the system does not end its processes with it,
 * the next one does: each recorded pid whose command line is still one of this repository.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '@sluice/kernel';
import { isAlive, repositoryRoot, waitFor } from '@sluice/testkit';
import { runCommand } from '../run-command.ts';

/** Tests take another one, so that they leave alone what a developer runs. */
const stateFolder = process.env['SLUICE_STATE_FOLDER'] || join(repositoryRoot, '.sluice');
export const folder = join(stateFolder, 'quickstart');
export const redisFolder = join(folder, 'redis');
export const kafkaFolder = join(folder, 'kafka');
export const inputFile = join(folder, 'input.txt');
export const outputFile = join(folder, 'output.txt');
export const pipelineFile = join(folder, 'pipeline.yaml');

const runningFile = join(folder, 'running.json');
/** `scripts/bootstrap.mjs` hands it to the CLI. */
const cliEnvFile = join(stateFolder, 'cli.env');
const endTimeoutMs = 5_000;

export interface Running {
  readonly pid: number;
  readonly apiUrl: string;
  readonly redisUrl: string;
  readonly startedAtMs: number;
  /** Pids of all that it started. */
  readonly children: readonly number[];
}

export function logFile(name: string): string {
  mkdirSync(join(folder, 'logs'), { recursive: true });
  return join(folder, 'logs', `${name}.log`);
}

/** The quickstart of this clone that runs now, if one does. */
export async function findRunning(): Promise<Running | undefined> {
  const recorded = readRunning();
  if (recorded === undefined) return undefined;
  return (await isOurs(recorded.pid, /quickstart/)) ? recorded : undefined;
}

/** Ends what a quickstart that was killed left behind, and returns how many processes that were. */
export async function endLeftovers(): Promise<number> {
  const recorded = readRunning();
  if (recorded === undefined) return 0;
  let ended = 0;
  for (const pid of recorded.children) {
    if (!(await isOurs(pid, /redis-server|kafka\.Kafka|apps\/(coordinator|worker)/))) continue;
    process.kill(pid, 'SIGKILL');
    await waitFor(() => !isAlive(pid), { what: `process ${pid} to end`, timeoutMs: endTimeoutMs });
    ended += 1;
  }
  forget();
  return ended;
}

/** `settings`: with which the CLI finds the cluster and its log. */
export function remember(
  running: Omit<Running, 'pid' | 'startedAtMs'>,
  settings: Readonly<Record<string, string>>,
): void {
  mkdirSync(folder, { recursive: true });
  const record: Running = { ...running, pid: process.pid, startedAtMs: systemClock.wallMs() };
  writeFileSync(runningFile, `${JSON.stringify(record, undefined, 2)}\n`);
  // For this user alone: there may be passwords among them.
  writeFileSync(
    cliEnvFile,
    Object.entries(settings)
      .map(([name, value]) => `${name}=${quoted(value)}\n`)
      .join(''),
    { mode: 0o600 },
  );
}

/** In the kind of quotes that the value has none of: such a file knows no escapes. */
function quoted(value: string): string {
  const quote = ["'", '"', '`'].find((mark) => !value.includes(mark)) ?? "'";
  return quote + value + quote;
}

/** Whether an earlier quickstart left data that this one goes on with. */
export function hasOldData(): boolean {
  return existsSync(redisFolder);
}

export function removeOldData(): void {
  rmSync(folder, { recursive: true, force: true });
}

export function forget(): void {
  rmSync(runningFile, { force: true });
  rmSync(cliEnvFile, { force: true });
}

function readRunning(): Running | undefined {
  try {
    return JSON.parse(readFileSync(runningFile, 'utf8')) as Running;
  } catch {
    return undefined;
  }
}

/** A pid may belong to somebody else by now. */
async function isOurs(pid: number, pattern: RegExp): Promise<boolean> {
  if (!isAlive(pid)) return false;
  const { output } = await runCommand('ps', ['-o', 'args=', '-p', String(pid)]);
  // Where there is no ps, a live pid is believed.
  return pattern.test(output) || /ENOENT/.test(output);
}
