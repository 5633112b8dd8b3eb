/**
 * While the quickstart is up: tells which process ended, and what the cluster then did, as it becomes an
 * event. Nothing is started again: that a cluster goes on with one worker less is what there is to see.
 */
import { toError } from '@sluice/kernel';
import { ApiClient } from '@sluice/testkit';
import type { Note } from '../progress.ts';
import type { AppProcess } from './processes.ts';

const pollIntervalMs = 500;
/** Then what follows from the end of a process has happened. */
const followMs = 20_000;

interface EventBody {
  readonly id: string;
  readonly type: string;
  readonly message: string;
}

export function watchProcesses(
  apps: readonly AppProcess[],
  options: { readonly apiUrl: string; readonly signal: AbortSignal; readonly tell: Note },
): void {
  for (const app of apps) void watch(app, apps, options);
}

async function watch(
  app: AppProcess,
  apps: readonly AppProcess[],
  { apiUrl, signal, tell }: { apiUrl: string; signal: AbortSignal; tell: Note },
): Promise<void> {
  const exit = await app.process.exited;
  if (signal.aborted) return;
  const how = exit.signal === null ? `with code ${exit.code}` : `by ${exit.signal}`;
  tell(`\n${app.name} (pid ${app.process.pid}) ended ${how}`);
  if (app.name === 'coordinator') {
    tell('the tasks go on without it; nothing is planned or answered. Ctrl-C, then start again');
    return;
  }
  const isLast = apps.every(
    ({ name, process: other }) => name === 'coordinator' || other.hasExited,
  );
  if (isLast) tell('no worker is left: the tasks wait. Ctrl-C, then start again');
  else await tellEvents(new ApiClient(() => apiUrl), signal, tell);
}

async function tellEvents(api: ApiClient, signal: AbortSignal, tell: Note): Promise<void> {
  const told = new Set<string>();
  let isFirstLook = true;
  const deadline = AbortSignal.timeout(followMs);
  while (!signal.aborted && !deadline.aborted) {
    try {
      const events = await api.read<EventBody[]>('/sluice/events?limit=20');
      for (const event of events.toReversed()) {
        if (!told.has(event.id) && !isFirstLook) tell(`  ${event.message}`);
        told.add(event.id);
      }
      isFirstLook = false;
    } catch (error) {
      tell(`  cannot read the events: ${toError(error).message}`);
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, pollIntervalMs));
  }
}
