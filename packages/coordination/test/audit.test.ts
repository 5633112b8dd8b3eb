import {
  type AuditEntry,
  type AuditTrail,
  auditedClient,
  auditLimits,
  type ClusterClient,
  clipped,
  matches,
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
  [
    { op: 'cordon', worker: 'worker-1', protocol: 2 },
    { action: 'cordon', targets: ['worker-1'] },
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

  test('offsets that were changed are told as such', async () => {
    const fence = { kind: 'fenced', uid: 'u', taskEpoch: 1, fence: 7, tasksMax: 1 } as const;
    const { client, kept } = under({ fence });
    await client.fenceOffsets('orders', { timeoutMs: 1 });
    expect(kept).toMatchObject([{ action: 'change-offsets', outcome: 'done' }]);
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

const entry: AuditEntry = {
  ...caller,
  action: 'pause',
  targets: ['orders', 'logs'],
  detail: null,
  outcome: 'done',
  status: 202,
};

describe('an entry', () => {
  test('of the usual size is kept as it is', () => {
    expect(clipped(entry)).toEqual(entry);
    const full = {
      ...entry,
      detail: 'd'.repeat(auditLimits.characters),
      targets: Array.from({ length: auditLimits.targets }, (_, index) => `c${index}`),
    };
    expect(clipped(full)).toEqual(full);
  });

  test('that is longer is cut, and says so', () => {
    const long = 'x'.repeat(auditLimits.characters + 1);
    const cut = `${long.slice(1)}…`;
    const targets = Array.from({ length: auditLimits.targets + 2 }, () => long);
    expect(
      clipped({ ...entry, who: long, from: long, action: long, detail: long, targets }),
    ).toEqual({
      ...entry,
      who: cut,
      from: cut,
      action: cut,
      detail: cut,
      targets: [...Array.from({ length: auditLimits.targets }, () => cut), 'and 2 more'],
    });
  });

  test.each([
    [{}, true],
    [{ who: 'ann', action: 'pause', target: 'logs', outcome: 'done' }, true],
    [{ who: 'bob' }, false],
    [{ action: 'stop' }, false],
    [{ target: 'order' }, false],
    [{ outcome: 'failed' }, false],
    [{ who: 'bob', action: 'pause', target: 'logs', outcome: 'done' }, false],
  ] as const)('is asked for by %j: %s', (query, isAskedFor) => {
    expect(matches(entry, { limit: 10, ...query })).toBe(isAskedFor);
  });
});

test('a request to define is no dry run unless it says so, and one of another kind never is', async () => {
  const { client, kept } = under();
  const body = { op: 'apply', mode: 'upsert', definitions: [definition], dryRun: false } as const;
  await client.submit(body, { timeoutMs: 1 });
  await client.submit({ op: 'delete', connector: 'a', dryRun: true } as never, { timeoutMs: 1 });
  expect(kept).toHaveLength(2);
});
