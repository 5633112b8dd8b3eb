/** Clients of Kafka Connect as they are published, in their languages: what they read and do has to come out right. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requireKafka } from '@sluice/testkit';
import { runCommand } from '../../scripts/run-command.ts';
import { fileSource } from '../api/connectors.ts';
import type { ConformanceCase, Suite } from '../case.ts';
import type { Trial } from '../trial.ts';
import { kcCases } from './kc.ts';
import { javaArtifact, obtainJars, obtainPython, pythonPackages } from './tools.ts';

const limitMs = 120_000;

/** A program gets the url, a name and a definition, and ends with 0 if all that it read was right. */
async function runClient(trial: Trial, command: string, args: readonly string[]): Promise<void> {
  const topic = await trial.topic('lines');
  const { name } = trial.connector('client');
  const config = fileSource(trial, topic, ['one', 'two']);
  const { code, output } = await runCommand(
    command,
    [...args, trial.target.url(), name, config['file'] ?? '', topic],
    { timeoutMs: limitMs },
  );
  assert.equal(code, 0, output);
}

const pathOf = (file: string): string => fileURLToPath(new URL(file, import.meta.url));

const cases: readonly ConformanceCase[] = [
  ...kcCases,
  {
    title: `python: ${pythonPackages[1]}, the library of kafka-connect-watcher`,
    run: async (trial) => {
      const python = join(await obtainPython(), 'python');
      await runClient(trial, python, [pathOf('kafka_connect_api_client.py')]);
    },
  },
  {
    title: `java: ${javaArtifact.join(':')}, the library of AKHQ`,
    run: async (trial) => {
      const jars = await obtainJars();
      const { java } = requireKafka();
      await runClient(trial, java, ['-cp', jars, pathOf('KafkaConnectClientProgram.java')]);
    },
  },
  {
    title: "java: the platform's own HttpClient, which offers HTTP/2 with each request",
    run: async (trial) => {
      await runClient(trial, requireKafka().java, [pathOf('HttpClientProgram.java')]);
    },
  },
];

/**
 * One after the other: while others' connectors make Kafka Connect rebalance it refuses what is asked, and these programs
 * do not ask again.
 */
export const clients: Suite = {
  name: 'clients',
  isApart: true,
  cases: cases.map((each) => ({ ...each, isAlone: true })),
};
