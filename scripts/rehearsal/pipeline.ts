/** The pipeline of examples/file-to-file.yaml, with files, topic and names of its own. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SluiceError } from '@sluice/kernel';
import { repositoryRoot } from '@sluice/testkit';
import type { Deployment } from './deployment.ts';

export interface Pipeline {
  readonly source: string;
  readonly sink: string;
  readonly input: string;
  readonly output: string;
  /** The definitions, as the command line sees the file. */
  readonly definitions: string;
}

/** Names carry the id, so that a Kafka that others use has nothing twice. */
export function writePipeline({ data }: Deployment, id: string): Pipeline {
  const [source, sink, topic] = [`file-in-${id}`, `file-out-${id}`, `lines-${id}`];
  const [input, output, definitions] = [`in-${id}.txt`, `out-${id}.txt`, `pipeline-${id}.yaml`];
  let text = readFileSync(join(repositoryRoot, 'examples', 'file-to-file.yaml'), 'utf8');
  for (const [from, to] of [
    ['/tmp/sluice-in.txt', join(data.there, input)],
    ['/tmp/sluice-out.txt', join(data.there, output)],
    ['name: file-in', `name: ${source}`],
    ['name: file-out', `name: ${sink}`],
    ['topic: lines', `topic: ${topic}`],
    ['topics: lines', `topics: ${topic}`],
  ] as const) {
    if (!text.includes(from)) {
      throw new SluiceError(
        'rehearsal.example',
        `examples/file-to-file.yaml no longer says "${from}", which this check replaces`,
      );
    }
    text = text.replaceAll(from, to);
  }
  writeFileSync(join(data.here, definitions), text);
  writeFileSync(join(data.here, input), '');
  return {
    source,
    sink,
    input: join(data.here, input),
    output: join(data.here, output),
    definitions: join(data.there, definitions),
  };
}
