/** Which Kafka the quickstart uses, and how its processes and the CLI are told. */
import { SettingsReader, SluiceError, toError } from '@sluice/kernel';
import { openLog, readLogSettings } from '@sluice/log-choice';

const answerTimeoutMs = 5_000;

/**
 * The settings of the Kafka that the environment names, which has answered; undefined if it names none.
 * @throws SluiceError `quickstart.kafka` that says what is wrong with it.
 */
export async function checkGivenKafka(
  cluster: string,
): Promise<Record<string, string> | undefined> {
  const { env } = process;
  try {
    const reader = new SettingsReader(env);
    const settings = readLogSettings(reader, 'redis://127.0.0.1');
    // Also without brokers: the rest of a connection would reach the apps, and not fit our own Kafka.
    reader.check();
    if (settings.kind === 'redis') return undefined;
    const log = await openLog(settings, {
      cluster,
      clientId: 'quickstart',
      connectTimeoutMs: answerTimeoutMs,
      requestTimeoutMs: answerTimeoutMs,
    });
    try {
      await log.start();
    } finally {
      log.destroy();
    }
  } catch (error) {
    throw new SluiceError(
      'quickstart.kafka',
      `${toError(error).message}\n(without any KAFKA_… settings, npm run quickstart -- --kafka brings a Kafka of its own)`,
      { cause: error },
    );
  }
  return kafkaSettings(env);
}

/** Those of an environment that are about Kafka. */
export function kafkaSettings(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) =>
      name.startsWith('KAFKA_') && value ? [[name, value]] : [],
    ),
  );
}
