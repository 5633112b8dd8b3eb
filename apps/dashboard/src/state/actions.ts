/**
 * What can be done to connectors, tasks and workers. Each says how it ended in a notice; those that destroy or stop
 * something ask first, and name it. None rejects.
 */
import { ApiError, call, connectorUrl, messageOf } from '../api/client.ts';
import { count } from '../format/numbers.ts';
import { ask, dismiss, notify } from './notices.ts';
import type { TaskRow } from './task-rows.ts';

/** Whether it was done: what is stored only, for nobody is there to do it, is not. */
export async function perform<T>(
  title: string,
  act: () => Promise<T>,
  done: string | ((result: T) => string) = title,
): Promise<boolean> {
  const working = notify({ kind: 'working', title: `${title} …` });
  try {
    const result = await act();
    const pending = pendingReason(result);
    if (pending !== undefined) {
      const detail = `${pending}; it is done as soon as it can`;
      notify({ kind: 'pending', title: `${title}: stored, not done yet`, detail });
      return false;
    }
    notify({ kind: 'done', title: typeof done === 'string' ? done : done(result) });
    return true;
  } catch (error) {
    notify({ kind: 'failed', title: `${title}: not done`, detail: explained(error) });
    return false;
  } finally {
    dismiss(working);
  }
}

/** Of an answer that says that what was asked for waits, as those with 202 may; undefined: it does not. */
export function pendingReason(answer: unknown): string | undefined {
  const { state, status, reason } = (answer ?? {}) as Readonly<Record<string, unknown>>;
  if (state !== 'pending' && status !== 'pending') return undefined;
  return typeof reason === 'string' ? reason : 'the leader has not applied it';
}

function explained(error: unknown): string {
  if (error instanceof ApiError && error.status === 403) return `Refused: ${error.message}`;
  return messageOf(error);
}

export async function pauseConnector(name: string): Promise<boolean> {
  return await perform(
    `Pause ${name}`,
    async () => await call('PUT', connectorUrl(name, '/pause')),
    `Paused ${name}: its tasks keep their workers and move nothing`,
  );
}

export async function resumeConnector(name: string): Promise<boolean> {
  return await perform(
    `Resume ${name}`,
    async () => await call('PUT', connectorUrl(name, '/resume')),
    `Resumed ${name}`,
  );
}

export async function stopConnector(name: string, tasks: number): Promise<boolean> {
  const yes = await ask({
    title: `Stop ${name}?`,
    body: `Its ${count(tasks, 'task')} end and give up their workers. Its definition and its offsets stay; resume starts it from there.`,
    verb: `Stop ${name}`,
    isDestructive: true,
  });
  if (!yes) return false;
  return await perform(
    `Stop ${name}`,
    async () => await call('PUT', connectorUrl(name, '/stop')),
    `Stopped ${name}: its tasks are given up, its offsets are kept`,
  );
}

export async function restartConnector(
  name: string,
  { onlyFailed }: { readonly onlyFailed: boolean },
): Promise<boolean> {
  const query = `?includeTasks=true&onlyFailed=${String(onlyFailed)}`;
  return await perform(
    onlyFailed ? `Restart what failed of ${name}` : `Restart ${name} and its tasks`,
    async () => await call('POST', connectorUrl(name, `/restart${query}`)),
    (answer) => `Restarted ${count(restarting(answer), 'unit')} of ${name}`,
  );
}

/** In the answer, which is the status of the connector with what restarts marked. */
function restarting(answer: unknown): number {
  const { connector, tasks = [] } = (answer ?? {}) as {
    connector?: { state: string };
    tasks?: { state: string }[];
  };
  return [connector, ...tasks].filter((each) => each?.state === 'RESTARTING').length;
}

export async function deleteConnector(name: string, tasks: number): Promise<boolean> {
  const yes = await ask({
    title: `Delete ${name}?`,
    body: `Its definition is removed, and its ${count(tasks, 'task')} end. Its offsets and topics stay: a connector created anew under this name goes on from them.`,
    verb: `Delete ${name}`,
    isDestructive: true,
    typed: name,
  });
  if (!yes) return false;
  return await perform(
    `Delete ${name}`,
    async () => await call('DELETE', connectorUrl(name)),
    `Deleted ${name}`,
  );
}

export async function resetOffsets(name: string): Promise<boolean> {
  const yes = await ask({
    title: `Reset the offsets of ${name}?`,
    body: 'All of them are forgotten. When it is resumed it begins from nothing: a source reads everything again, a sink from where its group begins.',
    verb: 'Reset offsets',
    isDestructive: true,
    typed: name,
  });
  if (!yes) return false;
  return await perform(
    `Reset the offsets of ${name}`,
    async () => await call('DELETE', connectorUrl(name, '/offsets')),
    messageIn,
  );
}

export function messageIn(answer: unknown): string {
  const { message = 'Done' } = (answer ?? {}) as { message?: string };
  return message;
}

const atATime = 8;

/** Tasks one by one, some at a time; the notice says how many failed, and why the first did. */
export async function restartTasks(rows: readonly TaskRow[]): Promise<void> {
  await eachOf(rows, {
    verb: 'Restart',
    done: 'Restarted',
    what: count(rows.length, 'task'),
    act: async ({ connector, task }) =>
      await call('POST', connectorUrl(connector, `/tasks/${task}/restart`)),
  });
}

export async function pauseConnectorsOf(rows: readonly TaskRow[]): Promise<void> {
  const names = [...new Set(rows.map(({ connector }) => connector))];
  const yes = await ask({
    title: `Pause ${count(names.length, 'connector')}?`,
    body: `Tasks are paused with their connector, and all of its tasks with them: ${names.join(', ')}.`,
    verb: `Pause ${count(names.length, 'connector')}`,
  });
  if (!yes) return;
  await eachOf(names, {
    verb: 'Pause',
    done: 'Paused',
    what: count(names.length, 'connector'),
    act: async (name) => await call('PUT', connectorUrl(name, '/pause')),
  });
}

async function eachOf<T>(
  items: readonly T[],
  {
    verb,
    done,
    what,
    act,
  }: {
    readonly verb: string;
    readonly done: string;
    readonly what: string;
    readonly act: (item: T) => Promise<unknown>;
  },
): Promise<void> {
  const working = notify({ kind: 'working', title: `${verb} ${what} …` });
  const errors: unknown[] = [];
  const rest = [...items];
  const work = async (): Promise<void> => {
    for (let item = rest.shift(); item !== undefined; item = rest.shift()) {
      await act(item).catch((error: unknown) => errors.push(error));
    }
  };
  await Promise.all(Array.from({ length: atATime }, work));
  dismiss(working);
  if (errors.length === 0) {
    notify({ kind: 'done', title: `${done} ${what}` });
    return;
  }
  notify({
    kind: 'failed',
    title: `${done} ${items.length - errors.length} of ${what}`,
    detail: explained(errors[0]),
  });
}

export async function drainWorker(worker: string, tasks: number): Promise<boolean> {
  const yes = await ask({
    title: `Drain ${worker}?`,
    body: `Its ${count(tasks, 'task')} move to other workers, and it is given no more. It stays up, empty, until it is ended; started again, it takes part again.`,
    verb: `Drain ${worker}`,
    isDestructive: true,
  });
  if (!yes) return false;
  return await perform(
    `Drain ${worker}`,
    async () => await call('POST', `/sluice/workers/${encodeURIComponent(worker)}/drain`),
    `${worker} is draining`,
  );
}

/** Nothing moves by it, and it can be taken back: it is not asked first. */
export async function cordonWorker(worker: string, op: 'cordon' | 'uncordon'): Promise<boolean> {
  const isCordon = op === 'cordon';
  return await perform(
    `${isCordon ? 'Cordon' : 'Uncordon'} ${worker}`,
    async () => await call('PUT', `/sluice/workers/${encodeURIComponent(worker)}/${op}`),
    isCordon ? `${worker} is cordoned: it is given nothing new` : `${worker} takes part again`,
  );
}
