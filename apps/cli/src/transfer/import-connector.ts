/**
 * Brings one connector into the cluster: it is created STOPPED, gets its offsets, and only then its target state, so
 * that it never runs from the wrong place. Cut short anywhere, it is left STOPPED, and the same import goes on.
 */
import type { ConnectorRecord, RequestBody } from '@sluice/coordination';

import type { LocalApi } from '../api-session.ts';
import { CliError, exitCodes } from '../exit-codes.ts';
import { changedKeys } from '../format/config.ts';
import type { Session } from '../session.ts';
import type { Transfer } from './transfer-file.ts';

const requestLimitMs = 30_000;

/** Whether it can be imported over what there is; a text says why not. */
export function obstacleOf(
  { name, config }: Transfer,
  existing: Pick<ConnectorRecord, 'config' | 'targetState'> | undefined,
): string | undefined {
  if (!existing) return undefined;
  const changed = changedKeys(existing.config, { ...config, name });
  if (changed.length > 0) {
    return `a connector ${name} is there already, with another configuration (${changed.join(', ')}): delete it, or give one of them another name`;
  }
  if (existing.targetState !== 'STOPPED') {
    return `a connector ${name} is there already, and runs: stop it to import its offsets and target state again`;
  }
  return undefined;
}

/** @throws CliError; what is done by then stays done. */
export async function importConnector(
  { name, config, targetState, offsets }: Transfer,
  { api, session }: { readonly api: LocalApi; readonly session: Session },
): Promise<void> {
  const hasOffsets = offsets !== undefined && offsets.length > 0;
  const initialState = hasOffsets ? 'STOPPED' : targetState;
  await submit(session, {
    op: 'apply',
    mode: 'upsert',
    definitions: [{ name, config, initialState }],
  });
  if (hasOffsets) {
    await api.request('PATCH', `/connectors/${encodeURIComponent(name)}/offsets`, { offsets });
  }
  // Also over one that an earlier import has left stopped.
  await submit(session, { op: 'target', connector: name, state: targetState });
}

async function submit({ client }: Session, body: RequestBody): Promise<void> {
  const outcome = await client.submit(body, { timeoutMs: requestLimitMs });
  if (outcome.kind === 'done') return;
  if (outcome.kind === 'refused') {
    throw new CliError(exitCodes.invalid, (outcome.errors ?? [outcome.message]).join('\n'));
  }
  throw new CliError(exitCodes.timeout, `${outcome.reason}: repeat the import when that is mended`);
}
