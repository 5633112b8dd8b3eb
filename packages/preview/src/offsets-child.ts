/** Entry of the process in which a connector is asked about a change of its offsets. */
import { noProviders, openConfigProviders } from '@sluice/config-providers';
import type { ConnectorPlugin } from '@sluice/connector-api';
import { parseExactJson, toError } from '@sluice/kernel';
import { LazyPlugins } from '@sluice/runtime/plugins';

import type { FromOffsets, OffsetsAnswer, OffsetsTask } from './offset-messages.ts';
import { onTask, tell } from './plugin-child.ts';
import { type GivenOffset, runAlterOffsets } from './run-alter-offsets.ts';

onTask(async (task) => send({ kind: 'answer', answer: await answerTo(task as OffsetsTask) }));

async function answerTo(task: OffsetsTask): Promise<OffsetsAnswer> {
  const { config, index, providers, timeoutMs, version } = task;
  const plugins = new LazyPlugins(index);
  // None of its transforms and converters.
  const named = {
    'connector.class': config['connector.class'] ?? '',
    'connector.plugin.version': `[${version}]`,
  };
  if (!plugins.facts(named)) return { kind: 'unknown' };
  let connector: ConnectorPlugin;
  try {
    ({ connector } = await plugins.load(named));
  } catch (error) {
    return { kind: 'refused', isLate: false, message: toError(error).message };
  }
  const { resolve } = await openConfigProviders(providers ?? noProviders);
  await send({ kind: 'loaded' });
  const offsets = parseExactJson(task.offsets) as readonly GivenOffset[];
  return runAlterOffsets(connector, config, offsets, resolve, AbortSignal.timeout(timeoutMs));
}

function send(message: FromOffsets): Promise<void> {
  return tell(message);
}
