/**
 * A cluster that is busy without anybody running anything: records made by the store's own transitions, workers whose
 * heartbeats come, and load reports in which every task differs each second.
 */
import type { CoordinationStore, LoadReport, LoadReports, TaskReport } from '@sluice/coordination';

import type { DataSet, SomeMember } from '../scale/data-set.ts';

export interface BusyUnit {
  readonly unit: string;
  readonly worker: string;
  readonly incarnation: string;
  readonly fence: number;
}

export async function tasksOf(store: CoordinationStore): Promise<BusyUnit[]> {
  const { units } = await store.changes(0, undefined);
  return [...units.values()].flatMap((unit) => {
    if (unit?.kind !== 'task' || unit.worker === undefined || unit.incarnation === undefined) {
      return [];
    }
    const { worker, incarnation, fence } = unit;
    return [{ unit: unit.unit, worker, incarnation, fence }];
  });
}

/** Once a second until it is stopped. */
export function keepBusy(
  store: CoordinationStore,
  reports: LoadReports,
  { members }: DataSet,
  tasks: readonly BusyUnit[],
): { stop: () => Promise<void> } {
  const stopping = new AbortController();
  let turn = 0;
  const running = (async () => {
    while (!stopping.signal.aborted) {
      const beganMs = performance.now();
      turn++;
      await Promise.all(
        members.map(async (member) => {
          await beat(store, member);
          const own = tasks.filter(({ worker }) => worker === member.worker);
          await reports.tell(member.worker, report(own, turn));
        }),
      );
      const leftMs = 1_000 - (performance.now() - beganMs);
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, leftMs)));
    }
  })();
  return {
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

async function beat(store: CoordinationStore, member: SomeMember): Promise<void> {
  const { worker, incarnation, dataset, beat: ackedBeat, revision } = member;
  const reply = await store.beat({
    worker,
    incarnation,
    dataset,
    beatSeen: ackedBeat,
    revisionSeen: revision,
    ackedBeat,
  });
  if (reply.kind !== 'ok') throw new Error(`the beat of ${worker} was answered ${reply.kind}`);
  member.beat = reply.beat;
  member.revision = reply.revision;
}

function report(tasks: readonly BusyUnit[], turn: number): LoadReport {
  return {
    worker: {
      at_ms: Date.now(),
      cpu_cores: 0.5 + (turn % 7) / 10,
      rss_bytes: 200_000_000 + turn * 4_096,
      executors: ['shared-0', 'shared-1'].map((id) => ({
        id,
        kind: 'shared',
        actors: tasks.length,
        heap_used_bytes: 50_000_000 + turn * 1_024,
        event_loop_delay_ms: 10 + (turn % 5),
      })),
    },
    tasks: new Map(tasks.map(({ unit }, index) => [unit, taskReport(index, turn)])),
    tasks_left_out: 0,
  };
}

function taskReport(index: number, turn: number): TaskReport {
  const records = 1_000 + ((index * 7 + turn * 13) % 500);
  return {
    load: {
      records_in: records,
      records_out: records,
      bytes: records * 200,
      lag_records: (index + turn) % 1_000,
      source_delay_ms: null,
      errors: 0,
      retries: turn,
      skipped: 0,
      dead_letters: 0,
    },
    totals: {
      records_in: records * turn,
      records_out: records * turn,
      bytes: records * turn * 200,
    },
  };
}
