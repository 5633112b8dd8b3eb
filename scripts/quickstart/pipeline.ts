/** The first pipeline: a file is tailed into a topic, and the topic is written to another file. */
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { SluiceError, systemClock } from '@sluice/kernel';
import { spawnNode, waitFor } from '@sluice/testkit';
import { inputFile, outputFile, pipelineFile } from './folder.ts';

const applyTimeoutMs = 60_000;
const lineTimeoutMs = 30_000;

export const pipelineConnectors = ['quickstart-source', 'quickstart-sink'] as const;

const stringConverter = 'org.apache.kafka.connect.storage.StringConverter';

function pipelineYaml(topic: string): string {
  const [source, sink] = pipelineConnectors;
  return `# Written by npm run quickstart: input.txt, line by line, into the topic "${topic}", and out to output.txt.
name: ${source}
config:
  connector.class: FileStreamSource
  tasks.max: 1
  file: ${JSON.stringify(inputFile)}
  topic: ${topic}
  key.converter: ${stringConverter}
  value.converter: ${stringConverter}
---
name: ${sink}
config:
  connector.class: FileStreamSink
  tasks.max: 1
  topics: ${topic}
  file: ${JSON.stringify(outputFile)}
  key.converter: ${stringConverter}
  value.converter: ${stringConverter}
`;
}

/** Applies it as a user would, by the CLI, and waits until its tasks run. */
export async function applyPipeline(
  env: Readonly<Record<string, string>>,
  topic: string,
): Promise<void> {
  mkdirSync(dirname(pipelineFile), { recursive: true });
  writeFileSync(pipelineFile, pipelineYaml(topic));
  if (!existsSync(inputFile)) writeFileSync(inputFile, '');
  await using cli = spawnNode('apps/cli/src/main.ts', {
    name: 'sluice apply',
    args: ['apply', '-f', pipelineFile, '--wait', '--timeout', `${applyTimeoutMs / 1_000}s`],
    env,
  });
  const { code } = await cli.exited;
  if (code !== 0) throw new SluiceError('quickstart.apply', cli.describe());
}

/** Appends a line to the input and returns after how many milliseconds it is in the output. */
export async function sendLine(text: string): Promise<number> {
  const startedAtMs = systemClock.monotonicMs();
  appendFileSync(inputFile, `${text}\n`);
  await waitFor(() => existsSync(outputFile) && readFileSync(outputFile, 'utf8').includes(text), {
    what: `"${text}" to get from ${inputFile} to ${outputFile}`,
    timeoutMs: lineTimeoutMs,
    intervalMs: 2,
  });
  return systemClock.monotonicMs() - startedAtMs;
}
