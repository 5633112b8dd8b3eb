import {
  type AuditEntry,
  type AuditPage,
  type AuditQuery,
  type AuditTrail,
  matches,
} from '@sluice/coordination';

/** Keeps entries in memory; one a second. */
export class FakeAudit implements AuditTrail {
  readonly kept: AuditEntry[] = [];
  readonly queries: AuditQuery[] = [];
  isFull = false;

  async append(entry: AuditEntry): Promise<void> {
    if (this.isFull) throw new Error('full');
    this.kept.push(entry);
  }

  async read(query: AuditQuery): Promise<AuditPage> {
    this.queries.push(query);
    const entries = this.kept
      .map((entry, index) => ({ ...entry, id: `${index + 1}000-0`, atMs: (index + 1) * 1_000 }))
      .filter((entry) => matches(entry, query))
      .toReversed();
    const next = entries[query.limit - 1];
    return {
      entries: entries.slice(0, query.limit),
      next: entries.length > query.limit && next ? next.id : null,
    };
  }
}
