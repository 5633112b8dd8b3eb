/** Services that write logs over two days, and what rotates those meanwhile. */
import { appendFileSync, copyFileSync, mkdirSync, renameSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

export const services = ['orders', 'payments', 'web'] as const;
export const days = ['2026-11-29', '2026-11-30'] as const;

const dayMs = 24 * 3_600_000;

export class ServiceLogs {
  readonly folder: string;
  /** Lines of each service by day. */
  readonly written = new Map<string, string[]>();
  #rotations = 0;

  constructor(folder: string) {
    this.folder = folder;
    mkdirSync(folder, { recursive: true });
  }

  /** Line `n` of `count` of each service; the days go by meanwhile. */
  write(n: number, count: number): void {
    const atMs = Date.parse(days[0]) + Math.floor((n / count) * days.length * dayMs);
    const time = new Date(atMs).toISOString();
    for (const service of services) {
      const line = JSON.stringify({ time, service, n, text: `request ${String(n)}` });
      const file = `${service}/${time.slice(0, 10)}`;
      this.written.set(file, [...(this.written.get(file) ?? []), line]);
      appendFileSync(this.#pathOf(service), `${line}\n`);
    }
  }

  /** One by renaming, one by copying and truncating; the third is never rotated. */
  rotate(): void {
    this.#rotations += 1;
    const suffix = `2026-11-30_${String(this.#rotations).padStart(2, '0')}`;
    renameSync(this.#pathOf('orders'), `${this.#pathOf('orders')}.${suffix}`);
    copyFileSync(this.#pathOf('payments'), `${this.#pathOf('payments')}.${suffix}`);
    truncateSync(this.#pathOf('payments'));
  }

  #pathOf(service: (typeof services)[number]): string {
    return join(this.folder, `${service}.log`);
  }
}
