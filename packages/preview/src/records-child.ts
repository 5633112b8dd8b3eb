/** Entry of the process in which records of a topic are read by a connector's converters. */
import { openConfigProviders } from '@sluice/config-providers';
import type { ConnectorConfig, ConverterPlugin } from '@sluice/connector-api';
import { withInheritedConverters } from '@sluice/converters';
import { secretsOf, toError } from '@sluice/kernel';
import { LazyPlugins } from '@sluice/runtime/plugins';

import { onTask, tell } from './plugin-child.ts';
import type { FromRecords, RecordsTask, ShownRecords } from './records-messages.ts';
import { roles, showRecords } from './show-records.ts';

onTask(async (task) => send({ kind: 'shown', shown: await shownOf(task as RecordsTask) }));

async function shownOf(task: RecordsTask): Promise<ShownRecords> {
  const { records, topic } = task;
  try {
    // Nothing but converters: other references need not stand for anything here.
    const defined = ofConverters(withInheritedConverters(task.config, task.workerConfig));
    const converters = await codeOf(task, defined);
    const { config, values } = await resolved(task, defined);
    await send({ kind: 'loaded' });
    const secrets = { ...secretsOf(config), ...values };
    return await showRecords({ config, workerConfig: {}, converters, secrets, topic, records });
  } catch (error) {
    const { message } = toError(error);
    const stored = { config: asStored, workerConfig: {}, converters: [], secrets: {} };
    const shown = await showRecords({ ...stored, topic, records });
    return { ...shown, problems: { key: message, value: message, header: message } };
  }
}

async function codeOf(
  { index }: RecordsTask,
  config: ConnectorConfig,
): Promise<readonly ConverterPlugin[]> {
  return (await new LazyPlugins(index).parts(config)).converters;
}

async function resolved(task: RecordsTask, config: ConnectorConfig) {
  const providers = await openConfigProviders(task.providers);
  try {
    return await providers.resolve(config);
  } finally {
    await providers.close();
  }
}

/** Of which there is no converter: everything is shown as it is stored. */
const asStored = Object.fromEntries(roles.map((role) => [`${role}.converter`, 'none']));

function ofConverters(config: ConnectorConfig): ConnectorConfig {
  const isOne = (name: string): boolean =>
    roles.some((role) => name.startsWith(`${role}.converter`));
  return Object.fromEntries(Object.entries(config).filter(([name]) => isOne(name)));
}

function send(message: FromRecords): Promise<void> {
  return tell(message);
}
