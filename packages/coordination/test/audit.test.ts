import {
  type AuditEntry,
  type AuditTrail,
  auditedClient,
  type ClusterClient,
  type OffsetsFence,
  type RequestBody,
  type SubmitOutcome,
} from '@sluice/coordination';
import { describe, expect, test } from 'vitest';

const caller = { who: 'ann', by: 'unverified', role: null, from: 'laptop' } as const;
const definition = { name: 'orders', config: { 'connector.class': 'X', password: 'hunter2' } };

interface Under {
  readonly client: ClusterClient;
  readonly kept: AuditEntry[];
  readonly lost: unknown[];
}

function under(
  answers: { outcome?: SubmitOutcome; fence?: OffsetsFence; error?: Error; isFull?: boolean } = {},
): Under {
  const kept: AuditEntry[] = [];
  const lost: unknown[] = [];
  const trail: AuditTrail = {
    append: async (entry) => {
      if (answers.isFull) throw new Error('full');
      kept.push(entry);
    },
    read: async () => ({ entries: [], next: null }),
  };
  const client = {
    submit: async () => {
      if (answers.error) throw answers.error;
      return answers.outcome ?? { kind: 'done', connectors: [] };
    },
    forgetTopics: async () => {},
    setLoggerLevel: async () => {},
    fenceOffsets: async () => answers.fence ?? { kind: 'unknown' },
  } as unknown as ClusterClient;
  const onLost = (error: unknown): void => void lost.push(error);
  return { client: auditedClient(client, { trail, caller, onLost }), kept, lost };
}

const requests: [RequestBody, Partial<AuditEntry>][] = [
  [
    { op: 'apply', mode: 'upsert', definitions: [definition, { ...definition, name: 'b' }] },
    { action: 'apply', targets: ['orders', 'b'], detail: 'mode=upsert' },
  ],
  [{ op: 'target', connector: 'orders', state: 'STARTED' }, { action: 'resume' }],
  [{ op: 'target', connector: 'orders', state: 'PAUSED' }, { action: 'pause' }],
  [{ op: 'target', connector: 'orders', state: 'STOPPED' }, { action: 'stop' }],
  [
    { op: 'delete', connector: 'orders' },
    { action: 'delete', targets: ['orders'] },
  ],
  [
    { op: 'restart', connector: 'orders', task: 2 },
    { action: 'restart', detail: 'task=2' },
  ],
  [
    { op: 'restart', connector: 'orders', onlyFailed: true },
    { action: 'restart', detail: 'includeTasks=false onlyFailed=true' },
  ],
  [
    { op: 'drain', worker: 'worker-1' },
    { action: 'drain', targets: ['worker-1'] },
  ],
];

describe('changes through an audited client', () => {
  test.each(requests)('%j is kept, without values', async (body, entry) => {
    const { client, kept } = under();
    await client.submit(body, { timeoutMs: 1 });
    expect(kept).toEqual([expect.objectContaining({ ...caller, outcome: 'done', ...entry })]);
    expect(JSON.stringify(kept)).not.toContain('hunter2');
  });

  test('levels, topics and offsets are kept as well', async () => {
    const { client, kept } = under();
    await client.setLoggerLevel('root', 'DEBUG');
    await client.forgetTopics('orders');
    await client.fenceOffsets('orders', { timeoutMs: 1 });
    expect(kept.map(({ action, detail, outcome }) => [action, detail, outcome])).toEqual([
      ['set-level', 'level=DEBUG', 'done'],
      ['reset-topics', null, 'done'],
      ['change-offsets', null, 'refused'],
    ]);
  });

  test('how it ended is told', async () => {
    const body = { op: 'delete', connector: 'orders' } as const;
    const pending = under({ outcome: { kind: 'pending', requestId: 'x', reason: 'no leader' } });
    await pending.client.submit(body, { timeoutMs: 1 });
    expect(pending.kept).toMatchObject([{ outcome: 'pending' }]);
    const failed = under({ error: new Error('no Redis') });
    await expect(failed.client.submit(body, { timeoutMs: 1 })).rejects.toThrow('no Redis');
    expect(failed.kept).toMatchObject([{ outcome: 'failed' }]);
  });

  test('a dry run changes nothing, and is not kept', async () => {
    const { client, kept } = under();
    const body = { op: 'apply', mode: 'upsert', definitions: [definition], dryRun: true } as const;
    await client.submit(body, { timeoutMs: 1 });
    expect(kept).toEqual([]);
  });

  test('what cannot be kept is told, and done all the same', async () => {
    const { client, lost } = under({ isFull: true });
    const body = { op: 'delete', connector: 'orders' } as const;
    expect(await client.submit(body, { timeoutMs: 1 })).toMatchObject({ kind: 'done' });
    expect(lost).toHaveLength(1);
  });
});
