/** A line from a file into a topic and from there into another file, and what a collector sees of it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { type Cluster, waitFor } from '@sluice/testkit';

import type { OtlpReceiver, SeenSpan } from './otlp-receiver.ts';

export async function startPipeline(cluster: Cluster, folder: string): Promise<void> {
  const input = join(folder, `${cluster.name}-in.txt`);
  const output = join(folder, `${cluster.name}-out.txt`);
  writeFileSync(input, 'one\ntwo\nthree\n');
  await cluster.apply('lines', {
    'connector.class': 'FileStreamSource',
    file: input,
    topic: 'lines',
    transforms: 'hoist',
    'transforms.hoist.type': 'HoistField$Value',
    'transforms.hoist.field': 'line',
  });
  await cluster.apply('copies', {
    'connector.class': 'FileStreamSink',
    topics: 'lines',
    file: output,
  });
  await waitFor(() => (existsSync(output) ? readFileSync(output, 'utf8').split('\n').length : 0), {
    what: 'three lines to arrive',
    until: (lines) => lines === 4,
    timeoutMs: 30_000,
  });
}

export interface Journey {
  /** From poll to produce. */
  readonly written: SeenSpan;
  /** From fetch to put. */
  readonly put: SeenSpan;
  /** Names of steps. */
  readonly steps: (root: SeenSpan) => string[];
}

/** A batch of the sink that links to one of the source, and the commits of both. */
export async function journeyIn({ spans }: OtlpReceiver): Promise<Journey> {
  const roots = (name: string): SeenSpan[] =>
    spans.filter((span) => span.name === name && !span.parentSpanId);
  const steps = ({ spanId, traceId }: SeenSpan): string[] =>
    spans
      .filter((span) => span.traceId === traceId && span.parentSpanId === spanId)
      .map(({ name }) => name);
  const find = (): Journey | undefined => {
    const [written] = roots('source lines');
    const put = roots('sink copies').find(({ links }) =>
      links.some(({ spanId }) => spanId === written?.spanId),
    );
    const isWhole = roots('commit lines').length > 0 && roots('commit copies').length > 0;
    return written && put && isWhole ? { written, put, steps } : undefined;
  };
  const found = await waitFor(find, {
    what: 'spans of the source, the sink and their commits',
    until: (journey) => journey !== undefined,
    timeoutMs: 30_000,
  });
  if (!found) throw new Error('nothing was found');
  return found;
}
