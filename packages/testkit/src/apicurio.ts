/**
 * A real Schema Registry: Apicurio Registry, which answers Confluent's API (`/apis/ccompat/v7`), in memory. Its
 * folder is the one that `SLUICE_APICURIO_HOME` names, else the one in the cache, where `npm run registry` puts it.
 *
 * States: running → (stop or dispose) removed.
 */
import { once } from 'node:events';
import { existsSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { findJava, javaVersionMin } from './find-kafka.ts';
import { freePort } from './free-port.ts';
import { makeOwnedFolder, spawnGuarded } from './guarded-process.ts';
import { waitFor } from './wait-for.ts';

/** The newest that runs on Java 17; 3.3 needs 21. */
export const apicurioVersion = '2.6.13.Final';
const mainJar = `apicurio-registry-app-${apicurioVersion}-runner.jar`;
/** 20 s on two cores. */
const readyTimeoutMs = 120_000;
const outputCharactersMax = 64 * 1024;

/** Where a registry that was downloaded for this user stands. */
export function apicurioCacheFolder(env: NodeJS.ProcessEnv = process.env): string {
  return join(
    env['XDG_CACHE_HOME'] || join(homedir(), '.cache'),
    'sluice',
    'apicurio',
    apicurioVersion,
  );
}

/** Undefined if there is none, or no Java to run it. */
export function findApicurio(env: NodeJS.ProcessEnv = process.env): string | undefined {
  const folder = env['SLUICE_APICURIO_HOME'] || apicurioCacheFolder(env);
  return existsSync(join(folder, mainJar)) && findJava(env) !== undefined ? folder : undefined;
}

export interface Apicurio extends AsyncDisposable {
  /** For `schema.registry.url`. */
  readonly url: string;
}

/**
 * @example
 * await using registry = await startApicurio();
 * @throws SluiceError `apicurio.missing`, `apicurio.not_started` with what it printed
 */
export async function startApicurio(): Promise<Apicurio> {
  const folder = findApicurio();
  const java = findJava();
  if (folder === undefined || java === undefined)
    throw new SluiceError(
      'apicurio.missing',
      `there is no Apicurio Registry: get it with \`npm run registry\`; it needs Java ${String(javaVersionMin)}`,
    );
  const port = await freePort();
  const dir = makeOwnedFolder('apicurio');
  const settings = {
    'quarkus.http.host': '127.0.0.1',
    'quarkus.http.port': String(port),
    'java.io.tmpdir': dir,
  };
  const child = spawnGuarded({
    command: java,
    args: [
      '-Xmx512m',
      '-XX:+UseSerialGC',
      '-XX:TieredStopAtLevel=1',
      '-XX:-UsePerfData',
      ...Object.entries(settings).map(([name, value]) => `-D${name}=${value}`),
      '-jar',
      join(folder, mainJar),
    ],
    cwd: dir,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-outputCharactersMax);
    });
  const url = `http://127.0.0.1:${String(port)}/apis/ccompat/v7`;
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const stop = async (): Promise<void> => {
    if (!hasEnded()) {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
    }
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    await waitFor(async () => hasEnded() || (await answers(url)), {
      what: `Apicurio Registry on port ${String(port)} to answer`,
      timeoutMs: readyTimeoutMs,
    });
    if (hasEnded()) throw new Error('it ended');
  } catch (error) {
    await stop();
    throw new SluiceError(
      'apicurio.not_started',
      `Apicurio Registry did not start; the end of what it printed:\n${output.slice(-4096)}`,
      { cause: error },
    );
  }
  return { url, [Symbol.asyncDispose]: stop };
}

async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/subjects`);
    await response.text();
    return response.ok;
  } catch {
    return false;
  }
}
