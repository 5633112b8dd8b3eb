/** What a Redis server says of its own work, before and after something. */
import type { Redis } from 'ioredis';

export interface ServerWork {
  readonly seconds: number;
  /** Of the thread that carries out commands; the one that has a ceiling. */
  readonly cpuMs: number;
  /** Those that scripts made are counted, too. */
  readonly commands: number;
  readonly inBytes: number;
  readonly outBytes: number;
}

interface Reading {
  readonly atMs: number;
  readonly cpuMs: number;
  readonly commands: number;
  readonly inBytes: number;
  readonly outBytes: number;
}

export class ServerMeter {
  readonly #redis: Redis;

  constructor(redis: Redis) {
    this.#redis = redis;
  }

  async during<Result>(
    work: () => Promise<Result>,
  ): Promise<{ readonly result: Result; readonly server: ServerWork }> {
    const before = await this.#read();
    const result = await work();
    const after = await this.#read();
    return {
      result,
      server: {
        seconds: (after.atMs - before.atMs) / 1_000,
        cpuMs: after.cpuMs - before.cpuMs,
        // The readings themselves are two.
        commands: after.commands - before.commands - 2,
        inBytes: after.inBytes - before.inBytes,
        outBytes: after.outBytes - before.outBytes,
      },
    };
  }

  async memoryMb(): Promise<number> {
    return field(await this.#redis.info('memory'), 'used_memory') / 1024 / 1024;
  }

  /** Clients by the name that they gave themselves. */
  async connections(): Promise<ReadonlyMap<string, number>> {
    const list = String(await this.#redis.client('LIST'));
    const counts = new Map<string, number>();
    for (const [, name = ''] of list.matchAll(/ name=(\S*)/g)) {
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
    return counts;
  }

  async #read(): Promise<Reading> {
    const [cpu, stats] = [await this.#redis.info('cpu'), await this.#redis.info('stats')];
    return {
      atMs: performance.now(),
      cpuMs:
        (field(cpu, 'used_cpu_user_main_thread') + field(cpu, 'used_cpu_sys_main_thread')) * 1_000,
      commands: field(stats, 'total_commands_processed'),
      inBytes: field(stats, 'total_net_input_bytes'),
      outBytes: field(stats, 'total_net_output_bytes'),
    };
  }
}

function field(info: string, name: string): number {
  const [, text] = new RegExp(`^${name}:(\\S+)`, 'm').exec(info) ?? [];
  const value = Number(text);
  if (Number.isFinite(value)) return value;
  throw new Error(`this Redis does not say its ${name}: version 6.2 or newer is needed`);
}
