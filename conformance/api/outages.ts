/** What is said while Kafka is away, and that all goes on once it is back. */
import assert from 'node:assert/strict';
import type { ConformanceCase } from '../case.ts';
import type { Trial } from '../trial.ts';
import { create, fileSource, probe, untilStates } from './connectors.ts';
import { askOnce, assertAnswer, assertError, until } from './request.ts';

/** Longer than Sluice waits, and far less than Kafka Connect does. */
const waitMs = 20_000;

export const outageCases: readonly ConformanceCase[] = [
  {
    title:
      'outages: ConnectWorkerIntegrationTest testBrokerCoordinator, testRequestTimeouts: without Kafka, and with it again',
    difference: 'kafka-away',
    isAlone: true,
    run: async (trial) => {
      const connector = await create(trial, 'probe', probe(trial));
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      const undecided = trial.connector('undecided');
      await signalKafka(trial, 'SIGSTOP');
      try {
        assertAnswer(await askOnce(trial, `GET /connectors/${connector.name}/status`), 200);
        await assertUndecided(trial, undecided.name);
        const health = await askOnce(trial, 'GET /health', { timeoutMs: waitMs });
        assert.equal(health.status, trial.on({ connect: 500, sluice: 200 }), health.text);
      } finally {
        await signalKafka(trial, 'SIGCONT');
      }
      await until(trial, 'GET /health', 'healthy again', ({ status }) => status === 200);
      await untilStates(connector, 'RUNNING', ['RUNNING']);
      const other = await create(trial, 'other', fileSource(trial));
      await untilStates(other, 'RUNNING', ['RUNNING']);
      // Kafka Connect may have forgotten it.
      if (trial.on({ connect: 'maybe', sluice: 'kept' }) === 'kept')
        await untilStates(undecided, 'RUNNING', ['RUNNING']);
    },
  },
];

/** A definition cannot be kept now. */
async function assertUndecided(trial: Trial, name: string): Promise<void> {
  const body = { name, config: fileSource(trial) };
  const answer = askOnce(trial, 'POST /connectors', { body, timeoutMs: waitMs });
  if (trial.on({ connect: 'waits', sluice: 'answers' }) === 'waits')
    await assert.rejects(answer, /aborted|timeout/i);
  else assertError(await answer, 500, /^Request timed out/);
}

async function signalKafka({ target }: Trial, signal: NodeJS.Signals): Promise<void> {
  await Promise.all(target.kafka.nodes.map((node) => node.kill(signal)));
}
