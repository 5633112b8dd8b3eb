/** Connectors that the cases of the API are about. */
import { waitFor } from '@sluice/testkit';
import type { ConnectorHandle } from '../connector.ts';
import type { ConnectorSettings } from '../targets/target.ts';
import type { Trial } from '../trial.ts';
import { ask, assertAnswer } from './request.ts';

export const fileSourceClass = 'org.apache.kafka.connect.file.FileStreamSourceConnector';
export const fileSinkClass = 'org.apache.kafka.connect.file.FileStreamSinkConnector';
export const probeClass = 'io.sluice.conformance.ProbeSourceConnector';

const strings = {
  'key.converter': 'org.apache.kafka.connect.storage.StringConverter',
  'value.converter': 'org.apache.kafka.connect.storage.StringConverter',
};

/** A file with these lines, as the settings of a FileStreamSource; without a topic it is one that nobody made. */
export function fileSource(
  trial: Trial,
  topic = trial.name('lines'),
  lines: readonly string[] = [],
): ConnectorSettings {
  return {
    'connector.class': 'FileStreamSource',
    file: trial.writeLines('in.txt', lines),
    topic,
    ...strings,
  };
}

export function fileSink(trial: Trial, topics: string): ConnectorSettings {
  return { 'connector.class': 'FileStreamSink', file: trial.path('out.txt'), topics, ...strings };
}

/** Fails for good at once, as in Kafka Connect, unless it is told otherwise. */
export function probe(trial: Trial, settings: ConnectorSettings = {}): ConnectorSettings {
  return {
    'connector.class': probeClass,
    'events.file': trial.path('events.txt'),
    'restart.max.attempts': '0',
    ...strings,
    ...settings,
  };
}

/** How often each call of a probe was made. */
export function calls(trial: Trial): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const call of trial.lines('events.txt')) counts[call] = (counts[call] ?? 0) + 1;
  return counts;
}

export async function untilCalls(
  trial: Trial,
  expected: Readonly<Record<string, number>>,
): Promise<void> {
  await waitFor(() => calls(trial), {
    what: `the calls ${JSON.stringify(expected)}`,
    until: (seen) => Object.entries(expected).every(([call, count]) => seen[call] === count),
    timeoutMs: 30_000,
  });
}

/** Until the connector and its tasks are in these states. */
export async function untilStates(
  connector: ConnectorHandle,
  state: string,
  tasks: readonly string[],
): Promise<void> {
  await waitFor(() => connector.status(), {
    what: `${connector.name} to be ${state} with the tasks ${tasks.join(', ') || 'none'}`,
    until: (seen) =>
      seen.connector.state === state &&
      seen.tasks.length === tasks.length &&
      seen.tasks.every((task, index) => task.state === tasks[index]),
    timeoutMs: 40_000,
  });
}

/** `POST /connectors`; deleted afterwards. */
export async function create(
  trial: Trial,
  what: string,
  config: ConnectorSettings,
  more: object = {},
): Promise<ConnectorHandle> {
  const connector = trial.connector(what);
  const body = { name: connector.name, config, ...more };
  assertAnswer(await ask(trial, 'POST /connectors', { body }), 201);
  return connector;
}
