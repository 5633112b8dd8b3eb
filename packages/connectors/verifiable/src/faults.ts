/** The ways in which plugin code can harm what runs beside it, each on purpose. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, openSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ConnectError } from '@sluice/connector-api';

export const faultNames = [
  'busy-loop',
  'blocking-syscall',
  'unhandled-rejection',
  'uncaught-exception',
  'memory-leak',
  'huge-allocation',
  'throw',
] as const;

export type FaultName = (typeof faultNames)[number];

/** Does it. Some never return; a leak goes on until the signal is aborted. */
export function misbehave(fault: FaultName, signal: AbortSignal): void {
  switch (fault) {
    case 'busy-loop':
      for (;;);
    case 'blocking-syscall':
      blockInRead();
      return;
    case 'unhandled-rejection':
      void Promise.reject(new ConnectError('faulty source: rejection that nobody handles'));
      return;
    case 'uncaught-exception':
      setImmediate(() => {
        throw new ConnectError('faulty source: exception that nobody catches');
      });
      return;
    case 'memory-leak':
      leak(signal);
      return;
    case 'huge-allocation':
      allocate();
      return;
    case 'throw':
      throw new ConnectError('faulty source: failure on purpose');
    default:
      fault satisfies never;
  }
}

/** Reads a pipe that nobody writes to: the thread hangs in a system call, deaf to `terminate()`. */
function blockInRead(): void {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-fault-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  // For reading and writing: opening for reading alone would already block, before the clean-up.
  const pipe = openSync(path, 'r+');
  rmSync(folder, { recursive: true });
  readSync(pipe, Buffer.alloc(1));
}

const leakIntervalMs = 20;
const leakArrays = 64;
const leakArrayElements = 8_192;

/** About 200 MB a second in arrays of 64 kB: few enough that the garbage collector keeps up to the end. */
function leak(signal: AbortSignal): void {
  const kept: number[][] = [];
  const timer = setInterval(() => {
    for (let index = 0; index < leakArrays; index += 1)
      kept.push(Array.from<number>({ length: leakArrayElements }).fill(0.5));
  }, leakIntervalMs);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** An array that doubles: one step of it exceeds any heap limit, and V8 ends the whole process. */
function allocate(): void {
  const elements: number[] = [];
  for (;;) elements.push(0.5);
}
