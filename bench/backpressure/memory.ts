/** What processes weigh: each worker, and the executors that are its child processes. From /proc. */
import { readdirSync, readFileSync } from 'node:fs';

import type { Member } from '@sluice/testkit';

export interface ProcessMemory {
  /** `worker-1`, `worker-1 executor 4711`. */
  readonly name: string;
  readonly rssBytes: number;
}

/** Executors that are threads are in their worker's. */
export function memoryOf(workers: readonly Member[]): ProcessMemory[] {
  return workers.flatMap(({ name, process: { pid } }) => {
    const executors = childrenOf(pid).map((child) => ({
      name: `${name} executor ${child}`,
      rssBytes: rssOf(child),
    }));
    return [{ name, rssBytes: rssOf(pid) }, ...executors].flatMap(({ rssBytes, ...each }) =>
      rssBytes === undefined ? [] : { ...each, rssBytes },
    );
  });
}

/** Undefined: it has ended. */
export function rssOf(pid: number): number | undefined {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
  } catch {
    return undefined;
  }
}

/** Of all its threads. */
export function childrenOf(pid: number): number[] {
  try {
    // A child belongs to the thread that started it.
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8')
        .split(' ')
        .flatMap((child) => (child === '' ? [] : Number(child))),
    );
  } catch {
    return [];
  }
}
