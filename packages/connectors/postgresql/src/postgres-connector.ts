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
  validateConfig,
} from '@sluice/connector-api';
import { refusing, unsupportedProblems } from '@sluice/connector-capture';
import { CaptureRun, type TaskState } from './capture-run.ts';
import { Session } from './client.ts';
import { configProblems, configShape, type PostgresConfig, unsupportedKeys } from './config.ts';
import { releasedLsn } from './position.ts';
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
  sourcePartition: ({ config }) => ({ server: config['topic.prefix'] }),
  setup: (): TaskState => ({
    stream: undefined,
    isSnapshotTaken: false,
    slotTakenSinceMs: undefined,
  }),
  run: ({ config, logger, offset, signal, state }) =>
    new CaptureRun({ config, logger, offset, signal, state }).records(),
  // Asked of the log itself: what it has stored is what a next run begins with.
  commit: async ({ config, offsets, state }) => {
    if (!state.stream) return;
    const [stored] = await offsets([{ server: config['topic.prefix'] }]);
    const lsn = releasedLsn(stored);
    if (lsn !== undefined) state.stream?.release(lsn);
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

export const postgresConnector: SourcePlugin = refusing(source, (config) => {
  const problems = unsupportedProblems(unsupportedKeys, config);
  // What is wrong with a key by itself is told by whoever asks.
  const isParsable = validateConfig(configDef.keys, config).length === 0;
  return isParsable ? [...problems, ...configProblems(configDef.parse(config))] : problems;
});
