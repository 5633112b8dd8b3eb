/**
 * What queues and jobs are called. People read these names on the board, so they say what a job is for;
 * BullMQ splits its keys at `:`, so no queue and no job id may contain one.
 */
import { parseUnit, type UnitId } from '@sluice/coordination';

/** One hash tag for all keys of a cluster: its queues live in the slot of its coordination keys. */
export function queuePrefix(cluster: string): string {
  return `{sluice:${cluster}}:queue`;
}

export const requestsQueueName = 'requests';

/** `start.worker-1`; what a queue name or a link to the board cannot carry becomes `=3A` and the like. */
export function startQueueName(worker: string): string {
  return `start.${worker.replace(/[^\p{L}\p{N}._-]/gu, escapeCharacter)}`;
}

/** `start orders-sink/3`, `start connector orders-sink`. */
export function startJobName(unit: UnitId): string {
  const { kind, connector, task } = parseUnit(unit);
  return kind === 'connector' ? `start connector ${connector}` : `start ${connector}/${task}`;
}

/**
 * One grant is one job, however often it is dispatched while the job is remembered. Only a window, not
 * a promise: the claim decides.
 */
export function startJobId(unit: UnitId, fence: number): string {
  return `${unit.replace(/[%:]/g, (character) => encodeURIComponent(character))}~${fence}`;
}

function escapeCharacter(character: string): string {
  const bytes = Buffer.from(character, 'utf8');
  return Array.from(bytes, (byte) => `=${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
    '',
  );
}
