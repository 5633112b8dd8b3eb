/** Runs a Java program from its source, with Kafka's jars at hand: what a test compares us with. */
import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { findJava, requireKafka } from './find-kafka.ts';
import { spawnGuarded } from './guarded-process.ts';
import { type JvmTuning, javaArguments, javaEnvironment } from './kafka-java.ts';

export interface JavaSourceOptions {
  /** The source file, of one class with a main method. */
  readonly file: string;
  /** What it reads; then its input ends. */
  readonly stdin: string;
  /** Default 120 000. */
  readonly timeoutMs?: number;
  /** Default `quick`; a benchmark takes `server`. */
  readonly tuning?: JvmTuning;
}

/** A Java that only runs programs (JRE) has no compiler, which a source file needs. */
export function hasJavaCompiler(): boolean {
  const java = findJava();
  return java !== undefined && existsSync(join(dirname(realpathSync(java)), 'javac'));
}

/**
 * What the program prints on stdout; its clock is in UTC.
 * @throws SluiceError `java.source` with its output when it fails or does not end within the limit
 */
export async function runJavaSource(options: JavaSourceOptions): Promise<string> {
  const { file, stdin, timeoutMs = 120_000, tuning = 'quick' } = options;
  const home = requireKafka();
  const args = javaArguments({
    home,
    program: 'tool',
    mainClass: file,
    args: [],
    heapMb: 512,
    tuning,
    properties: { 'user.timezone': 'UTC', 'file.encoding': 'UTF-8' },
  });
  const child = spawnGuarded({ command: home.java, args, env: javaEnvironment });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]?.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // It may end before it has read all: that is told by how it ends.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(stdin);
  const limit = setTimeout(() => child.kill('SIGKILL'), timeoutMs);
  const ending = await new Promise<number | string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? `was ended by ${String(signal)}`));
  });
  clearTimeout(limit);
  if (ending === 0) return output.stdout;
  throw new SluiceError(
    'java.source',
    `${file} ended with ${String(ending)}; it needs a JDK, and ${String(timeoutMs)} ms at most; it printed:\n${output.stderr}`,
  );
}
