/** What is measured: the cases, and what one process is told to do and answers. */
import type { Limits } from '../window.ts';

export type Direction = 'produce' | 'fetch';

export const clients = {
  produce: ['sluice', 'kafkajs', 'kafkajs-plain', 'java'],
  fetch: ['sluice', 'kafkajs', 'java'],
} as const;

/** `kafkajs` produces idempotently as the others do, `kafkajs-plain` does not. */
export type Client = (typeof clients)[Direction][number];

export interface Case {
  readonly direction: Direction;
  /** Of each value; there are no keys. */
  readonly valueBytes: number;
  /** Records of a call, or at most so many of a poll. */
  readonly batch: number;
  readonly partitions: number;
}

/** What one process is told. */
export interface Job extends Case, Limits {
  readonly client: Client;
  readonly bootstrap: string;
  readonly topic: string;
  /** What is in the topic, to be fetched. */
  readonly records: number;
}

/** What a process is told that shows what doing nothing costs. */
export interface IdleJob {
  readonly bootstrap: string;
  readonly topic: string;
  readonly partitions: number;
  /** Writers, and as many readers. */
  readonly pairs: number;
  readonly measureMs: number;
}

export interface IdleCost {
  readonly seconds: number;
  /** Of a core. */
  readonly cpuPercent: number;
  /** Of the same process before it had a client. */
  readonly cpuPercentWithout: number;
  readonly rssMb: number;
  readonly rssMbWithout: number;
}

/** Calls of a producer that wait for their acknowledgement. */
export const callsInFlight = 5;

/** For all clients; brokers refuse larger batches than 1 MiB by default. */
export const batchBytesMax = 8 * 1024 * 1024;

export function allCases(): Case[] {
  const directions: readonly Direction[] = ['produce', 'fetch'];
  return directions.flatMap((direction) =>
    [100, 1_000].flatMap((valueBytes) =>
      [500, 5_000].flatMap((batch) =>
        [1, 4].map((partitions) => ({ direction, valueBytes, batch, partitions })),
      ),
    ),
  );
}

/** `produce 100B x500 p1`, for the filter and the report. */
export function nameOf({ direction, valueBytes, batch, partitions }: Case): string {
  return `${direction} ${valueBytes}B x${batch} p${partitions}`;
}

/** Values that are all different, and do not compress. */
export function makeValues(count: number, bytes: number): Buffer[] {
  return Array.from({ length: count }, () => {
    const value = Buffer.allocUnsafe(bytes);
    for (let at = 0; at < bytes; at += 1) value[at] = Math.floor(Math.random() * 256);
    return value;
  });
}
