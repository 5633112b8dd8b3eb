/**
 * `npm run kafka -- kafka-topics --list`: Kafka's own tools, on the Kafka that KAFKA_BROKERS names, else on the
 * one of the quickstart that runs.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { SluiceError, toError } from '@sluice/kernel';
import { kafkaToolCommand, kafkaToolNames, repositoryRoot } from '@sluice/testkit';
import { spawnForeground } from './foreground.ts';
import { obtainKafka } from './kafka.ts';
import { note } from './progress.ts';

/** Somebody may watch a topic for a day. */
const timeoutMs = 24 * 3_600_000;

process.exit(await main(process.argv.slice(2)));

async function main([name, ...args]: readonly string[]): Promise<number> {
  const tool = kafkaToolNames.find((known) => known === name);
  if (tool === undefined) {
    note(
      `usage: npm run -s kafka -- TOOL [ARGUMENT…], where TOOL is one of\n  ${kafkaToolNames.join('\n  ')}`,
    );
    return 2;
  }
  try {
    const bootstrap = findBrokers();
    await obtainKafka();
    const [command, commandArgs] = kafkaToolCommand({ bootstrap }, tool, args);
    const { code } = await spawnForeground(command, commandArgs, { env: process.env, timeoutMs });
    return code;
  } catch (error) {
    note(toError(error).message);
    return 1;
  }
}

function findBrokers(): string {
  const given = process.env['KAFKA_BROKERS']?.trim();
  if (given) return given;
  try {
    const folder = process.env['SLUICE_STATE_FOLDER'] || join(repositoryRoot, '.sluice');
    const running = parseEnv(readFileSync(join(folder, 'cli.env'), 'utf8'))['KAFKA_BROKERS'];
    if (running) return running;
  } catch {
    // No quickstart runs.
  }
  throw new SluiceError(
    'scripts.no_brokers',
    'no quickstart with Kafka runs: start one by "npm run quickstart -- --kafka", or name a Kafka: ' +
      `KAFKA_BROKERS=host:9092 npm run -s kafka -- …`,
  );
}
