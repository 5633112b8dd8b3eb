/** What the quickstart prints when all is up: where to look, and three things to try. */
import { relative } from 'node:path';
import { ApiClient, repositoryRoot } from '@sluice/testkit';
import { inputFile, outputFile } from './folder.ts';
import { pipelineConnectors } from './pipeline.ts';
import type { AppProcess } from './processes.ts';

interface TaskBody {
  readonly kind: string;
  readonly worker: string | null;
}

/** `kafkaTopic`: through which the lines go, if that is a topic of Kafka. */
export async function whatNext(
  apiUrl: string,
  apps: readonly AppProcess[],
  kafkaTopic: string | undefined,
): Promise<string> {
  const workers = apps.filter(({ name }) => name !== 'coordinator');
  const victim = await workerWithTask(apiUrl, workers);
  const input = relative(repositoryRoot, inputFile);
  const output = relative(repositoryRoot, outputFile);
  return `
Sluice is up.

  dashboard       ${apiUrl}/ui/
  REST API        ${apiUrl}/connectors
  BullMQ boards   ${apiUrl}/queues
  workers         ${apiUrl}/sluice/workers
${workers.map(({ name, port }) => `  ${name.padEnd(14)}  http://127.0.0.1:${port}/health\n`).join('')}
Try next, in another terminal, in this folder:

  1. Send a line through the pipeline:
       echo "hello" >> ${input}; sleep 1; tail -n 1 ${output}

  2. See which task runs where:
       npm run -s sluice -- get tasks

  3. Kill a worker, and see its task move to the other one:
       kill -9 ${victim.process.pid}; sleep 7; npm run -s sluice -- get events; npm run -s sluice -- get tasks
${kafkaTopic === undefined ? '' : withKafka(kafkaTopic)}
Ctrl-C stops everything.
`;
}

/** Kafka's own tools, which see nothing special. */
function withKafka(topic: string): string {
  const [, sink] = pipelineConnectors;
  return `
  4. See the records and the lag of the sink with Kafka's own tools:
       npm run -s kafka -- kafka-console-consumer --topic ${topic} --from-beginning --max-messages 2
       npm run -s kafka -- kafka-consumer-groups --describe --group connect-${sink}
`;
}

/** One that has something to lose. */
async function workerWithTask(apiUrl: string, workers: readonly AppProcess[]): Promise<AppProcess> {
  const tasks = await new ApiClient(() => apiUrl).read<TaskBody[]>('/sluice/tasks');
  const owner = tasks.find(({ kind, worker }) => kind === 'task' && worker !== null)?.worker;
  const found = workers.find(({ name }) => name === owner) ?? workers[0];
  if (found === undefined) throw new Error('the quickstart has no worker');
  return found;
}
