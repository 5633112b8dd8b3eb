/** Gives a standalone process the connectors of its files, each once it is where Kafka Connect left it. */
import type { Definition, RequestBody } from '@sluice/coordination';
import type { Logger } from '@sluice/kernel';

import { type ApiContext, type LocalApi, withApi } from '../api-session.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import type { GlobalOptions } from '../options.ts';
import type { Session } from '../session.ts';
import type { Offset } from '../transfer/transfer-file.ts';
import { type FileOffsets, readOffsetFile } from './offset-file.ts';

const applyLimitMs = 60_000;

/** As `sluice apply` does. @throws CliError with what the leader says of them. */
export async function applyDefinitions(
  context: ApiContext,
  global: GlobalOptions,
  {
    definitions,
    offsetFile,
    logger,
  }: {
    readonly definitions: readonly Definition[];
    readonly offsetFile: string | undefined;
    readonly logger: Logger;
  },
): Promise<void> {
  if (definitions.length === 0) return;
  const fileOffsets: FileOffsets =
    offsetFile === undefined ? new Map() : await readOffsetFile(offsetFile);
  await withApi(context, global, 'write', async (api, session) => {
    const { connectors } = await session.client.snapshot();
    const isLeft = ({ name }: Definition): boolean =>
      fileOffsets.has(name) && !connectors.has(name);
    const waiting = definitions.filter(isLeft);
    await submit(session, {
      op: 'apply',
      mode: 'upsert',
      definitions: definitions.map((each) =>
        isLeft(each) ? { ...each, initialState: 'STOPPED' } : each,
      ),
    });
    for (const { name, initialState } of waiting) {
      const count = await takeOffsets(api, name, fileOffsets.get(name) ?? []);
      if (count > 0) {
        logger.info({ connector: name, partitions: count }, `offsets taken from ${offsetFile}`);
      }
      await submit(session, { op: 'target', connector: name, state: initialState ?? 'STARTED' });
    }
  });
}

/** How many; none if it has offsets here already, which are younger. */
async function takeOffsets(
  api: LocalApi,
  connector: string,
  offsets: readonly Offset[],
): Promise<number> {
  const path = `/connectors/${encodeURIComponent(connector)}/offsets`;
  const known = (await api.request('GET', path)) as { readonly offsets: readonly unknown[] };
  if (known.offsets.length > 0 || offsets.length === 0) return 0;
  await api.request('PATCH', path, { offsets });
  return offsets.length;
}

async function submit({ client }: Session, body: RequestBody): Promise<void> {
  const outcome = await client.submit(body, { timeoutMs: applyLimitMs });
  if (outcome.kind === 'refused') {
    throw new CliError(exitCodes.invalid, (outcome.errors ?? [outcome.message]).join('\n'));
  }
  if (outcome.kind === 'pending') throw new CliError(exitCodes.timeout, outcome.reason);
}
