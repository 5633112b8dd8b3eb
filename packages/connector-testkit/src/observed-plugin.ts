/** A plugin whose calls are seen, and may be interfered with, on their way between the runtime and its tasks. */
import type {
  ConnectorPlugin,
  SinkRecord,
  SinkTask,
  SourceRecord,
  SourceTask,
} from '@sluice/connector-api';

export interface Observations {
  /** Of all tasks: what polls returned. */
  readonly polled: SourceRecord[];
  pollRecordsMax: number;
  /** Polls that threw. */
  pollFailures: number;
  /** Calls into one task while another one ran. */
  readonly overlaps: string[];
  /** Puts of at least one record, by all tasks, that were begun, and that have not returned. */
  puts: number;
  putsRunning: number;
  /** Around each such put; default: just calls it. */
  aroundPut: (put: () => Promise<void>, records: readonly SinkRecord[]) => Promise<void>;
}

export function newObservations(): Observations {
  return {
    polled: [],
    pollRecordsMax: 0,
    pollFailures: 0,
    overlaps: [],
    puts: 0,
    putsRunning: 0,
    aroundPut: (put) => put(),
  };
}

export function observedPlugin<Plugin extends ConnectorPlugin>(
  plugin: Plugin,
  seen: Observations,
): Plugin {
  const observed: ConnectorPlugin =
    plugin.type === 'source'
      ? { ...plugin, createTask: () => observedSource(plugin.createTask(), seen) }
      : { ...plugin, createTask: () => observedSink(plugin.createTask(), seen) };
  return observed as Plugin;
}

type Call = <Result>(name: string, work: () => Result | Promise<Result>) => Promise<Result>;

function oneAtATime(seen: Observations): Call {
  let running: string | undefined;
  return async (name, work) => {
    if (running !== undefined) seen.overlaps.push(`${name} during ${running}`);
    running = name;
    try {
      return await work();
    } finally {
      running = undefined;
    }
  };
}

/** Has the optional methods that the task has: the runtime does not treat those without them alike. */
function observedSource(task: SourceTask, seen: Observations): SourceTask {
  const call = oneAtATime(seen);
  return {
    start: (config, context) => call('start', () => task.start(config, context)),
    poll: () =>
      call('poll', async () => {
        const records = await noted(task, seen);
        seen.polled.push(...(records ?? []));
        seen.pollRecordsMax = Math.max(seen.pollRecordsMax, records?.length ?? 0);
        return records;
      }),
    ...(task.commit ? { commit: () => call('commit', () => task.commit?.()) } : {}),
    ...(task.commitRecord
      ? {
          commitRecord: (...args: Parameters<NonNullable<SourceTask['commitRecord']>>) =>
            call('commitRecord', () => task.commitRecord?.(...args)),
        }
      : {}),
    stop: () => call('stop', () => task.stop()),
  };
}

async function noted(task: SourceTask, seen: Observations): ReturnType<SourceTask['poll']> {
  try {
    return await task.poll();
  } catch (error) {
    seen.pollFailures += 1;
    throw error;
  }
}

function observedSink(task: SinkTask, seen: Observations): SinkTask {
  const call = oneAtATime(seen);
  return {
    start: (config, context) => call('start', () => task.start(config, context)),
    open: (partitions) => call('open', () => task.open?.(partitions)),
    put: (records) =>
      call('put', async () => {
        if (records.length === 0) return task.put(records);
        seen.puts += 1;
        seen.putsRunning += 1;
        try {
          await seen.aroundPut(async () => task.put(records), records);
        } finally {
          seen.putsRunning -= 1;
        }
      }),
    flush: (offsets) => call('flush', () => task.flush?.(offsets)),
    ...(task.preCommit
      ? {
          preCommit: (...args: Parameters<NonNullable<SinkTask['preCommit']>>) =>
            call('preCommit', () => task.preCommit?.(...args) ?? args[0]),
        }
      : {}),
    close: (partitions) => call('close', () => task.close?.(partitions)),
    stop: () => call('stop', () => task.stop()),
  };
}
