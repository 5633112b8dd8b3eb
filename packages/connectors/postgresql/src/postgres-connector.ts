/**
 * Debezium's PostgreSQL connector by its class name and keys: the rows of a database, and each change of them.
 *
 * There is one task, since a slot has one reader. Its position is an offset of the log; the slot is released only up
 * to an offset that is stored.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  defineConfig,
  defineSource,
  type SourcePlugin,
  type SourceTaskContext,
  validateConfig,
} from '@sluice/connector-api';
import {
  assertOwnOffset,
  refusing,
  unsupportedProblems,
  withoutEffectEverywhere,
} from '@sluice/connector-capture';
import { CaptureRun, type TaskState } from './capture-run.ts';
import { Session } from './client.ts';
import { configProblems, configShape, type PostgresConfig, unsupportedKeys } from './config.ts';
import { positionOf, releasedLsn } from './position.ts';
import { dropSlot } from './slot.ts';
import { serverProblems } from './validate.ts';

const configDef = defineConfig(configShape);
const teardownLimitMs = 2_000;

const source = defineSource({
  name: 'PostgresConnector',
  class: 'io.debezium.connector.postgresql.PostgresConnector',
  version: '1.0.0',
  movesExternalCursor: true,
  config: configShape,
  validate: serverProblems,
  // Whether the slot reaches back so far is found out when the task starts: it cannot be moved back.
  alterOffsets: ({ config, offsets }) => {
    for (const { offset, partition } of offsets)
      assertOwnOffset(partitionOf(config), partition, offset, positionOf);
    return true;
  },
  sourcePartition: ({ config }) => partitionOf(config),
  setup: async ({ config, offsets }): Promise<TaskState> => ({
    stream: undefined,
    releasedLsn: await storedLsn(config, offsets),
    isSnapshotTaken: false,
    isSlotSpent: false,
    slotTakenSinceMs: undefined,
  }),
  run: ({ config, logger, offset, signal, state }) =>
    new CaptureRun({ config, logger, offset, signal, state }).records(),
  // Asked of the log itself: what it has stored is what a next run begins with.
  commit: async ({ config, offsets, state }) => {
    state.releasedLsn = Math.max(state.releasedLsn, await storedLsn(config, offsets));
    state.stream?.release(state.releasedLsn);
  },
  teardown: async ({ config, logger }) => {
    if (!config['slot.drop.on.stop']) return;
    try {
      await dropOwnSlot(config);
    } catch (error) {
      logger.warn(
        {
          slot: config['slot.name'],
          error: error instanceof Error ? error.message : String(error),
        },
        'the slot could not be dropped, and keeps the log of the server: drop it by hand',
      );
    }
  },
});

/** Up to where the log has stored whole transactions; 0: nowhere. */
async function storedLsn(
  config: PostgresConfig,
  offsets: SourceTaskContext['offsets'],
): Promise<number> {
  const [stored] = await offsets([partitionOf(config)]);
  return releasedLsn(stored) ?? 0;
}

function partitionOf(config: PostgresConfig): { readonly server: string } {
  return { server: config['topic.prefix'] };
}

async function dropOwnSlot(config: PostgresConfig): Promise<void> {
  const limit = AbortSignal.timeout(teardownLimitMs);
  const session = await Session.open({ config, signal: limit, connectLimitMs: teardownLimitMs });
  try {
    // The server notices a little later that the stream was closed.
    while (!(await dropSlot(session, config['slot.name'])))
      await sleep(50, undefined, { signal: limit });
  } finally {
    await session.close();
  }
}

export const postgresConnector: SourcePlugin = refusing(source, {
  withoutEffect: withoutEffectEverywhere,
  problemsOf: (config) => {
    const problems = unsupportedProblems(unsupportedKeys, config);
    // What is wrong with a key by itself is told by whoever asks.
    const isParsable = validateConfig(configDef.keys, config).length === 0;
    return isParsable ? [...problems, ...configProblems(configDef.parse(config))] : problems;
  },
});
