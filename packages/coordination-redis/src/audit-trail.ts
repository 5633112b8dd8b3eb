/** Who changed what, in a stream of Redis. */
import {
  type AuditEntry,
  type AuditPage,
  type AuditQuery,
  type AuditTrail,
  auditLimits,
  auditOutcomes,
  clipped,
  type KeptAuditEntry,
  matches,
} from '@sluice/coordination';
import type { Redis } from 'ioredis';

import { Keys } from './keys.ts';
import { Reads, type StreamEntry, streamEntries } from './reads.ts';
import { Scripts } from './scripts.ts';

/** In one reply. */
const readMax = 500;

export class RedisAuditTrail implements AuditTrail {
  readonly #scripts: Scripts;
  readonly #reads: Reads;

  constructor({ redis, cluster }: { readonly redis: Redis; readonly cluster: string }) {
    const keys = new Keys(cluster);
    this.#scripts = new Scripts(redis, keys);
    this.#reads = new Reads(redis, keys);
  }

  async append(entry: AuditEntry): Promise<void> {
    const { who, by, role, from, action, targets, detail, outcome, status } = clipped(entry);
    const fields = { who, by, role: role ?? '', from, action, outcome, status: status ?? '' };
    const args = Object.entries({
      ...fields,
      targets: JSON.stringify(targets),
      detail: detail ?? '',
    }).flat();
    (await this.#scripts.run('append-audit', [auditLimits.entries, ...args])).status('appended');
  }

  async read(query: AuditQuery): Promise<AuditPage> {
    const found: KeptAuditEntry[] = [];
    const first = String(query.sinceMs ?? '-');
    let last = lastId(query);
    // The stream is bounded, and so is this.
    for (;;) {
      const read = await this.#reads.run('audit trail', (redis, keys) =>
        redis.xrevrange(keys.of('audit'), last, first, 'COUNT', readMax),
      );
      for (const entry of streamEntries(read).map(keptEntry)) {
        if (!matches(entry, query)) continue;
        if (found.length === query.limit) {
          return { entries: found, next: found.at(-1)?.id ?? null };
        }
        found.push(entry);
      }
      const oldest = read.at(-1)?.[0];
      if (read.length < readMax || oldest === undefined) return { entries: found, next: null };
      last = `(${oldest}`;
    }
  }
}

/** The older of both bounds. */
function lastId({ before, untilMs }: AuditQuery): string {
  if (before === undefined) return untilMs === undefined ? '+' : String(untilMs);
  const beforeMs = Number(before.split('-')[0]);
  return untilMs !== undefined && untilMs < beforeMs ? String(untilMs) : `(${before}`;
}

/** Anybody who has Redis may have written it: what is odd is shown as far as it can be. */
function keptEntry({ id, fields }: StreamEntry): KeptAuditEntry {
  const text = (name: string): string => fields.get(name) ?? '';
  const outcome = auditOutcomes.find((each) => each === text('outcome')) ?? 'failed';
  const status = Number(text('status'));
  return {
    id,
    atMs: Number(id.split('-')[0]),
    who: text('who'),
    by: text('by'),
    role: text('role') || null,
    from: text('from'),
    action: text('action'),
    targets: targetsOf(text('targets')),
    detail: text('detail') || null,
    outcome,
    status: Number.isInteger(status) && status > 0 ? status : null,
  };
}

function targetsOf(text: string): string[] {
  try {
    return [JSON.parse(text) as unknown].flat().map(String);
  } catch {
    return [text];
  }
}
