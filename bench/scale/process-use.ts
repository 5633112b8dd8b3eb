import type { ProcessUse } from './messages.ts';
import type { ScriptCounter } from './script-counts.ts';

export function processUse(scripts: ScriptCounter): ProcessUse {
  const { rss, heapUsed } = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  return {
    rssMb: rss / 1024 / 1024,
    heapMb: heapUsed / 1024 / 1024,
    cpuMs: (user + system) / 1_000,
    scripts: scripts.counts,
  };
}
